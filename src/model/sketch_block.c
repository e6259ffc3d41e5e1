/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The statistics of one block. One pass counts the bytes in four tables (two equal bytes in a row would
 * otherwise wait for each other's store), one pass over the 256 counts makes the figures.
 */
#include <stdbool.h>
#include <string.h>

#include "model/sketch.h"

#define FRACTION_BITS 20

/* n * log2(n) for n up to SKETCH_BLOCK_SIZE, with FRACTION_BITS binary places. */
static uint64_t n_log_n[SKETCH_BLOCK_SIZE + 1];

/* log2 by repeated squaring of the mantissa: one binary place per step, no floating point. */
static uint64_t log2_fixed(uint32_t n)
{
    unsigned whole = 31U - (unsigned)__builtin_clz(n);
    uint64_t mantissa = ((uint64_t)n << 31) >> whole;
    uint64_t result = (uint64_t)whole << FRACTION_BITS;
    for (int place = FRACTION_BITS - 1; place >= 0; place--) {
        mantissa = (mantissa * mantissa) >> 31;
        if (mantissa >> 32) {
            mantissa >>= 1;
            result |= UINT64_C(1) << place;
        }
    }
    return result;
}

/* Before main, so that the sensor's threads need no lock. */
__attribute__((constructor)) static void fill_table(void)
{
    for (uint32_t n = 1; n <= SKETCH_BLOCK_SIZE; n++)
        n_log_n[n] = n * log2_fixed(n);
}

static uint32_t hash_bytes(const uint8_t *bytes, size_t length)
{
    const uint64_t multiplier = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t a = length * multiplier, b = ~a, word;
    size_t at = 0;
    for (; at + 16 <= length; at += 16) {
        memcpy(&word, bytes + at, 8);
        a = (a ^ word) * multiplier;
        a ^= a >> 29;
        memcpy(&word, bytes + at + 8, 8);
        b = (b ^ word) * multiplier;
        b ^= b >> 29;
    }
    for (; at < length; at++) {
        a = (a ^ bytes[at]) * multiplier;
        a ^= a >> 29;
    }
    a = (a ^ (b >> 7)) * multiplier + b;
    return (uint32_t)(a >> 32) ^ (uint32_t)a;
}

static void count_bytes(const uint8_t *bytes, size_t length, uint16_t counts[4][256])
{
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        counts[0][word & 255]++;
        counts[1][word >> 8 & 255]++;
        counts[2][word >> 16 & 255]++;
        counts[3][word >> 24 & 255]++;
        counts[0][word >> 32 & 255]++;
        counts[1][word >> 40 & 255]++;
        counts[2][word >> 48 & 255]++;
        counts[3][word >> 56]++;
    }
    for (; at < length; at++)
        counts[0][bytes[at]]++;
}

static bool is_readable(unsigned byte)
{
    return (byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13);
}

void sketch_block_measure(const uint8_t *bytes, size_t length, struct sketch_block *out)
{
    uint16_t counts[4][256] = {{0}};
    uint64_t logs = 0, squares = 0, readable = 0;
    *out = (struct sketch_block){0};
    if (length > SKETCH_BLOCK_SIZE)
        length = SKETCH_BLOCK_SIZE;
    if (length == 0)
        return;
    count_bytes(bytes, length, counts);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t count = (uint32_t)counts[0][byte] + counts[1][byte] + counts[2][byte] + counts[3][byte];
        logs += n_log_n[count];
        squares += (uint64_t)count * count;
        readable += is_readable(byte) ? count : 0;
    }
    uint64_t chi = squares * 256 / length - length;
    out->hash = hash_bytes(bytes, length);
    out->length = (uint16_t)length;
    out->entropy = (uint8_t)(((n_log_n[length] - logs) / length * 31) >> FRACTION_BITS);
    out->ascii = (uint8_t)(readable * 255 / length);
    out->chi = chi > UINT16_MAX ? UINT16_MAX : (uint16_t)chi;
}
