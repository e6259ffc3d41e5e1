/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/random.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void random_bytes(void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length > 0) {
        ssize_t got = getrandom(at, length < 256 ? length : 256, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fputs("beffroi: the kernel gives no random bytes\n", stderr);
            abort();
        }
        at += got;
        length -= (size_t)got;
    }
}
