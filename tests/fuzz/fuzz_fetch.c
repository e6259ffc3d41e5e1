/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* What stands beside a staged file: accepted bytes that end exactly encode back to the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    struct fetch_meta meta;
    reader_init(&r, data, size);
    fetch_meta_decode(&r, &meta);
    if (reader_done(&r)) {
        struct buf out;
        buf_init(&out, 0);
        fetch_meta_encode(&meta, &out);
        if (out.length != size || memcmp(out.data, data, size) != 0)
            abort();
        buf_free(&out);
    }
    fetch_meta_free(&meta);
    return 0;
}
