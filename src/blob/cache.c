/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/cache.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "blob/cachefiles.h"
#include "blob/settings.h"

#define MOST_THREADS 16
#define MOST_FILE    ((size_t)256 << 20)
#define MOST_PACK    ((uint64_t)192 << 20) /* a larger one is read in parts, from the store */

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

/* ---- lists: what is no longer in them goes, what is new comes ---- */

struct seen {
    uint8_t name[BLOB_NAME_LENGTH / 2]; /* first, to be compared */
    uint64_t size;
};

struct list {
    struct cache *cache;
    enum blob_kind kind;
    struct seen *items;
    size_t count, room;
    atomic_size_t next;
};

static int note_seen(void *context, const char *name, uint64_t size)
{
    struct list *list = context;
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->items = mem_resize(list->items, list->room, sizeof *list->items);
    }
    struct seen *seen = &list->items[list->count++];
    seen->size = size;
    return hex_decode(name, seen->name, sizeof seen->name);
}

static int compare_seen(const void *a, const void *b)
{
    return memcmp(a, b, BLOB_NAME_LENGTH / 2);
}

static bool has_seen(void *context, const char *name)
{
    const struct list *list = context;
    struct seen key;
    return hex_decode(name, key.name, sizeof key.name) == 0 && list->count &&
           bsearch(&key, list->items, list->count, sizeof key, compare_seen);
}

/* On several threads. What cannot be had is left to whoever reads it, and tells of it. */
static void *fetch_missing(void *context)
{
    struct list *list = context;
    struct buf bytes BUF_AUTO;
    size_t i;
    buf_init(&bytes, MOST_FILE);
    while ((i = atomic_fetch_add(&list->next, 1)) < list->count) {
        char name[BLOB_NAME_LENGTH + 1];
        hex_encode(list->items[i].name, sizeof list->items[i].name, name);
        buf_clear(&bytes);
        if (!cachefiles_has(list->cache->files, list->kind, name) &&
            cache_read_all(list->cache, list->kind, name, &bytes) != 0)
            break;
    }
    return NULL;
}

/* Whoever lists indexes or snapshots reads them: one after the other would be a way there and back for each.
 */
static void fetch_all(struct list *list)
{
    pthread_t threads[MOST_THREADS];
    unsigned wanted = blob_connections(list->cache->inner), started = 0;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < wanted && started < MOST_THREADS && started < list->count &&
           pthread_create(&threads[started], NULL, fetch_missing, list) == 0)
        started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

static int cache_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    struct cache *cache = self;
    if (!is_cached(kind))
        return blob_list(blob_reader(cache->inner), kind, visit, context);
    struct list list = {.cache = cache, .kind = kind};
    int err = blob_list(blob_reader(cache->inner), kind, note_seen, &list);
    if (!err && list.count)
        qsort(list.items, list.count, sizeof *list.items, compare_seen);
    if (!err) {
        cachefiles_sweep(cache->files, kind, has_seen, &list);
        fetch_all(&list);
    }
    for (size_t i = 0; i < list.count && !err; i++) {
        char name[BLOB_NAME_LENGTH + 1];
        hex_encode(list.items[i].name, sizeof list.items[i].name, name);
        err = visit(context, name, list.items[i].size);
    }
    free(list.items);
    return err;
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
