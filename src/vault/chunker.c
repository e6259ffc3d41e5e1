/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/chunker.h"

#include "vault/polynomial.h"

#define SPLIT_MASK ((UINT64_C(1) << 20) - 1)
#define SHIFT      (POLYNOMIAL_DEGREE - 8)

/* The remainder of a polynomial of any degree up to 63. */
static uint64_t reduce(uint64_t value, uint64_t polynomial)
{
    for (int bit = 63; bit >= POLYNOMIAL_DEGREE; bit--)
        if (value >> bit & 1)
            value ^= polynomial << (bit - POLYNOMIAL_DEGREE);
    return value;
}

void chunker_init(struct chunker *chunker, uint64_t polynomial)
{
    for (uint64_t byte = 0; byte < 256; byte++) {
        uint64_t hash = reduce(byte, polynomial);
        for (int i = 0; i < CHUNKER_WINDOW - 1; i++)
            hash = reduce(hash << 8, polynomial);
        chunker->out[byte] = hash;
        uint64_t top = byte << POLYNOMIAL_DEGREE;
        chunker->mod[byte] = reduce(top, polynomial) | top;
    }
}

static inline uint64_t append(const struct chunker *chunker, uint64_t digest, uint8_t byte)
{
    return (digest << 8 | byte) ^ chunker->mod[digest >> SHIFT];
}

/* The first place where a chunk may end is 512 KiB; the digest there is that of the 64 bytes before it, so
 * all earlier bytes are never looked at. (restic's scanner starts with a byte 1 in its window; it has left
 * the window by then and leaves no trace.) */
static uint64_t first_digest(const struct chunker *chunker, const uint8_t *bytes)
{
    uint64_t digest = 0;
    for (size_t i = CHUNKER_MIN - CHUNKER_WINDOW; i < CHUNKER_MIN; i++)
        digest = append(chunker, digest, bytes[i]);
    return digest;
}

size_t chunker_find(const struct chunker *chunker, struct chunker_state *state, const uint8_t *bytes,
                    size_t length)
{
    if (length < CHUNKER_MIN)
        return 0;
    if (state->scanned == 0) {
        state->digest = first_digest(chunker, bytes);
        state->scanned = CHUNKER_MIN;
        if ((state->digest & SPLIT_MASK) == 0)
            return CHUNKER_MIN;
    }
    uint64_t digest = state->digest;
    size_t end = length < CHUNKER_MAX ? length : CHUNKER_MAX;
    for (size_t i = state->scanned; i < end; i++) {
        digest = append(chunker, digest ^ chunker->out[bytes[i - CHUNKER_WINDOW]], bytes[i]);
        if ((digest & SPLIT_MASK) == 0)
            return i + 1;
    }
    state->digest = digest;
    state->scanned = end;
    return end == CHUNKER_MAX ? CHUNKER_MAX : 0;
}
