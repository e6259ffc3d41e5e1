/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Merkle tree of RFC 6962, section 2.1, over SHA-256, kept as the right edge of its tiles: for every
 * level the hashes of the one tile that is not full yet. That is all it takes to add a leaf and to know the
 * root, so a journal of any length costs 64 KiB.
 *
 * Level 0 holds leaf hashes; a hash of level l stands for 256^l leaves.
 */
#ifndef JOURNAL_MERKLE_H
#define JOURNAL_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SIZE     32
#define TILE_WIDTH    256
#define MERKLE_LEVELS 8

struct merkle {
    uint64_t size; /* leaves */
    uint8_t hashes[MERKLE_LEVELS][TILE_WIDTH][HASH_SIZE];
};

/* SHA-256(0x00 || entry). */
void merkle_leaf(const void *entry, size_t length, uint8_t out[static HASH_SIZE]);
/* SHA-256(0x01 || left || right). */
void merkle_node(const uint8_t left[static HASH_SIZE], const uint8_t right[static HASH_SIZE],
                 uint8_t out[static HASH_SIZE]);
/* The root over `count` (a power of two, at most 256) neighboring hashes. */
void merkle_perfect(const uint8_t (*hashes)[HASH_SIZE], size_t count, uint8_t out[static HASH_SIZE]);

/* How many hashes the unfinished tile of `level` has in a tree of `size` leaves: 0 to 255. */
size_t merkle_width(uint64_t size, unsigned level);

/* Adds a leaf. Every level whose width is now 0 while all below are too has just become full: its 256 hashes
 * stay in `hashes` until the next push, so that the caller can write the tile (see merkle_full). */
void merkle_push(struct merkle *tree, const uint8_t leaf[static HASH_SIZE]);
/* How many levels, from 0 up, the last push filled. */
unsigned merkle_full(const struct merkle *tree);
/* The root of the whole tree; of no leaves: SHA-256 of nothing. */
void merkle_root(const struct merkle *tree, uint8_t out[static HASH_SIZE]);

#endif
