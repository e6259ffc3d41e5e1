/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/forget.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/localstream.h"
#include "vault/lock.h"

struct forget {
    struct vault *vault;
    const struct vault_forget_options *options;
    struct snapshots list; /* oldest first */
    struct snapshot_group *groups;
    size_t group_count;
    struct forget_group *judged; /* one per group */
};

static int judge_groups(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    f->group_count = groups_make(&f->list, &o->filter, o->group_by, &f->groups);
    f->judged = mem_zalloc(f->group_count + 1, sizeof *f->judged);
    for (size_t i = 0; i < f->group_count; i++) {
        struct forget_group *group = &f->judged[i];
        group->snapshots = f->groups[i].items;
        group->count = f->groups[i].count;
        group->verdicts = mem_zalloc(group->count, sizeof *group->verdicts);
        if (!retention_is_empty(&o->policy))
            retention_apply(&o->policy, group->snapshots, group->count, o->now_ns, group->verdicts);
        for (size_t n = 0; n < group->count; n++)
            group->kept += group->verdicts[n].keep;
    }
    for (size_t i = 0; i < f->group_count && !o->remove_all; i++)
        if (f->judged[i].kept == 0)
            return err_hint(err_set(ERR_INVALID, _("that would remove all %zu snapshots of %s"),
                                    f->judged[i].count, f->judged[i].snapshots[0]->hostname),
                            _("if this is meant, say --unsafe-allow-remove-all; nothing was removed"));
    return 0;
}

static int remove_one(struct forget *f, const struct snapshot *snapshot)
{
    int err = f->options->dry_run ? 0 : blob_prune(vault_pruner(f->vault), BLOB_SNAPSHOT, snapshot->id);
    if (!err && f->options->on_removed)
        f->options->on_removed(f->options->context, snapshot);
    return err;
}

static int by_policy(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    int err = judge_groups(f);
    for (size_t i = 0; !err && i < f->list.count; i++)
        if (o->on_future && f->list.items[i]->time_ns > o->now_ns)
            o->on_future(o->context, f->list.items[i]);
    for (size_t i = 0; !err && o->on_group && i < f->group_count; i++)
        o->on_group(o->context, &f->judged[i]);
    for (size_t i = 0; !err && i < f->group_count; i++)
        for (size_t n = 0; !err && n < f->judged[i].count; n++)
            if (!f->judged[i].verdicts[n].keep)
                err = remove_one(f, f->judged[i].snapshots[n]);
    return err;
}

/* All names are looked up before the first snapshot goes. */
static int by_ids(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    struct snapshot **found MEM_AUTO = mem_zalloc(o->id_count, sizeof(struct snapshot *));
    int err = 0;
    for (size_t i = 0; !err && i < o->id_count; i++)
        err = snapshot_find(f->vault, o->ids[i], &o->filter, &found[i]);
    for (size_t i = 0; !err && i < o->id_count; i++)
        err = remove_one(f, found[i]);
    for (size_t i = 0; i < o->id_count; i++)
        snapshot_free(found[i]);
    return err;
}

static int older_first(const void *a, const void *b)
{
    int64_t left = (*(struct snapshot *const *)a)->time_ns, right = (*(struct snapshot *const *)b)->time_ns;
    return left < right ? -1 : left > right;
}

static int take_arrivals(struct forget *f)
{
    const struct blob_store *store = vault_reader(f->vault).store;
    struct local_object file;
    if (!local_is(store))
        return err_set(ERR_UNSUPPORTED, _("only a local folder tells when a snapshot arrived, not %s"),
                       vault_path(f->vault));
    for (size_t i = 0; i < f->list.count; i++) {
        struct snapshot *snapshot = f->list.items[i];
        int err = local_object_look(store, BLOB_SNAPSHOT, snapshot->id, &file);
        if (err)
            return err;
        snapshot->time_ns = file.arrived_ns;
    }
    qsort(f->list.items, f->list.count, sizeof *f->list.items, older_first);
    return 0;
}

static int run(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    if (o->id_count > 0)
        return by_ids(f);
    if (retention_is_empty(&o->policy) && !(o->remove_all && !snapshot_filter_is_empty(&o->filter)))
        return err_hint(
            err_set(ERR_INVALID, _("neither snapshots nor rules were named; nothing was removed")),
            _("for example: --keep-daily 7 --keep-weekly 5 --keep-monthly 12"));
    int err = snapshot_read_all(f->vault, NULL, NULL, &f->list);
    if (!err && o->by_arrival)
        err = take_arrivals(f);
    return err ? err : by_policy(f);
}

int vault_forget(struct vault *vault, const struct vault_forget_options *options)
{
    struct forget f = {.vault = vault, .options = options};
    struct lock *lock = NULL;
    int err = lock_take(vault, !options->dry_run, &lock);
    if (err)
        return err;
    err = run(&f);
    lock_release(lock);
    for (size_t i = 0; i < f.group_count; i++)
        free(f.judged[i].verdicts);
    free(f.judged);
    groups_free(f.groups, f.group_count);
    snapshot_free_all(&f.list);
    return err;
}
