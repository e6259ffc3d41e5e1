/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SHA-256: the name of everything a repository holds.
 */
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

/* The digest of `length` bytes. Safe from any thread. */
void sha256_of(const void *bytes, size_t length, uint8_t out[static SHA256_SIZE]);

/* The same in pieces: new, any number of adds, end (which frees it). */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *state, const void *bytes, size_t length);
void sha256_end(struct sha256 *state, uint8_t out[static SHA256_SIZE]);

#endif
