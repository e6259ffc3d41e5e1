/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "blob/cachefiles.h"
#include "blob/settings.h"

#define MOST_PACK ((uint64_t)192 << 20) /* a larger one is read in parts, from the store */

struct coming {
    struct coming *next;
    const char *name;
};

struct cache {
    struct blob_store *inner;
    struct cachefiles *files;
    pthread_mutex_t mutex; /* coming */
    pthread_cond_t came;
    struct coming *coming; /* packs that some thread is fetching now */
};

static bool is_cached(enum blob_kind kind)
{
    return kind == BLOB_INDEX || kind == BLOB_SNAPSHOT;
}

/* ---- lists: what is no longer in them goes ---- */

struct names {
    blob_visit *visit;
    void *context;
    uint8_t (*items)[BLOB_NAME_LENGTH / 2];
    size_t count, room;
};

static int note_name(void *context, const char *name, uint64_t size)
{
    struct names *names = context;
    if (names->count == names->room) {
        names->room = names->room ? 2 * names->room : 256;
        names->items = mem_resize(names->items, names->room, sizeof *names->items);
    }
    int err = hex_decode(name, names->items[names->count], sizeof *names->items);
    if (err)
        return err;
    names->count++;
    return names->visit(names->context, name, size);
}

static int compare_names(const void *a, const void *b)
{
    return memcmp(a, b, BLOB_NAME_LENGTH / 2);
}

static bool has_name(void *context, const char *name)
{
    const struct names *names = context;
    uint8_t key[BLOB_NAME_LENGTH / 2];
    return hex_decode(name, key, sizeof key) == 0 && names->count &&
           bsearch(key, names->items, names->count, sizeof *names->items, compare_names);
}

static int cache_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    struct cache *cache = self;
    if (!is_cached(kind))
        return blob_list(blob_reader(cache->inner), kind, visit, context);
    struct names names = {.visit = visit, .context = context};
    int err = blob_list(blob_reader(cache->inner), kind, note_name, &names);
    if (!err) {
        if (names.count)
            qsort(names.items, names.count, sizeof *names.items, compare_names);
        cachefiles_sweep(cache->files, kind, has_name, &names);
    }
    free(names.items);
    return err;
}

/* ---- whole objects ---- */

static int cache_read_all(void *self, enum blob_kind kind, const char *name, struct buf *out)
{
    struct cache *cache = self;
    size_t before = out->length;
    if (is_cached(kind) && cachefiles_read_all(cache->files, kind, name, out))
        return 0;
    int err = blob_read_all(blob_reader(cache->inner), kind, name, out);
    if (!err && is_cached(kind) && out->length > before &&
        cachefiles_is(name, out->data + before, out->length - before))
        cachefiles_add(cache->files, kind, name, out->data + before, out->length - before);
    return err;
}

static int cache_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    const struct cache *cache = self;
    return blob_size(blob_reader(cache->inner), kind, name, size);
}

static int cache_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                      size_t length)
{
    const struct cache *cache = self;
    return blob_read(blob_reader(cache->inner), kind, name, offset, out, length);
}

/* ---- packs of folders ---- */

/* Waits while another thread fetches this pack; true when this one is to do it. */
static bool begin_fetch(struct cache *cache, struct coming *mine)
{
    bool waited = false;
    pthread_mutex_lock(&cache->mutex);
    for (;;) {
        struct coming *other = cache->coming;
        while (other && strcmp(other->name, mine->name) != 0)
            other = other->next;
        if (!other)
            break;
        waited = true;
        pthread_cond_wait(&cache->came, &cache->mutex);
    }
    if (!waited) {
        mine->next = cache->coming;
        cache->coming = mine;
    }
    pthread_mutex_unlock(&cache->mutex);
    return !waited;
}

static void end_fetch(struct cache *cache, const struct coming *mine)
{
    pthread_mutex_lock(&cache->mutex);
    struct coming **at = &cache->coming;
    while (*at != mine)
        at = &(*at)->next;
    *at = mine->next;
    pthread_cond_broadcast(&cache->came);
    pthread_mutex_unlock(&cache->mutex);
}

/* Fetches a whole pack into the cache; one that is damaged stays out of it, and is read in parts. */
static int fetch_pack(struct cache *cache, const char *name)
{
    uint64_t size;
    int err = blob_size(blob_reader(cache->inner), BLOB_PACK, name, &size);
    if (err || size > MOST_PACK)
        return err;
    uint8_t *bytes MEM_AUTO = mem_resize(NULL, (size_t)size + 1, 1);
    err = blob_read(blob_reader(cache->inner), BLOB_PACK, name, 0, bytes, (size_t)size);
    if (!err && cachefiles_is(name, bytes, (size_t)size))
        cachefiles_add(cache->files, BLOB_PACK, name, bytes, (size_t)size);
    return err;
}

static int cache_read_folders(void *self, const char *name, uint64_t offset, void *out, size_t length)
{
    struct cache *cache = self;
    struct coming mine = {.name = name};
    if (cachefiles_read(cache->files, BLOB_PACK, name, offset, out, length))
        return 0;
    if (begin_fetch(cache, &mine)) {
        int err = fetch_pack(cache, name);
        end_fetch(cache, &mine);
        if (err && err != ERR_CORRUPT)
            return err;
    }
    if (cachefiles_read(cache->files, BLOB_PACK, name, offset, out, length))
        return 0;
    return blob_read(blob_reader(cache->inner), BLOB_PACK, name, offset, out, length);
}

static bool cache_forget(void *self, const char *name)
{
    const struct cache *cache = self;
    return cachefiles_remove(cache->files, BLOB_PACK, name);
}

static void cache_keep_folders(void *self, const char *name, const void *bytes, size_t length)
{
    const struct cache *cache = self;
    cachefiles_add(cache->files, BLOB_PACK, name, bytes, length);
}

/* ---- changes ---- */

static int cache_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    const struct cache *cache = self;
    int err = blob_write(blob_writer(cache->inner), kind, name, bytes, length);
    if (!err && is_cached(kind))
        cachefiles_add(cache->files, kind, name, bytes, length);
    return err;
}

static int cache_remove(void *self, enum blob_kind kind, const char *name)
{
    const struct cache *cache = self;
    int err = cache->inner->ops->remove(cache->inner->self, kind, name);
    if (!err && (is_cached(kind) || kind == BLOB_PACK))
        (void)cachefiles_remove(cache->files, kind, name);
    return err;
}

static int cache_sweep(void *self)
{
    const struct cache *cache = self;
    return blob_sweep(blob_remover(cache->inner));
}

static void cache_free(void *self)
{
    struct cache *cache = self;
    blob_close(cache->inner);
    cachefiles_free(cache->files);
    pthread_cond_destroy(&cache->came);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

static const struct blob_ops cache_ops = {.list = cache_list,
                                          .size = cache_size,
                                          .read = cache_read,
                                          .write = cache_write,
                                          .remove = cache_remove,
                                          .sweep = cache_sweep,
                                          .free = cache_free};
static const struct blob_more_ops cache_more = {.read_all = cache_read_all,
                                                .read_folders = cache_read_folders,
                                                .keep_folders = cache_keep_folders,
                                                .forget = cache_forget};

struct blob_store *cache_wrap(struct blob_store *inner, const char *id)
{
    struct cachefiles *files;
    if (!blob_connections(inner) || blob_settings()->no_cache)
        return inner;
    if (cachefiles_open(id, &files) != 0) {
        log_warning(_("%s; going on without a cache, which is slower"), err_text());
        return inner;
    }
    struct cache *cache = mem_zalloc(1, sizeof *cache);
    cache->inner = inner;
    cache->files = files;
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->came, NULL);
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    *store = (struct blob_store){.ops = &cache_ops,
                                 .more = &cache_more,
                                 .self = cache,
                                 .where = mem_strdup(inner->where),
                                 .connections = inner->connections,
                                 .guard_ops = inner->guard_ops,
                                 .guard = inner->guard,
                                 .locks = inner->locks};
    return store;
}

void cache_sweep_packs(const struct blob_store *store, cache_has *has, void *context)
{
    if (store->ops != &cache_ops)
        return;
    const struct cache *cache = store->self;
    cachefiles_sweep(cache->files, BLOB_PACK, has, context);
}
