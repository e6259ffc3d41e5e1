/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model sensor */
/* The shadow store's index: a record that is taken prints back as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "sensor/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record record;
    struct reader r;
    struct buf made;
    buf_init(&made, 0);
    reader_init(&r, data, size);
    const uint8_t *start = r.at;
    while (record_next(&r, &record)) {
        buf_clear(&made);
        record_encode(&record, &made);
        if (made.length != (size_t)(r.at - start) || memcmp(made.data, start, made.length) != 0)
            abort();
        start = r.at;
    }
    buf_free(&made);
    return 0;
}
