/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_SLOTS 256

struct cache_entry {
    struct cache_key key;
    void *value; /* NULL while it is being made */
    size_t cost;
    unsigned users;
    struct cache_entry *next;          /* in its slot */
    struct cache_entry *older, *newer; /* in the order of use, while nobody uses it */
};

struct cache {
    pthread_mutex_t mutex; /* all below, and the entries but their values */
    pthread_cond_t made;
    void (*free_value)(void *value);
    size_t limit, cost, count;
    struct cache_entry **slots;
    size_t slot_count;
    struct cache_entry order; /* a ring: newer is the oldest, older the newest */
};

struct cache *cache_new(size_t limit, void (*free_value)(void *value))
{
    struct cache *cache = mem_zalloc(1, sizeof *cache);
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->made, NULL);
    cache->free_value = free_value;
    cache->limit = limit;
    cache->slot_count = FIRST_SLOTS;
    cache->slots = mem_zalloc(cache->slot_count, sizeof(struct cache_entry *));
    cache->order.newer = cache->order.older = &cache->order;
    return cache;
}

/* Names of blobs are digests: their first bytes are a hash. */
static struct cache_entry **slot_of(const struct cache *cache, const struct cache_key *key)
{
    uint64_t hash;
    memcpy(&hash, key->id, sizeof hash);
    hash = (hash ^ key->number) * UINT64_C(0x9e3779b97f4a7c15);
    return &cache->slots[(size_t)(hash >> 32) & (cache->slot_count - 1)];
}

static struct cache_entry *find(const struct cache *cache, const struct cache_key *key)
{
    struct cache_entry *entry = *slot_of(cache, key);
    while (entry && (entry->key.number != key->number || memcmp(entry->key.id, key->id, SHA256_SIZE) != 0))
        entry = entry->next;
    return entry;
}

static void grow(struct cache *cache)
{
    struct cache_entry **old = cache->slots;
    size_t count = cache->slot_count;
    cache->slot_count *= 2;
    cache->slots = mem_zalloc(cache->slot_count, sizeof(struct cache_entry *));
    for (size_t i = 0; i < count; i++)
        while (old[i]) {
            struct cache_entry *entry = old[i], **slot = slot_of(cache, &entry->key);
            old[i] = entry->next;
            entry->next = *slot;
            *slot = entry;
        }
    free(old);
}

static struct cache_entry *add(struct cache *cache, const struct cache_key *key)
{
    if (cache->count >= cache->slot_count)
        grow(cache);
    struct cache_entry *entry = mem_zalloc(1, sizeof *entry), **slot = slot_of(cache, key);
    entry->key = *key;
    entry->users = 1;
    entry->next = *slot;
    *slot = entry;
    cache->count++;
    return entry;
}

static void leave_order(struct cache_entry *entry)
{
    entry->older->newer = entry->newer;
    entry->newer->older = entry->older;
}

static void drop(struct cache *cache, struct cache_entry *entry)
{
    struct cache_entry **link = slot_of(cache, &entry->key);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    cache->count--;
    cache->cost -= entry->cost;
    if (entry->value)
        cache->free_value(entry->value);
    free(entry);
}

/* The one that was used last stays. */
static void shrink(struct cache *cache)
{
    while (cache->cost > cache->limit && cache->order.newer != cache->order.older) {
        struct cache_entry *oldest = cache->order.newer;
        leave_order(oldest);
        drop(cache, oldest);
    }
}

/* Those who wait hold nothing: they look again once it is made, and try themselves if it was not. */
static int make_value(struct cache *cache, struct cache_entry *entry, cache_make *make, void *context)
{
    void *value = NULL;
    size_t cost = 0;
    pthread_mutex_unlock(&cache->mutex);
    int err = make(context, &entry->key, &value, &cost);
    pthread_mutex_lock(&cache->mutex);
    pthread_cond_broadcast(&cache->made);
    if (err) {
        drop(cache, entry);
        return err;
    }
    entry->value = value;
    entry->cost = cost + sizeof *entry;
    cache->cost += entry->cost;
    shrink(cache);
    return 0;
}

int cache_get(struct cache *cache, const struct cache_key *key, cache_make *make, void *context,
              struct cache_entry **out)
{
    int err = 0;
    struct cache_entry *entry;
    pthread_mutex_lock(&cache->mutex);
    while ((entry = find(cache, key)) && !entry->value)
        pthread_cond_wait(&cache->made, &cache->mutex);
    if (!entry) {
        entry = add(cache, key);
        err = make_value(cache, entry, make, context);
    } else if (entry->users++ == 0) {
        leave_order(entry);
    }
    if (!err)
        *out = entry;
    pthread_mutex_unlock(&cache->mutex);
    return err;
}

void *cache_value(const struct cache_entry *entry)
{
    return entry->value;
}

void cache_release(struct cache *cache, struct cache_entry *entry)
{
    if (!entry)
        return;
    pthread_mutex_lock(&cache->mutex);
    if (--entry->users == 0) {
        entry->newer = &cache->order;
        entry->older = cache->order.older;
        entry->older->newer = entry;
        cache->order.older = entry;
        shrink(cache);
    }
    pthread_mutex_unlock(&cache->mutex);
}

bool cache_has(struct cache *cache, const struct cache_key *key)
{
    pthread_mutex_lock(&cache->mutex);
    bool has = find(cache, key) != NULL;
    pthread_mutex_unlock(&cache->mutex);
    return has;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    while (cache->order.newer != &cache->order) {
        struct cache_entry *entry = cache->order.newer;
        leave_order(entry);
        drop(cache, entry);
    }
    pthread_cond_destroy(&cache->made);
    pthread_mutex_destroy(&cache->mutex);
    free(cache->slots);
    free(cache);
}
