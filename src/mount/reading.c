/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/reading.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mount/ahead.h"
#include "mount/cache.h"

#define FILES_AHEAD   8
#define SEARCH_AHEAD  64                  /* nodes looked at for the next files */
#define ALMOST        ((uint64_t)1 << 20) /* the kernel's requests overtake each other */
#define FOLDERS_KNOWN 16

/* Where the chunks of a file begin. */
struct layout {
    size_t count;
    _Atomic uint64_t next; /* where a reader who goes on would read */
    const uint8_t (*ids)[SHA256_SIZE];
    uint64_t offsets[]; /* count + 1 of them, then the ids */
};

struct chunk {
    size_t length;
    uint8_t bytes[];
};

struct reading {
    struct pool *pool;
    struct cache *chunks, *layouts;
    struct ahead *ahead;
    /* The file that was read last in a folder, by the folder's hash: a hint, races do no harm. */
    _Atomic uint64_t last_file[FOLDERS_KNOWN];
};

/* ---- chunks ---- */

static int keep_chunk(void *context, const uint8_t *bytes, size_t length)
{
    struct chunk **out = context;
    *out = mem_resize(NULL, sizeof **out + length, 1);
    (*out)->length = length;
    memcpy((*out)->bytes, bytes, length);
    return 0;
}

static int make_chunk(void *context, const struct cache_key *key, void **value, size_t *cost)
{
    struct chunk *chunk;
    int err = pool_load(context, PACK_DATA, key->id, keep_chunk, &chunk);
    if (err)
        return err;
    *value = chunk;
    *cost = sizeof *chunk + chunk->length;
    return 0;
}

static int get_chunk(struct reading *reading, const uint8_t *id, struct cache_entry **out)
{
    struct cache_key key = {.number = 0};
    memcpy(key.id, id, SHA256_SIZE);
    return cache_get(reading->chunks, &key, make_chunk, reading->pool, out);
}

static void fetch(void *context, const uint8_t id[static SHA256_SIZE])
{
    struct reading *reading = context;
    struct cache_entry *entry;
    if (get_chunk(reading, id, &entry) == 0) /* a failure is told to who reads it */
        cache_release(reading->chunks, entry);
}

static void prefetch(struct reading *reading, const uint8_t *id)
{
    struct cache_key key = {.number = 0};
    memcpy(key.id, id, SHA256_SIZE);
    if (!cache_has(reading->chunks, &key))
        ahead_want(reading->ahead, id);
}

/* ---- layouts ---- */

struct layout_wish {
    struct pool *pool;
    const struct node *node;
};

static int make_layout(void *context, const struct cache_key *key, void **value, size_t *cost)
{
    const struct layout_wish *wish = context;
    const struct node *node = wish->node;
    size_t count = node->content_count;
    (void)key;
    *cost = sizeof(struct layout) + (count + 1) * sizeof(uint64_t) + count * SHA256_SIZE;
    struct layout *layout = mem_zalloc(1, *cost);
    uint8_t *ids = (uint8_t *)(layout->offsets + count + 1);
    layout->count = count;
    layout->ids = (const uint8_t(*)[SHA256_SIZE])(void *)ids;
    if (count)
        memcpy(ids, node->content, count * SHA256_SIZE);
    int err = pool_offsets(wish->pool, layout->ids, count, layout->offsets);
    if (!err && layout->offsets[count] != node->size)
        err = err_set(ERR_CORRUPT, _("its chunks hold %llu of its %llu bytes"),
                      (unsigned long long)layout->offsets[count], (unsigned long long)node->size);
    if (err)
        free(layout);
    else
        *value = layout;
    return err;
}

/* The chunk that holds the byte at `offset`, which is before the end. Empty chunks hold none. */
static size_t chunk_at(const struct layout *layout, uint64_t offset)
{
    size_t low = 0, high = layout->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (layout->offsets[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- what will be read next ---- */

static void chunks_ahead(struct reading *reading, struct layout *layout, uint64_t offset, size_t size,
                         size_t last)
{
    uint64_t expected = atomic_exchange(&layout->next, offset + size);
    if (offset + ALMOST < expected || offset > expected + ALMOST)
        return;
    for (size_t i = last + 1; i < layout->count && i <= last + READING_AHEAD; i++)
        prefetch(reading, layout->ids[i]);
}

/* The first chunks of the next files of the folder, if its files are read in their order. */
static void files_ahead(struct reading *reading, const uint8_t *id, const struct tree *tree, uint32_t index)
{
    uint32_t hash;
    memcpy(&hash, id, sizeof hash);
    uint64_t mark = (uint64_t)hash << 32 | index;
    uint64_t before = atomic_exchange(&reading->last_file[hash % FOLDERS_KNOWN], mark);
    if (before >= mark || mark - before > SEARCH_AHEAD)
        return;
    unsigned found = 0;
    for (size_t i = index + (size_t)1; i < tree->count && i <= index + (size_t)SEARCH_AHEAD; i++) {
        const struct node *node = &tree->nodes[i];
        if (node->type != NODE_FILE || node->content_count == 0)
            continue;
        prefetch(reading, node->content[0]);
        if (++found == FILES_AHEAD)
            break;
    }
}

/* ---- reading ---- */

/* One chunk's part of a range. */
struct part {
    struct cache_entry *entry; /* keeps the bytes */
    const uint8_t *bytes;
    size_t length;
};

static int read_part(struct reading *reading, const struct layout *layout, size_t i, uint64_t offset,
                     size_t size, struct part *out)
{
    int err = get_chunk(reading, layout->ids[i], &out->entry);
    if (err)
        return err;
    const struct chunk *chunk = cache_value(out->entry);
    uint64_t from = offset - layout->offsets[i];
    if (layout->offsets[i] + chunk->length != layout->offsets[i + 1] || from >= chunk->length) {
        cache_release(reading->chunks, out->entry);
        return err_set(ERR_CORRUPT, _("the index is wrong about the size of a chunk"));
    }
    out->bytes = chunk->bytes + from;
    out->length = chunk->length - from < size ? (size_t)(chunk->length - from) : size;
    return 0;
}

static int read_layout(struct reading *reading, struct layout *layout, uint64_t offset, size_t size,
                       reading_give *give, void *context)
{
    uint8_t *whole MEM_AUTO = NULL;
    size_t done = 0, i = chunk_at(layout, offset);
    while (done < size) {
        struct part part = {.entry = NULL};
        while (layout->offsets[i + 1] == layout->offsets[i])
            i++;
        int err = read_part(reading, layout, i, offset + done, size - done, &part);
        if (err)
            return err;
        if (part.length == size) { /* as a rule: no copy */
            chunks_ahead(reading, layout, offset, size, i);
            give(context, part.bytes, size);
        } else {
            whole = whole ? whole : mem_resize(NULL, size, 1);
            memcpy(whole + done, part.bytes, part.length);
        }
        cache_release(reading->chunks, part.entry);
        done += part.length;
        i++;
    }
    if (whole) {
        chunks_ahead(reading, layout, offset, size, i - 1);
        give(context, whole, size);
    }
    return 0;
}

int reading_read(struct reading *reading, const uint8_t id[static SHA256_SIZE], const struct tree *tree,
                 uint32_t index, uint64_t offset, size_t size, reading_give *give, void *context)
{
    const struct node *node = &tree->nodes[index];
    struct layout_wish wish = {reading->pool, node};
    struct cache_key key = {.number = index};
    struct cache_entry *entry;
    if (offset >= node->size || size == 0) {
        give(context, "", 0);
        return 0;
    }
    if (size > node->size - offset)
        size = (size_t)(node->size - offset);
    memcpy(key.id, id, SHA256_SIZE);
    int err = cache_get(reading->layouts, &key, make_layout, &wish, &entry);
    if (err)
        return err;
    if (offset + size == node->size)
        files_ahead(reading, id, tree, index);
    err = read_layout(reading, cache_value(entry), offset, size, give, context);
    cache_release(reading->layouts, entry);
    return err;
}

struct reading *reading_new(struct pool *pool)
{
    struct reading *reading = mem_zalloc(1, sizeof *reading);
    reading->pool = pool;
    reading->chunks = cache_new(READING_CHUNKS, free);
    reading->layouts = cache_new(READING_LAYOUTS, free);
    reading->ahead = ahead_new(READING_AHEAD, fetch, reading);
    return reading;
}

void reading_free(struct reading *reading)
{
    if (!reading)
        return;
    ahead_free(reading->ahead);
    cache_free(reading->chunks);
    cache_free(reading->layouts);
    free(reading);
}
