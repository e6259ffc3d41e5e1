/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob */
/* What an S3 server says: lists and errors of any bytes. Every key that is told is a text of its own. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "blob/s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int see(void *context, const struct s3_entry *entry)
{
    unsigned *count = context;
    if (!entry->key[0] || strlen(entry->key) >= sizeof entry->key || entry->size > INT64_MAX)
        abort();
    return ++*count > 100000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char code[128], message[256];
    struct s3_page next;
    unsigned count = 0;
    (void)s3_xml_list(data, size, see, &count, &next);
    s3_xml_error(data, size, code, message);
    for (const char *c = message; *c; c++)
        if (*c < ' ' || *c >= 0x7f)
            abort();
    return 0;
}
