/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model sensor */
/* The log of changes: what counts as whole is taken the same way again, and gives the same records. */
#include <stdlib.h>

#include "sensor/changelog.h"
#include "sensor/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char boot[BOOT_ID_SIZE] = "boot";

static void see(const void *payload, size_t length, void *self)
{
    uint64_t *sum = self;
    if (length == 0 || length > CHANGELOG_RECORD_MAX)
        abort();
    *sum = hash_bytes(payload, length, *sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t first = 1, second = 1;
    size_t whole = changelog_parse(data, size, boot, see, &first);
    if (whole > size || changelog_parse(data, whole, boot, see, &second) != whole || first != second)
        abort();
    return 0;
}
