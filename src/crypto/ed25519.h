/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ed25519 signatures (RFC 8032, pure, no context), over OpenSSL. A private key is its 32-byte seed.
 */
#ifndef CRYPTO_ED25519_H
#define CRYPTO_ED25519_H

#include <stddef.h>
#include <stdint.h>

#define ED25519_SEED_SIZE      32
#define ED25519_PUBLIC_SIZE    32
#define ED25519_SIGNATURE_SIZE 64

/* Draws a new private key from the kernel's generator. The caller wipes it. */
int ed25519_generate(uint8_t seed[static ED25519_SEED_SIZE]);
/* The public key that belongs to a private one. */
int ed25519_public(const uint8_t seed[static ED25519_SEED_SIZE], uint8_t out[static ED25519_PUBLIC_SIZE]);
int ed25519_sign(const uint8_t seed[static ED25519_SEED_SIZE], const void *message, size_t length,
                 uint8_t out[static ED25519_SIGNATURE_SIZE]);
/* 0 when the signature is right, ERR_CORRUPT when it is not. */
int ed25519_verify(const uint8_t public_key[static ED25519_PUBLIC_SIZE], const void *message, size_t length,
                   const uint8_t signature[static ED25519_SIGNATURE_SIZE]);

#endif
