/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scrypt (RFC 7914): a key from a password, slow on purpose.
 */
#ifndef CRYPTO_SCRYPT_H
#define CRYPTO_SCRYPT_H

#include <stddef.h>
#include <stdint.h>

/* The most this program spends on parameters that come from a file. */
#define SCRYPT_MAX_MEMORY (UINT64_C(1) << 30) /* 128 * N * r bytes */
#define SCRYPT_MAX_P      256

/* `n` is a power of two above 1. ERR_UNSUPPORTED when a parameter is out of range. */
int scrypt_derive(const void *password, size_t password_length, const void *salt, size_t salt_length,
                  uint64_t n, uint64_t r, uint64_t p, void *out, size_t out_length);

#endif
