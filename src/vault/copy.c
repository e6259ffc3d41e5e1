/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/lock.h"
#include "vault/tree.h"
#include "vault/writer.h"

/* Snapshots are saved when about so much was copied, so that a copy that takes days and is cut off need not
 * begin anew. */
#define BATCH_BYTES ((uint64_t)1 << 30)

struct copy {
    struct vault *from, *to;
    const struct vault_copy_options *options;
    struct vault_copy_result *result;
    struct snapshots wanted, there;
    struct loader *loader;
    struct writer *writer;
    bool *seen;                      /* per entry of the index of `from`: copied, or there already */
    uint8_t (*waiting)[SHA256_SIZE]; /* folders that are to be looked into */
    size_t waiting_count, waiting_room;
    uint64_t batch_bytes;
};

/* ---- which ---- */

static bool same_set(const struct snapshot_list_of_text *a, const struct snapshot_list_of_text *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < b->count; i++) {
        size_t at = 0;
        while (at < a->count && strcmp(a->items[at], b->items[i]) != 0)
            at++;
        if (at == a->count)
            return false;
    }
    return true;
}

static bool same_list(const struct snapshot_list_of_text *a, const struct snapshot_list_of_text *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

bool copy_is_same(const struct snapshot *a, const struct snapshot *b)
{
    return a->time_ns == b->time_ns && memcmp(a->tree, b->tree, SHA256_SIZE) == 0 &&
           strcmp(a->hostname, b->hostname) == 0 && strcmp(a->username, b->username) == 0 &&
           a->uid == b->uid && a->gid == b->gid && same_set(&a->paths, &b->paths) &&
           same_set(&a->tags, &b->tags) && same_list(&a->excludes, &b->excludes);
}

static const struct snapshot *find_copy(const struct copy *c, const struct snapshot *snapshot)
{
    const char *origin = *snapshot->original ? snapshot->original : snapshot->id;
    for (size_t i = 0; i < c->there.count; i++) {
        const struct snapshot *one = c->there.items[i];
        if ((strcmp(one->original, origin) == 0 || strcmp(one->id, origin) == 0) &&
            copy_is_same(one, snapshot))
            return one;
    }
    return NULL;
}

/* ---- the blobs ---- */

/* Copies a blob unless it is there; *fresh says whether it was met for the first time. */
static int copy_blob(struct copy *c, enum pack_type type, const uint8_t *id, bool *fresh)
{
    const struct index *index = vault_index(c->from);
    const struct index_entry *entry = index_find(index, type, id);
    const uint8_t *bytes;
    size_t length;
    if (entry && c->seen[entry - index->entries]) {
        *fresh = false;
        return 0;
    }
    *fresh = true;
    if (entry)
        c->seen[entry - index->entries] = true;
    if (index_find(vault_index(c->to), type, id))
        return 0;
    int err = loader_load(c->loader, type, id, &bytes, &length);
    if (err)
        return err;
    uint8_t made[SHA256_SIZE];
    c->batch_bytes += length;
    return writer_add(c->writer, type, mem_dup(bytes, length ? length : 1), length, made, NULL);
}

static int wait_for_folder(struct copy *c, const uint8_t *id)
{
    bool fresh;
    int err = copy_blob(c, PACK_TREE, id, &fresh);
    if (err || !fresh)
        return err;
    if (c->waiting_count == c->waiting_room) {
        c->waiting_room = c->waiting_room ? 2 * c->waiting_room : 64;
        c->waiting = mem_resize(c->waiting, c->waiting_room, sizeof *c->waiting);
    }
    memcpy(c->waiting[c->waiting_count++], id, SHA256_SIZE);
    return 0;
}

static int copy_node(struct copy *c, const struct node *node)
{
    int err = 0;
    bool fresh;
    if (node->type == NODE_DIR && node->has_subtree)
        return wait_for_folder(c, node->subtree);
    for (size_t i = 0; !err && i < node->content_count; i++)
        err = copy_blob(c, PACK_DATA, node->content[i], &fresh);
    return err;
}

/* Looks into the folder that waits last. */
static int copy_below(struct copy *c)
{
    uint8_t id[SHA256_SIZE];
    const uint8_t *bytes;
    size_t length;
    struct tree *tree;
    memcpy(id, c->waiting[--c->waiting_count], SHA256_SIZE);
    int err = loader_load(c->loader, PACK_TREE, id, &bytes, &length);
    if (!err)
        err = tree_decode(bytes, length, &tree);
    if (err)
        return err;
    for (size_t i = 0; !err && i < tree->count; i++)
        err = copy_node(c, &tree->nodes[i]);
    tree_free(tree);
    return err;
}

static int copy_data(struct copy *c, const struct snapshot *snapshot)
{
    if (c->options->on_start)
        c->options->on_start(c->options->context, snapshot);
    int err = wait_for_folder(c, snapshot->tree);
    while (!err && c->waiting_count > 0)
        err = copy_below(c);
    return err ? err_in(err, _("snapshot %.8s"), snapshot->id) : 0;
}

/* ---- the snapshots ---- */

static int save_one(struct copy *c, struct snapshot *snapshot)
{
    char old_id[VAULT_ID_TEXT];
    memcpy(old_id, snapshot->id, sizeof old_id);
    snapshot->parent[0] = '\0'; /* it says nothing in another repository */
    if (!*snapshot->original)
        snapshot->original = arena_copy(&snapshot->arena, old_id, strlen(old_id));
    int err = snapshot_save(c->to, snapshot);
    if (!err) {
        c->result->copied++;
        if (c->options->on_saved)
            c->options->on_saved(c->options->context, old_id, snapshot);
    }
    return err;
}

static void count(struct vault_copy_result *result, const struct writer_totals *totals)
{
    result->data_blobs += totals->data_blobs;
    result->tree_blobs += totals->tree_blobs;
    result->plain_bytes += totals->plain_bytes;
    result->stored_bytes += totals->stored_bytes;
}

/* Copies from the snapshot *next on, as many as make a batch, and saves them. After a failure, those whose
 * data is complete are saved all the same. */
static int copy_batch(struct copy *c, size_t *next)
{
    struct writer_totals totals;
    size_t first = *next;
    int err = 0;
    c->batch_bytes = 0;
    c->writer = writer_new(c->to);
    while (!err && *next < c->wanted.count && c->batch_bytes < BATCH_BYTES) {
        err = copy_data(c, c->wanted.items[*next]);
        *next += !err;
    }
    char *why MEM_AUTO = mem_strdup(err_text()), *hint MEM_AUTO = mem_strdup(err_hint_text());
    int stored = writer_finish(c->writer, &totals);
    count(c->result, &totals);
    writer_free(c->writer);
    for (size_t i = first; !stored && i < *next; i++)
        stored = save_one(c, c->wanted.items[i]);
    if (stored || !err)
        return stored;
    err_set((enum err)err, "%s", why);
    return *hint ? err_hint(err, "%s", hint) : err;
}

static void leave_out_copied(struct copy *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->wanted.count; i++) {
        struct snapshot *snapshot = c->wanted.items[i];
        const struct snapshot *as = find_copy(c, snapshot);
        if (!as) {
            c->wanted.items[kept++] = snapshot;
            continue;
        }
        c->result->skipped++;
        if (c->options->on_skipped)
            c->options->on_skipped(c->options->context, snapshot, as->id);
        snapshot_free(snapshot);
    }
    c->wanted.count = kept;
}

static int run(struct copy *c)
{
    const struct vault_copy_options *o = c->options;
    vault_rest(c->from); /* what was read before the locks may be out of date */
    vault_rest(c->to);
    int err = snapshot_select(c->from, o->ids, o->id_count, &o->filter, &c->wanted);
    if (err)
        return err;
    err = snapshot_read_all(c->to, NULL, NULL, &c->there);
    if (err)
        return err;
    leave_out_copied(c);
    err = vault_need_index(c->from);
    if (!err)
        err = vault_need_index(c->to);
    if (err)
        return err;
    c->seen = mem_zalloc(vault_index(c->from)->count + 1, sizeof *c->seen);
    c->loader = loader_new(c->from);
    for (size_t next = 0; !err && next < c->wanted.count;)
        err = copy_batch(c, &next);
    return err;
}

int vault_copy(struct vault *from, struct vault *to, const struct vault_copy_options *options,
               struct vault_copy_result *result)
{
    struct copy c = {.from = from, .to = to, .options = options, .result = result};
    struct lock *from_lock = NULL, *to_lock = NULL;
    *result = (struct vault_copy_result){0};
    int err = lock_take(from, false, &from_lock);
    if (err == ERR_READ_ONLY)
        err = 0;
    if (!err)
        err = lock_take(to, false, &to_lock);
    if (!err) {
        blob_sweep(vault_remover(to)); /* what cannot be removed takes room, no more */
        err = run(&c);
    }
    lock_release(to_lock);
    lock_release(from_lock);
    snapshot_free_all(&c.wanted);
    snapshot_free_all(&c.there);
    loader_free(c.loader);
    free(c.seen);
    free(c.waiting);
    vault_rest(from);
    vault_rest(to);
    return err;
}
