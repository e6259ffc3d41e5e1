/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/merkle.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One digest of up to three parts. A machine whose SHA-256 does not work cannot keep a journal at all. */
static void digest(uint8_t prefix, const void *a, size_t a_length, const void *b, size_t b_length,
                   uint8_t out[static HASH_SIZE])
{
    static _Thread_local EVP_MD_CTX *context;
    if (!context)
        context = EVP_MD_CTX_new();
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(context, &prefix, 1) != 1 || EVP_DigestUpdate(context, a, a_length) != 1 ||
        EVP_DigestUpdate(context, b, b_length) != 1 || EVP_DigestFinal_ex(context, out, NULL) != 1)
        abort();
}

void merkle_leaf(const void *entry, size_t length, uint8_t out[static HASH_SIZE])
{
    digest(0, entry, length, "", 0, out);
}

void merkle_node(const uint8_t left[static HASH_SIZE], const uint8_t right[static HASH_SIZE],
                 uint8_t out[static HASH_SIZE])
{
    digest(1, left, HASH_SIZE, right, HASH_SIZE, out);
}

void merkle_perfect(const uint8_t (*hashes)[HASH_SIZE], size_t count, uint8_t out[static HASH_SIZE])
{
    uint8_t row[TILE_WIDTH][HASH_SIZE];
    memcpy(row, hashes, count * HASH_SIZE);
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            merkle_node(row[2 * i], row[2 * i + 1], row[i]);
    memcpy(out, row[0], HASH_SIZE);
}

size_t merkle_width(uint64_t size, unsigned level)
{
    return (size_t)(size >> (8 * level)) % TILE_WIDTH;
}

void merkle_push(struct merkle *tree, const uint8_t leaf[static HASH_SIZE])
{
    uint8_t hash[HASH_SIZE];
    memcpy(hash, leaf, HASH_SIZE);
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        size_t width = merkle_width(tree->size, level);
        memcpy(tree->hashes[level][width], hash, HASH_SIZE);
        if (width + 1 < TILE_WIDTH)
            break;
        merkle_perfect((const uint8_t(*)[HASH_SIZE])tree->hashes[level], TILE_WIDTH, hash);
    }
    tree->size++;
}

unsigned merkle_full(const struct merkle *tree)
{
    unsigned levels = 0;
    while (tree->size && levels < MERKLE_LEVELS && merkle_width(tree->size, levels) == 0)
        levels++;
    return levels;
}

/* Puts the perfect subtrees of one level on the left of what lies right of them already. */
static void fold_level(const uint8_t (*hashes)[HASH_SIZE], size_t width, bool *any, uint8_t *right)
{
    for (size_t part = 1, end = width; end > 0; part *= 2) {
        if (!(width & part))
            continue;
        end -= part;
        uint8_t left[HASH_SIZE];
        merkle_perfect(hashes + end, part, left);
        if (*any)
            merkle_node(left, right, right);
        else
            memcpy(right, left, HASH_SIZE);
        *any = true;
    }
}

void merkle_root(const struct merkle *tree, uint8_t out[static HASH_SIZE])
{
    bool any = false;
    for (unsigned level = 0; level < MERKLE_LEVELS; level++)
        fold_level((const uint8_t(*)[HASH_SIZE])tree->hashes[level], merkle_width(tree->size, level), &any,
                   out);
    if (!any)
        EVP_Digest("", 0, out, NULL, EVP_sha256(), NULL);
}
