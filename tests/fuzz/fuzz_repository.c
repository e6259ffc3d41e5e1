/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* The small files of a repository: config, lock and snapshot. An accepted snapshot is accepted again when
 * written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vault/config.h"
#include "vault/lock.h"
#include "vault/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct lock_file lock;
    struct snapshot *snapshot, *again;
    config_decode(data, size, &config);
    lock_decode(data, size, &lock);
    if (snapshot_decode(data, size, &snapshot) != 0)
        return 0;
    struct buf out;
    buf_init(&out, 0);
    snapshot_encode(snapshot, &out);
    if (snapshot_decode(out.data, out.length, &again) != 0)
        abort();
    snapshot_free(again);
    snapshot_free(snapshot);
    buf_free(&out);
    return 0;
}
