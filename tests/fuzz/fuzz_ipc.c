/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model ipc */
/* Messages between roles: whatever is taken encodes again to the very same bytes. */
#include <stdlib.h>
#include <string.h>

#include "ipc/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct message m;
    /* A copy of exactly this size, so that a read past the end is seen. */
    uint8_t *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    if (message_decode(bytes, size, &m) == 0) {
        struct buf again BUF_AUTO;
        buf_init(&again, MESSAGE_MAX + 64);
        message_encode(&m, &again);
        if (again.overflowed || again.length != size || (size && memcmp(again.data, bytes, size) != 0))
            abort();
        message_free(&m);
    }
    free(bytes);
    return 0;
}
