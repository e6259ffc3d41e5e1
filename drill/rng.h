/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fast pseudo-random generator with a written-down result: the same seed gives the same town on every
 * machine. Not for secrets. (SplitMix64, Steele, Lea and Flood 2014.)
 */
#ifndef DRILL_RNG_H
#define DRILL_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/* A generator for part `part` of what `seed` stands for; parts are independent of each other. */
struct rng rng_make(uint64_t seed, uint64_t part);
uint64_t rng_next(struct rng *r);
/* A number in [least, most]. */
uint32_t rng_between(struct rng *r, uint32_t least, uint32_t most);
/* True `percent` times in a hundred. */
int rng_chance(struct rng *r, uint32_t percent);
void rng_fill(struct rng *r, void *bytes, size_t length);

#endif
