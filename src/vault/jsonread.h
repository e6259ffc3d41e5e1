/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON taken apart in one pass, without a tree of values: an index lists 50 000 blobs and a folder may hold a
 * million nodes, and numbers go up to 2^64 - 1. Remembers a failure; after one every read gives nothing, so a
 * parser asks once at the end. Nothing here recurses.
 *
 *     jsonread_object(&j);
 *     while (jsonread_key(&j, &key))
 *         if (jsonread_is(key, "size")) size = jsonread_u64(&j); else jsonread_skip(&j);
 */
#ifndef VAULT_JSONREAD_H
#define VAULT_JSONREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define JSONREAD_MAX_DEPTH 64

struct jsonread {
    const char *at, *end;
    bool failed;
    bool first; /* nothing was read yet in the object or array that was just opened */
};

/* A key in place, without its quotes; a key written with escapes matches nothing. */
struct jsonread_key {
    const char *text;
    size_t length;
};

void jsonread_init(struct jsonread *j, const void *bytes, size_t length);
/* Enters an object or array. */
void jsonread_object(struct jsonread *j);
void jsonread_array(struct jsonread *j);
/* Goes to the next member; false at the end of the object (which is left) or after a failure. */
bool jsonread_key(struct jsonread *j, struct jsonread_key *key);
/* Goes to the next element; false at the end of the array (which is left) or after a failure. */
bool jsonread_element(struct jsonread *j);
bool jsonread_is(struct jsonread_key key, const char *name);

/* A number; null is 0. Fractions, exponents and what does not fit fail. */
uint64_t jsonread_u64(struct jsonread *j);
int64_t jsonread_i64(struct jsonread *j);
bool jsonread_bool(struct jsonread *j);
/* A string, unescaped, put in place of what `out` held; null is "". Surrogates without a partner become
 * U+FFFD, as Go reads them. Past the limit of `out` it fails. */
void jsonread_string(struct jsonread *j, struct buf *out);
/* A string of 2 * length hexadecimal digits, decoded. */
void jsonread_hex(struct jsonread *j, void *out, size_t length);
/* True when the value that comes is null, which is then read. */
bool jsonread_null(struct jsonread *j);
/* Passes over any value. */
void jsonread_skip(struct jsonread *j);
/* True when nothing failed and only white space is left. */
bool jsonread_done(struct jsonread *j);

#endif
