/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Pack headers: what is accepted must have offsets that follow from the lengths, and encode back to the same
 * bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pack_entry *entries;
    size_t count;
    if (pack_header_decode(data, size, &entries, &count) != 0)
        return 0;
    uint64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].offset != offset)
            abort();
        offset += entries[i].length;
    }
    struct buf back;
    buf_init(&back, 0);
    pack_header_encode(entries, count, &back);
    if (back.length != size || (size && memcmp(back.data, data, size) != 0))
        abort();
    buf_free(&back);
    free(entries);
    return 0;
}
