/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cache of what is dear to make: bounded by what its values cost (bytes), the least recently used go first.
 * What is in use never goes, and one value stays even if it costs more than the limit. Safe for several
 * threads; of those that want the same value at once, one makes it and the others wait.
 */
#ifndef MOUNT_CACHE_H
#define MOUNT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/sha256.h"

struct cache_key {
    uint8_t id[SHA256_SIZE];
    uint32_t number;
};

struct cache;
struct cache_entry;
/* Makes the value of a key, not NULL, and says what it costs. 0 or a negative enum err. */
typedef int cache_make(void *context, const struct cache_key *key, void **value, size_t *cost);

struct cache *cache_new(size_t limit, void (*free_value)(void *value));
void cache_free(struct cache *cache); /* nothing may be in use; NULL is fine */

/* The value, made if it is not there; *entry keeps it until cache_release. A failure is not kept: the next
 * call tries again. */
int cache_get(struct cache *cache, const struct cache_key *key, cache_make *make, void *context,
              struct cache_entry **entry);
void *cache_value(const struct cache_entry *entry);
void cache_release(struct cache *cache, struct cache_entry *entry); /* NULL is fine */
/* Whether it is there or being made. */
bool cache_has(struct cache *cache, const struct cache_key *key);

#endif
