/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base blob */
#include <stdlib.h>
#include <string.h>

#include "blob/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *context, const char *name, uint64_t size)
{
    (void)context;
    (void)size;
    if (strlen(name) != BLOB_NAME_LENGTH)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    listing_read((const char *)data, size, visit, NULL);
    return 0;
}
