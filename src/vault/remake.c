/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/remake.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "vault/lock.h"

/* What is to become of one snapshot. */
struct plan {
    enum vault_remade what;
    uint8_t tree[SHA256_SIZE];
    uint64_t files, bytes;
};

static const uint8_t no_tree[SHA256_SIZE];

static int plan_one(struct remake *r, const struct snapshot *snapshot, struct plan *plan)
{
    const struct vault_remake_options *o = r->options;
    memcpy(plan->tree, snapshot->tree, SHA256_SIZE);
    if (o->on_start)
        o->on_start(o->context, snapshot);
    if (r->no_trees)
        return 0;
    int err = treerewrite_run(&r->trees, snapshot->tree, plan->tree);
    if (err)
        return err_in(err, "%.8s", snapshot->id);
    plan->files = r->trees.files;
    plan->bytes = r->trees.bytes;
    if (memcmp(plan->tree, no_tree, SHA256_SIZE) == 0)
        plan->what = o->forget ? VAULT_REMADE_GONE : VAULT_REMADE_LOST;
    else if (memcmp(plan->tree, snapshot->tree, SHA256_SIZE) != 0)
        plan->what = VAULT_REMADE_NEW;
    return 0;
}

static int plan_all(struct remake *r, const struct snapshots *list, struct plan *plans)
{
    struct writer_totals totals;
    r->trees.vault = r->vault;
    r->trees.loader = loader_new(r->vault);
    r->trees.writer = r->options->dry_run || r->no_trees ? NULL : writer_new(r->vault);
    int err = 0;
    for (size_t i = 0; !err && i < list->count; i++)
        err = plan_one(r, list->items[i], &plans[i]);
    if (!err && r->trees.writer)
        err = writer_finish(r->trees.writer, &totals);
    writer_free(r->trees.writer);
    loader_free(r->trees.loader);
    treerewrite_end(&r->trees);
    return err;
}

static void change(struct remake *r, struct snapshot *snapshot, const struct plan *plan)
{
    snapshot->original = arena_copy(&snapshot->arena, snapshot->id, strlen(snapshot->id));
    memcpy(snapshot->tree, plan->tree, SHA256_SIZE);
    if (snapshot->has_summary && r->trees.by_path && !r->no_trees) {
        snapshot->summary.total_files_processed = plan->files;
        snapshot->summary.total_bytes_processed = plan->bytes;
    }
    if (!r->options->forget)
        snapshot_add_tag(snapshot, r->tag);
}

static int carry_out(struct remake *r, struct snapshot *snapshot, struct plan *plan)
{
    const struct vault_remake_options *o = r->options;
    char old_id[VAULT_ID_TEXT];
    int err = 0;
    memcpy(old_id, snapshot->id, sizeof old_id);
    if (plan->what <= VAULT_REMADE_NEW && r->edit && r->edit(r->trees.context, snapshot))
        plan->what = VAULT_REMADE_NEW;
    if (plan->what == VAULT_REMADE_NEW) {
        change(r, snapshot, plan);
        snapshot->id[0] = '\0';
        err = o->dry_run ? 0 : snapshot_save(r->vault, snapshot);
    }
    bool goes = plan->what == VAULT_REMADE_GONE || (plan->what == VAULT_REMADE_NEW && o->forget);
    if (!err && goes && !o->dry_run)
        err = blob_prune(vault_pruner(r->vault), BLOB_SNAPSHOT, old_id);
    if (!err && o->on_done)
        o->on_done(o->context, old_id, plan->what, snapshot);
    return err;
}

static int work(struct remake *r)
{
    struct snapshots list;
    vault_rest(r->vault); /* what was read before the lock may be out of date */
    int err = vault_need_index(r->vault);
    if (!err)
        err = snapshot_select(r->vault, r->options->ids, r->options->id_count, &r->options->filter, &list);
    if (err)
        return err;
    struct plan *plans MEM_AUTO = mem_zalloc(list.count + 1, sizeof *plans);
    err = plan_all(r, &list, plans);
    for (size_t i = 0; !err && i < list.count; i++)
        err = carry_out(r, list.items[i], &plans[i]);
    snapshot_free_all(&list);
    return err;
}

int remake_run(struct remake *r)
{
    struct lock *lock;
    bool exclusive = (r->options->forget || r->exclusive) && !r->options->dry_run;
    int err = lock_take(r->vault, exclusive, &lock);
    if (err)
        return err;
    if (!r->options->dry_run)
        blob_sweep(vault_remover(r->vault)); /* what cannot be removed takes room, no more */
    err = work(r);
    lock_release(lock);
    vault_rest(r->vault);
    return err;
}
