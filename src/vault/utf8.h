/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UTF-8, judged as Go judges it, because tree blobs must come out byte for byte as restic writes them.
 */
#ifndef VAULT_UTF8_H
#define VAULT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Decodes the character at `bytes` (length > 0): returns its length, or 0 when the first byte begins no valid
 * one (overlong, surrogate, cut short, above U+10FFFF). */
size_t utf8_get(const uint8_t *bytes, size_t length, uint32_t *rune);
/* Appends a character; one that is not valid becomes U+FFFD. */
void utf8_put(struct buf *out, uint32_t rune);
bool utf8_is_valid(const uint8_t *bytes, size_t length);
/* What Go's strconv.IsPrint says: letters, marks, numbers, punctuation, symbols and the ASCII space. */
bool utf8_is_printable(uint32_t rune);

#endif
