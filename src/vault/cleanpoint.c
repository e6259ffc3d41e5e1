/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/cleanpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/group.h"
#include "vault/lock.h"

/* ---- the decision ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* What a step may have without counting: one and a half times the lowest tenth, so that an attack that goes
 * on for most of the snapshots does not become its own measure. A few steps say nothing of what is usual. */
static double allowance(const uint64_t *harmed, size_t count)
{
    if (count <= CLEAN_USUAL_STEPS)
        return 1;
    uint64_t *sorted MEM_AUTO = mem_dup(harmed + 1, (count - 1) * sizeof *sorted);
    qsort(sorted, count - 1, sizeof *sorted, by_number);
    return 1 + 1.5 * (double)sorted[(count - 1) / 10];
}

size_t clean_find_turn(const uint64_t *harmed, size_t count, size_t from, size_t *alarm)
{
    double allowed = allowance(harmed, count), sum = 0;
    size_t began = count;
    for (size_t i = from > 0 ? from : 1; i < count; i++) {
        double next = sum + (double)harmed[i] - allowed;
        if (next <= 0) {
            sum = 0;
            continue;
        }
        if (sum <= 0)
            began = i;
        sum = next;
        if (sum >= CLEAN_ALARM) {
            *alarm = i;
            return began;
        }
    }
    *alarm = count;
    return count;
}

/* Whether at least half of what was harmed from the turn to the alarm is as before in the newest. */
static int is_undone(struct harm_history *history, const struct clean_group *group, size_t turn, size_t alarm,
                     bool *undone)
{
    uint64_t harmed = 0, differing = 0;
    for (size_t i = turn; i <= alarm; i++)
        harmed += harm_total(&group->steps[i].harm);
    int err = harm_count_differing(history, group->steps[turn - 1].snapshot,
                                   group->steps[group->count - 1].snapshot, &differing);
    *undone = !err && 2 * differing < harmed;
    return err;
}

static void add_up(struct clean_group *group, size_t turn, size_t alarm)
{
    struct harm *sum = &group->since_turn;
    for (size_t i = turn; i <= alarm; i++) {
        const struct harm *harm = &group->steps[i].harm;
        for (size_t kind = 0; kind < HARM_KINDS; kind++)
            sum->harmed[kind] += harm->harmed[kind];
        sum->changed += harm->changed;
        sum->gone += harm->gone;
        sum->new_plain += harm->new_plain;
        sum->new_stored += harm->new_stored;
        if (harm->harmed[HARM_GROWN_ALIKE] > 0)
            sum->growth = harm->growth;
        if (!sum->ending[0])
            memcpy(sum->ending, harm->ending, sizeof sum->ending);
        if (!sum->first)
            sum->first = harm->first;
    }
}

static int find_turn(struct harm_history *history, struct clean_group *group)
{
    uint64_t *harmed MEM_AUTO = mem_zalloc(group->count + 1, sizeof *harmed);
    size_t from = 1, alarm;
    for (size_t i = 0; i < group->count; i++)
        harmed[i] = harm_total(&group->steps[i].harm);
    for (;;) {
        bool undone = false;
        group->turn = clean_find_turn(harmed, group->count, from, &alarm);
        if (group->turn == group->count)
            return 0;
        int err = is_undone(history, group, group->turn, alarm, &undone);
        if (err)
            return err;
        if (!undone)
            break;
        from = alarm + 1;
    }
    add_up(group, group->turn, alarm);
    return 0;
}

static int by_ratio(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double usual_ratio(const struct clean_group *group)
{
    double *ratios MEM_AUTO = mem_zalloc(group->count + 1, sizeof *ratios);
    size_t count = 0;
    for (size_t i = 0; i < group->turn; i++)
        if (harm_ratio(&group->steps[i].harm) > 0)
            ratios[count++] = harm_ratio(&group->steps[i].harm);
    if (count == 0)
        return 0;
    qsort(ratios, count, sizeof *ratios, by_ratio);
    return ratios[count / 2];
}

/* ---- the groups ---- */

static int judge_group(struct vault *vault, const struct snapshot_group *snapshots,
                       const struct clean_options *options, size_t *bad)
{
    struct clean_group group = {0};
    struct harm_history history;
    harm_history_begin(vault, &history);
    group.blind = !history.compressed;
    group.steps = mem_zalloc(snapshots->count, sizeof *group.steps);
    for (size_t i = snapshots->count; i > 0; i--) {
        struct clean_step *step = &group.steps[group.count];
        step->snapshot = snapshots->items[i - 1];
        int err = harm_measure(&history, group.count ? step[-1].snapshot : NULL, step->snapshot, &step->harm);
        if (!err)
            group.count++;
        else if (options->on_bad)
            options->on_bad(options->context, step->snapshot->id, err);
        *bad += err != 0;
    }
    int err = find_turn(&history, &group);
    group.usual_ratio = usual_ratio(&group);
    if (!err && group.count > 0)
        options->on_group(options->context, &group);
    harm_history_end(&history);
    for (size_t i = 0; i < group.count; i++)
        harm_free(&group.steps[i].harm);
    free(group.steps);
    return err;
}

struct bad_count {
    const struct clean_options *options;
    size_t count;
};

static void count_bad(void *context, const char *name, int err)
{
    struct bad_count *bad = context;
    bad->count++;
    if (bad->options->on_bad)
        bad->options->on_bad(bad->options->context, name, err);
}

static int judge_all(struct vault *vault, const struct clean_options *options)
{
    struct bad_count bad = {.options = options};
    struct snapshots list;
    struct snapshot_group *groups;
    int err = vault_need_index(vault);
    if (!err)
        err = snapshot_read_all(vault, count_bad, &bad, &list);
    if (err)
        return err;
    size_t count = groups_make(&list, &options->filter, GROUP_BY_HOST | GROUP_BY_PATHS, &groups);
    for (size_t i = 0; !err && i < count; i++)
        err = judge_group(vault, &groups[i], options, &bad.count);
    groups_free(groups, count);
    snapshot_free_all(&list);
    if (!err && bad.count > 0)
        err = err_hint(
            err_set(ERR_PARTIAL,
                    P_("%zu snapshot could not be read", "%zu snapshots could not be read", bad.count),
                    bad.count),
            _("beffroi vault check tells what is damaged"));
    return err;
}

int vault_clean_point(struct vault *vault, const struct clean_options *options)
{
    struct lock *lock = NULL;
    int err = options->no_lock ? 0 : lock_take(vault, false, &lock);
    if (err)
        return err;
    err = judge_all(vault, options);
    lock_release(lock);
    return err;
}
