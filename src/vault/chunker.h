/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a file is cut: a Rabin fingerprint of the last 64 bytes ends a chunk when its low 20 bits are zero,
 * never before 512 KiB, always at 8 MiB. The same polynomial gives the same chunks as restic.
 * Source: M. O. Rabin, "Fingerprinting by random polynomials", 1981; restic's chunker.
 */
#ifndef VAULT_CHUNKER_H
#define VAULT_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

#define CHUNKER_MIN    ((size_t)512 << 10)
#define CHUNKER_MAX    ((size_t)8 << 20)
#define CHUNKER_WINDOW 64

struct chunker {
    uint64_t out[256]; /* what a byte that left the window takes away */
    uint64_t mod[256]; /* brings 61 bits back to 53 */
};

/* The tables of a polynomial (irreducible, degree 53). Read-only afterwards; threads may share it. */
void chunker_init(struct chunker *chunker, uint64_t polynomial);

/* A place in a chunk: how far it was looked at. `struct chunker_state s = {0};` at the start of each chunk.
 */
struct chunker_state {
    size_t scanned;
};

/* `bytes` is the chunk so far, from its first byte, `length` of it read. Returns the chunk's length when it
 * ends within them, or 0 when more is needed: call again with more bytes behind the same ones. At the end of
 * the file what is left is the last chunk. */
size_t chunker_find(const struct chunker *chunker, struct chunker_state *state, const uint8_t *bytes,
                    size_t length);

#endif
