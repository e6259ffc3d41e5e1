/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/backup.h"

#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/store.h"
#include "vault/group.h"
#include "vault/lock.h"
#include "vault/walk.h"

static void pass_over(void *context, const char *name, int err)
{
    (void)context;
    (void)name;
    (void)err;
}

/* The newest snapshot of the same group, not newer than the time that was asked for. A damaged snapshot file
 * is passed over: the parent only saves reading. */
static int find_parent(const struct vault *vault, const struct vault_backup_options *options,
                       const struct snapshot *fresh, struct snapshot **out)
{
    *out = NULL;
    if (options->parent && !*options->parent)
        return 0;
    if (options->parent)
        return snapshot_find(vault, options->parent, NULL, out);
    struct snapshots list;
    int err = snapshot_read_all(vault, pass_over, NULL, &list);
    if (err)
        return err;
    unsigned by = options->parent_by_given ? options->parent_by : GROUP_BY_HOST | GROUP_BY_PATHS;
    for (size_t i = list.count; i-- > 0 && !*out;)
        if (group_same(list.items[i], fresh, by) &&
            (!options->time_ns || list.items[i]->time_ns <= options->time_ns)) {
            *out = list.items[i];
            list.items[i] = NULL;
        }
    snapshot_free_all(&list);
    return 0;
}

static void copy_list(struct arena *arena, const struct vault_backup_texts *from,
                      struct snapshot_list_of_text *to)
{
    to->items = arena_take(arena, (from->count + 1) * sizeof *to->items);
    for (size_t i = 0; i < from->count; i++)
        to->items[to->count++] = arena_copy(arena, from->items[i], strlen(from->items[i]));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct snapshot *describe(const struct vault_backup_options *options)
{
    struct snapshot *snapshot = snapshot_new();
    struct arena *arena = &snapshot->arena;
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    const char *name = options->hostname ? options->hostname : host;
    const char *program = options->program_version ? options->program_version : "beffroi " BEFFROI_VERSION;
    const struct passwd *user = getpwuid(geteuid());
    int64_t now = clock_system.wall_ns(clock_system.self);
    snapshot->time_ns = options->time_ns ? options->time_ns : now;
    snapshot->summary.backup_start_ns = now;
    snapshot->hostname = arena_copy(arena, name, strlen(name));
    snapshot->username = user ? arena_copy(arena, user->pw_name, strlen(user->pw_name)) : "";
    snapshot->program_version = arena_copy(arena, program, strlen(program));
    snapshot->uid = geteuid();
    snapshot->gid = getegid();
    copy_list(arena, &options->excludes, &snapshot->excludes);
    copy_list(arena, &options->tags, &snapshot->tags);
    snapshot->paths.items = arena_take(arena, (options->path_count + 2) * sizeof *snapshot->paths.items);
    if (options->stream)
        snapshot->paths.items[snapshot->paths.count++] =
            arena_copy(arena, options->stream->path, strlen(options->stream->path));
    for (size_t i = 0; i < options->path_count; i++) {
        char *absolute MEM_AUTO = source_absolute(options->paths[i]);
        snapshot->paths.items[snapshot->paths.count++] = arena_copy(arena, absolute, strlen(absolute));
    }
    qsort(snapshot->paths.items, snapshot->paths.count, sizeof *snapshot->paths.items, compare_texts);
    return snapshot;
}

static int finish(struct walk *walk, struct snapshot *snapshot, const struct snapshot *parent)
{
    struct writer_totals totals;
    int err = writer_finish(walk->writer, &totals);
    if (err)
        return err;
    struct snapshot_summary *sum = &walk->result->summary;
    sum->backup_start_ns = snapshot->summary.backup_start_ns;
    sum->backup_end_ns = clock_system.wall_ns(clock_system.self);
    sum->data_blobs = totals.data_blobs;
    sum->tree_blobs = totals.tree_blobs;
    sum->data_added = totals.plain_bytes;
    sum->data_added_packed = totals.stored_bytes;
    snapshot->summary = *sum;
    snapshot->has_summary = true;
    walk->result->skipped =
        walk->options->skip_if_unchanged && parent && memcmp(parent->tree, snapshot->tree, SHA256_SIZE) == 0;
    if (walk->options->dry_run || walk->result->skipped)
        return 0;
    err = snapshot_save(walk->vault, snapshot);
    if (!err)
        memcpy(walk->result->snapshot, snapshot->id, VAULT_ID_TEXT);
    return err;
}

static int save(struct walk *walk, struct snapshot *snapshot)
{
    const struct vault_backup_options *options = walk->options;
    struct source *root = NULL;
    struct snapshot *parent = NULL;
    int err = options->stream ? 0 : source_new(options->paths, options->path_count, &root);
    if (!err)
        err = find_parent(walk->vault, options, snapshot, &parent);
    if (!err)
        err = vault_need_index(walk->vault);
    if (!err) {
        if (parent) {
            memcpy(snapshot->parent, parent->id, VAULT_ID_TEXT);
            memcpy(walk->result->parent, parent->id, VAULT_ID_TEXT);
        }
        walk->writer = writer_new(walk->vault);
        walk->loader = loader_new(walk->vault);
        err = options->stream ? walk_save_stream(walk, parent, snapshot->tree)
                              : walk_save(walk, root, parent, snapshot->tree);
    }
    if (!err)
        err = finish(walk, snapshot, parent);
    /* Freeing may write an index and overwrite the text. */
    char *text MEM_AUTO = mem_strdup(err_text()), *hint MEM_AUTO = mem_strdup(err_hint_text());
    writer_free(walk->writer);
    loader_free(walk->loader);
    snapshot_free(parent);
    source_free(root);
    if (err)
        err_hint(err_set((enum err)err, "%s", text), "%s", hint);
    return err;
}

static int explain(struct vault *vault, int err)
{
    if (err == ERR_NO_SPACE)
        return err_hint(
            err,
            _("make room where %s lies; nothing that it held is lost, and the next backup uses what "
              "this one could still store"),
            vault_path(vault));
    if (err == ERR_READ_ONLY)
        return err_hint(err, _("%s is read-only: mount it writable"), vault_path(vault));
    return err;
}

int vault_backup(struct vault *vault, const struct vault_backup_options *options,
                 struct vault_backup_result *result)
{
    *result = (struct vault_backup_result){0};
    if (options->path_count == 0 && !options->stream)
        return err_set(ERR_INVALID, _("no path to save"));
    struct lock *lock;
    int err = lock_take(vault, false, &lock);
    if (err)
        return explain(vault, err);
    blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    struct walk walk = {.vault = vault, .options = options, .result = result, .names = owner_new()};
    buf_init(&walk.path, (size_t)1 << 20);
    chunker_init(&walk.chunker, vault_polynomial(vault));
    struct snapshot *snapshot = describe(options);
    walk.taken_ns = snapshot->time_ns;
    err = save(&walk, snapshot);
    snapshot_free(snapshot);
    owner_free(walk.names);
    free(walk.chunk);
    free(walk.content);
    buf_free(&walk.path);
    lock_release(lock);
    vault_rest(vault); /* the index does not know where the new blobs are */
    if (err)
        return explain(vault, err);
    if (result->problems)
        return err_set(ERR_PARTIAL,
                       _("the snapshot was made, but %llu files are missing in it or changed while "
                         "they were read"),
                       (unsigned long long)result->problems);
    return 0;
}
