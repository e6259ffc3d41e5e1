/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/rng.h"

#include <string.h>

uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

struct rng rng_make(uint64_t seed, uint64_t part)
{
    struct rng r = {.state = seed};
    r.state = rng_next(&r) ^ (part * UINT64_C(0xd1342543de82ef95));
    rng_next(&r);
    return r;
}

uint32_t rng_between(struct rng *r, uint32_t least, uint32_t most)
{
    uint64_t span = (uint64_t)most - least + 1;
    return least + (uint32_t)(((rng_next(r) >> 32) * span) >> 32);
}

int rng_chance(struct rng *r, uint32_t percent)
{
    return rng_between(r, 0, 99) < percent;
}

void rng_fill(struct rng *r, void *bytes, size_t length)
{
    uint8_t *at = bytes;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word = rng_next(r);
        memcpy(at, &word, 8);
    }
    uint64_t last = rng_next(r);
    memcpy(at, &last, length);
}
