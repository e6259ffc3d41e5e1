/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fast hashes for tables, sketches and checks against accidents. None resists an adversary without a seed
 * that he does not know.
 */
#ifndef SENSOR_HASH_H
#define SENSOR_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 64 well-mixed bits of the bytes; the same on every machine for the same seed. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);
/* Mixes one number. */
uint64_t hash_number(uint64_t number);
/* The CRC of IEEE 802.3 (polynomial 0xEDB88320, reflected). */
uint32_t hash_crc32(const void *bytes, size_t length);
/* A random seed of this process, the same for its whole life. */
uint64_t hash_seed(void);

#endif
