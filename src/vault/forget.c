/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/forget.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/lock.h"

struct forget {
    struct vault *vault;
    const struct vault_forget_options *options;
    struct snapshots list; /* oldest first */
    struct forget_group *groups;
    size_t group_count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same texts, whatever their order. */
static bool same_texts(const struct snapshot_list_of_text *a, const struct snapshot_list_of_text *b)
{
    if (a->count != b->count)
        return false;
    if (a->count == 0)
        return true;
    const char **x MEM_AUTO = mem_dup(a->items, a->count * sizeof *x);
    const char **y MEM_AUTO = mem_dup(b->items, b->count * sizeof *y);
    qsort(x, a->count, sizeof *x, by_text);
    qsort(y, b->count, sizeof *y, by_text);
    bool same = true;
    for (size_t i = 0; i < a->count && same; i++)
        same = strcmp(x[i], y[i]) == 0;
    return same;
}

static bool same_group(const struct snapshot *a, const struct snapshot *b, unsigned by)
{
    return (!(by & FORGET_BY_HOST) || strcmp(a->hostname, b->hostname) == 0) &&
           (!(by & FORGET_BY_PATHS) || same_texts(&a->paths, &b->paths)) &&
           (!(by & FORGET_BY_TAGS) || same_texts(&a->tags, &b->tags));
}

static void add_to_group(struct forget *f, struct snapshot *snapshot)
{
    struct forget_group *group = NULL;
    for (size_t i = 0; i < f->group_count && !group; i++)
        if (same_group(f->groups[i].snapshots[0], snapshot, f->options->group_by))
            group = &f->groups[i];
    if (!group) {
        f->groups = mem_resize(f->groups, f->group_count + 1, sizeof *f->groups);
        group = &f->groups[f->group_count++];
        *group = (struct forget_group){0};
    }
    group->snapshots = mem_resize(group->snapshots, group->count + 1, sizeof(struct snapshot *));
    group->snapshots[group->count++] = snapshot;
}

static int judge_groups(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    for (size_t i = f->list.count; i > 0; i--)
        if (snapshot_matches(f->list.items[i - 1], &o->filter))
            add_to_group(f, f->list.items[i - 1]);
    for (size_t i = 0; i < f->group_count; i++) {
        struct forget_group *group = &f->groups[i];
        group->verdicts = mem_zalloc(group->count, sizeof *group->verdicts);
        if (!retention_is_empty(&o->policy))
            retention_apply(&o->policy, group->snapshots, group->count, o->now_ns, group->verdicts);
        for (size_t n = 0; n < group->count; n++)
            group->kept += group->verdicts[n].keep;
    }
    for (size_t i = 0; i < f->group_count && !o->remove_all; i++)
        if (f->groups[i].kept == 0)
            return err_hint(err_set(ERR_INVALID, _("that would remove all %zu snapshots of %s"),
                                    f->groups[i].count, f->groups[i].snapshots[0]->hostname),
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
        o->on_group(o->context, &f->groups[i]);
    for (size_t i = 0; !err && i < f->group_count; i++)
        for (size_t n = 0; !err && n < f->groups[i].count; n++)
            if (!f->groups[i].verdicts[n].keep)
                err = remove_one(f, f->groups[i].snapshots[n]);
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

static bool has_filter(const struct snapshot_filter *filter)
{
    return filter->hostname || filter->path_count || filter->tag_count;
}

static int run(struct forget *f)
{
    const struct vault_forget_options *o = f->options;
    if (o->id_count > 0)
        return by_ids(f);
    if (retention_is_empty(&o->policy) && !(o->remove_all && has_filter(&o->filter)))
        return err_hint(
            err_set(ERR_INVALID, _("neither snapshots nor rules were named; nothing was removed")),
            _("for example: --keep-daily 7 --keep-weekly 5 --keep-monthly 12"));
    int err = snapshot_read_all(f->vault, NULL, NULL, &f->list);
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
    for (size_t i = 0; i < f.group_count; i++) {
        free(f.groups[i].snapshots);
        free(f.groups[i].verdicts);
    }
    free(f.groups);
    snapshot_free_all(&f.list);
    return err;
}
