/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes as text: lower-case hexadecimal and base64 (RFC 4648, with padding).
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Writes 2 * length digits and a NUL into `out`. */
void hex_encode(const void *bytes, size_t length, char *out);
/* Exactly 2 * length digits of either case; returns 0 or ERR_CORRUPT. `text` need not end there. */
int hex_decode(const char *text, void *out, size_t length);

void base64_encode(const void *bytes, size_t length, struct buf *out);
/* Appends the decoded bytes; ERR_CORRUPT for anything but strict base64. */
int base64_decode(const char *text, size_t length, struct buf *out);

#endif
