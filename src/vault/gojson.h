/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON text byte for byte as Go's encoding/json and restic's node names have it, and the times in it. A
 * different spelling would still be read, but the same folder would then be stored twice.
 * Source: Go's packages encoding/json, strconv (Quote, Unquote) and time (RFC3339Nano).
 */
#ifndef VAULT_GOJSON_H
#define VAULT_GOJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A JSON string with its quotes. Control characters, <, >, &, U+2028 and U+2029 are escaped, an invalid byte
 * becomes \ufffd. */
void gojson_put_string(struct buf *out, const void *bytes, size_t length);
void gojson_put_text(struct buf *out, const char *text);
/* A file name: quoted as strconv.Quote does (invalid bytes as \xff, what is not printable as \u00a0), its
 * outer quotes taken off, then written as a JSON string. */
void gojson_put_name(struct buf *out, const void *bytes, size_t length);
/* Undoes strconv.Quote on what stood between the quotes, in place. Returns the new length, or -1 when it is
 * not something Quote could have been given. */
long gojson_unquote(char *bytes, size_t length);
/* An RFC 3339 time with its quotes: nanoseconds without trailing zeros, in the machine's time zone. */
void gojson_put_time(struct buf *out, int64_t wall_ns);
/* The same without quotes. */
void gojson_put_time_text(struct buf *out, int64_t wall_ns);
/* Reads an RFC 3339 time; years outside 1678..2261 are cut to that. False when it is none. */
bool gojson_time(const char *text, size_t length, int64_t *wall_ns);
/* A decimal number. */
void gojson_put_u64(struct buf *out, uint64_t value);
/* Lower-case hexadecimal with quotes. */
void gojson_put_hex(struct buf *out, const uint8_t *bytes, size_t length);

#endif
