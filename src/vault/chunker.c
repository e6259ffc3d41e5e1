/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/chunker.h"

#include <stdbool.h>

#include "vault/polynomial.h"

#define SPLIT_MASK ((UINT64_C(1) << 20) - 1)
#define SHIFT      (POLYNOMIAL_DEGREE - 8)
/* Each digest waits for the one before it, a table look-up per byte. The fingerprint depends on the last 64
 * bytes alone, so several places of a chunk are looked at in turn, each from 64 bytes before it on. */
#define SPAN  ((size_t)8 << 10) /* of one lane; what lies behind a cut was looked at in vain */
#define BLOCK (4 * SPAN)

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
        for (int i = 0; i < CHUNKER_WINDOW; i++)
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

/* The window moves on by a byte. What leaves it is taken away after the multiplication, where nothing waits
 * for it. */
static inline uint64_t slide(const struct chunker *chunker, uint64_t digest, const uint8_t *byte)
{
    return append(chunker, digest, *byte) ^ chunker->out[byte[-CHUNKER_WINDOW]];
}

/* Of the 64 bytes before a place. (restic's scanner starts with a byte 1 in its window; it has left the
 * window by the first place where a chunk may end and leaves no trace.) */
static uint64_t digest_before(const struct chunker *chunker, const uint8_t *place)
{
    uint64_t digest = 0;
    for (int i = -CHUNKER_WINDOW; i < 0; i++)
        digest = append(chunker, digest, place[i]);
    return digest;
}

static inline bool is_cut(uint64_t digest)
{
    return (digest & SPLIT_MASK) == 0;
}

/* How many of the `length` bytes at `bytes` belong to the chunk that ends among them; 0: it does not. */
static size_t scan(const struct chunker *chunker, const uint8_t *bytes, size_t length)
{
    uint64_t digest = digest_before(chunker, bytes);
    for (size_t i = 0; i < length; i++) {
        digest = slide(chunker, digest, bytes + i);
        if (is_cut(digest))
            return i + 1;
    }
    return 0;
}

/* The same of a whole block, in four lanes. */
static size_t scan_block(const struct chunker *chunker, const uint8_t *bytes)
{
    const uint8_t *in_b = bytes + SPAN, *in_c = bytes + 2 * SPAN, *in_d = bytes + 3 * SPAN;
    uint64_t a = digest_before(chunker, bytes), b = digest_before(chunker, in_b),
             c = digest_before(chunker, in_c), d = digest_before(chunker, in_d);
    bool later = false; /* the second lane or one behind it met a cut */
    for (size_t i = 0; i < SPAN; i++) {
        a = slide(chunker, a, bytes + i);
        b = slide(chunker, b, in_b + i);
        c = slide(chunker, c, in_c + i);
        d = slide(chunker, d, in_d + i);
        if (is_cut(a))
            return i + 1;
        later |= is_cut(b) || is_cut(c) || is_cut(d);
    }
    return later ? SPAN + scan(chunker, in_b, BLOCK - SPAN) : 0;
}

size_t chunker_find(const struct chunker *chunker, struct chunker_state *state, const uint8_t *bytes,
                    size_t length)
{
    size_t end = length < CHUNKER_MAX ? length : CHUNKER_MAX;
    if (length < CHUNKER_MIN)
        return 0;
    if (state->scanned == 0) {
        state->scanned = CHUNKER_MIN;
        if (is_cut(digest_before(chunker, bytes + CHUNKER_MIN)))
            return CHUNKER_MIN;
    }
    while (state->scanned < end) {
        size_t step = end - state->scanned < BLOCK ? end - state->scanned : BLOCK;
        const uint8_t *place = bytes + state->scanned;
        size_t cut = step == BLOCK ? scan_block(chunker, place) : scan(chunker, place, step);
        if (cut)
            return state->scanned + cut;
        state->scanned += step;
    }
    return end == CHUNKER_MAX ? CHUNKER_MAX : 0;
}
