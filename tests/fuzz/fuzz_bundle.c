/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto model journal */
/* Bundles of entries: what reads to the exact end writes back the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "journal/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    struct reader r;
    struct buf again BUF_AUTO;
    const char *text;
    size_t length;
    int more;
    buf_init(&again, 0);
    reader_init(&r, bytes, size);
    while ((more = bundle_next(&r, &text, &length)) == 1) {
        uint8_t leaf[HASH_SIZE];
        merkle_leaf(text, length, leaf);
        bundle_put(&again, text, length);
    }
    if (more == 0 && (again.length != size || (size && memcmp(again.data, bytes, size) != 0)))
        abort();
    free(bytes);
    return 0;
}
