/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MOST_IDLE   16                 /* loaders that are kept */
#define MOST_BUFFER ((size_t)16 << 20) /* one that had a larger blob gives its memory back */

/* A vault and those who read it. */
struct shelf {
    struct vault *vault;
    unsigned users; /* and one for being the current one */
    struct loader *idle[MOST_IDLE];
    unsigned idle_count;
};

struct pool {
    pthread_mutex_t mutex; /* the shelves but their vault */
    struct shelf *current;
};

static struct shelf *shelf_new(struct vault *vault)
{
    struct shelf *shelf = mem_zalloc(1, sizeof *shelf);
    shelf->vault = vault;
    shelf->users = 1;
    return shelf;
}

static struct shelf *hold(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct shelf *shelf = pool->current;
    shelf->users++;
    pthread_mutex_unlock(&pool->mutex);
    return shelf;
}

static void release(struct pool *pool, struct shelf *shelf)
{
    pthread_mutex_lock(&pool->mutex);
    bool last = --shelf->users == 0;
    pthread_mutex_unlock(&pool->mutex);
    if (!last)
        return;
    while (shelf->idle_count > 0)
        loader_free(shelf->idle[--shelf->idle_count]);
    vault_close(shelf->vault);
    free(shelf);
}

struct pool *pool_new(struct vault *vault)
{
    struct pool *pool = mem_zalloc(1, sizeof *pool);
    pthread_mutex_init(&pool->mutex, NULL);
    pool->current = shelf_new(vault);
    return pool;
}

void pool_replace(struct pool *pool, struct vault *vault)
{
    struct shelf *fresh = shelf_new(vault);
    pthread_mutex_lock(&pool->mutex);
    struct shelf *old = pool->current;
    pool->current = fresh;
    pthread_mutex_unlock(&pool->mutex);
    release(pool, old);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    release(pool, pool->current);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

static struct loader *take_loader(struct pool *pool, struct shelf *shelf)
{
    pthread_mutex_lock(&pool->mutex);
    struct loader *loader = shelf->idle_count ? shelf->idle[--shelf->idle_count] : NULL;
    pthread_mutex_unlock(&pool->mutex);
    return loader ? loader : loader_new(shelf->vault);
}

static void give_back(struct pool *pool, struct shelf *shelf, struct loader *loader, size_t length)
{
    pthread_mutex_lock(&pool->mutex);
    if (length <= MOST_BUFFER && shelf->idle_count < MOST_IDLE) {
        shelf->idle[shelf->idle_count++] = loader;
        loader = NULL;
    }
    pthread_mutex_unlock(&pool->mutex);
    loader_free(loader);
}

int pool_load(struct pool *pool, enum pack_type type, const uint8_t id[static SHA256_SIZE], pool_take *take,
              void *context)
{
    struct shelf *shelf = hold(pool);
    struct loader *loader = take_loader(pool, shelf);
    const uint8_t *bytes;
    size_t length = 0;
    int err = loader_load(loader, type, id, &bytes, &length);
    if (!err)
        err = take(context, bytes, length);
    /* After a failure nobody knows how large its buffers are. */
    give_back(pool, shelf, loader, err ? SIZE_MAX : length);
    release(pool, shelf);
    return err;
}

int pool_offsets(struct pool *pool, const uint8_t (*ids)[SHA256_SIZE], size_t count, uint64_t *offsets)
{
    struct shelf *shelf = hold(pool);
    const struct index *index = vault_index(shelf->vault);
    uint64_t at = 0;
    int err = 0;
    for (size_t i = 0; i < count && !err; i++) {
        const struct index_entry *entry = index_find(index, PACK_DATA, ids[i]);
        offsets[i] = at;
        if (!entry) {
            char name[VAULT_ID_TEXT];
            hex_encode(ids[i], SHA256_SIZE, name);
            err = err_hint(err_set(ERR_NOT_FOUND, _("the repository %s lacks the %s blob %.10s"),
                                   vault_path(shelf->vault), "data", name),
                           _("beffroi vault check says what is missing"));
        } else if (entry->unpacked || entry->length > SEAL_OVERHEAD) {
            at += entry->unpacked ? entry->unpacked : entry->length - SEAL_OVERHEAD;
        }
    }
    offsets[count] = at;
    release(pool, shelf);
    return err;
}
