/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sealed bytes, as the restic repository format has them:
 *
 *     iv[16] | AES-256-CTR ciphertext | Poly1305-AES mac[16]
 *
 * The mac covers the ciphertext alone; its one-time key is r | AES-128_k(iv).
 * Source: restic's design document, section "Keys, Encryption and MAC"; Poly1305-AES: D. J. Bernstein, 2005.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define SEAL_IV       16
#define SEAL_MAC      16
#define SEAL_OVERHEAD (SEAL_IV + SEAL_MAC)

/* A secret: keep it in memory that is wiped. */
struct seal_key {
    uint8_t encrypt[32];
    uint8_t mac_k[16];
    uint8_t mac_r[16];
};

/* A new random key. */
void seal_key_random(struct seal_key *key);
/* Writes length + SEAL_OVERHEAD bytes to `out` (apart from `plain`). */
int seal_close(const struct seal_key *key, const void *plain, size_t length, uint8_t *out);
/* Checks the mac, then writes length - SEAL_OVERHEAD bytes to `out`, which may be sealed + SEAL_IV (in
 * place). ERR_CORRUPT when the bytes are too short or were not sealed with this key; `out` is then untouched.
 */
int seal_open(const struct seal_key *key, const uint8_t *sealed, size_t length, uint8_t *out);

#endif
