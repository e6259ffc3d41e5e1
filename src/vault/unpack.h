/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * zstd, in one piece, with every size bounded.
 */
#ifndef VAULT_UNPACK_H
#define VAULT_UNPACK_H

#include <stddef.h>

#include "base/buf.h"

/* Appends what a zstd stream of unknown size unpacks to. ERR_CORRUPT, or ERR_TOO_LARGE past the limit of
 * `out`.
 */
int unpack_stream(const void *bytes, size_t length, struct buf *out);
/* Appends the stream that packs the bytes. */
int unpack_make(const void *bytes, size_t length, struct buf *out);

#endif
