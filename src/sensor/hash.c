/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define MULTIPLIER UINT64_C(0x9E3779B97F4A7C15)

uint64_t hash_number(uint64_t number)
{
    number ^= number >> 32;
    number *= UINT64_C(0xD6E8FEB86659FD93);
    number ^= number >> 32;
    number *= UINT64_C(0xD6E8FEB86659FD93);
    return number ^ (number >> 32);
}

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
    const uint8_t *at = bytes;
    uint64_t state = seed ^ (length * MULTIPLIER);
    for (size_t left = length; left > 0;) {
        uint64_t word = 0;
        size_t take = left < sizeof word ? left : sizeof word;
        memcpy(&word, at, take);
        state = (state ^ le64toh(word)) * MULTIPLIER;
        state ^= state >> 29;
        at += take;
        left -= take;
    }
    return hash_number(state);
}

static uint32_t crc_table[256];
static uint64_t seed_value;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? (value >> 1) ^ 0xEDB88320u : value >> 1;
        crc_table[i] = value;
    }
    if (getrandom(&seed_value, sizeof seed_value, 0) != sizeof seed_value)
        seed_value = (uintptr_t)&seed_value;
}

uint32_t hash_crc32(const void *bytes, size_t length)
{
    pthread_once(&once, prepare);
    const uint8_t *at = bytes;
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < length; i++)
        crc = crc_table[(crc ^ at[i]) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

uint64_t hash_seed(void)
{
    pthread_once(&once, prepare);
    return seed_value;
}
