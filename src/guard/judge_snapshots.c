/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When to snapshot. All on the monotonic clock: a wall clock set back an hour must not stop the backups. A
 * tree with an attack under way is left alone until it is recovered, so that spoiled files do not get a
 * snapshot of their own.
 */
#include <stdio.h>
#include <string.h>

#include "guard/judge_state.h"

#define RETRY_NS (60 * NS_PER_SECOND) /* after a failed snapshot */

void judge_snapshots_start(struct judge *j)
{
    for (size_t i = 0; i < j->config->tree_count; i++)
        j->snapshots[i].due_ns = judge_monotonic(j);
}

static void order_snapshot(struct judge *j, uint32_t tree)
{
    struct order order = {.kind = ORDER_SNAPSHOT, .tree = tree};
    /* The vault may answer before judge_order returns. */
    j->snapshots[tree].order = j->next_order;
    judge_order(j, &order);
}

void judge_snapshots_tick(struct judge *j)
{
    if (!j->vault.open)
        return;
    for (uint32_t tree = 0; tree < j->config->tree_count; tree++) {
        struct tree_snapshot *s = &j->snapshots[tree];
        if (s->order == 0 && judge_monotonic(j) >= s->due_ns && !judge_tree_in_trouble(j, tree))
            order_snapshot(j, tree);
    }
}

void judge_snapshots_lost(struct judge *j)
{
    for (size_t i = 0; i < j->config->tree_count; i++) {
        if (j->snapshots[i].order)
            j->snapshots[i].due_ns = judge_monotonic(j);
        j->snapshots[i].order = 0;
    }
}

static void tell_held(struct judge *j, uint32_t tree)
{
    const struct tree_snapshot *s = &j->snapshots[tree];
    struct message m = {.type = MSG_HELD, .held = {.tree = tree, .snapshot = s->version}};
    memcpy(m.held.file, s->held_file, sizeof m.held.file);
    if (s->held_file[0])
        judge_send(j, ROLE_SENSOR, &m);
}

void judge_snapshots_tell(struct judge *j)
{
    for (uint32_t tree = 0; tree < j->config->tree_count; tree++)
        tell_held(j, tree);
}

void judge_snapshot_now(struct judge *j, uint32_t tree)
{
    for (uint32_t i = 0; i < j->config->tree_count; i++) {
        if (tree != UINT32_MAX && tree != i)
            continue;
        j->snapshots[i].due_ns = judge_monotonic(j);
        j->snapshots[i].again = j->snapshots[i].order != 0;
    }
    judge_snapshots_tick(j);
}

void judge_snapshot_done(struct judge *j, const struct msg_snapshot *m)
{
    if (m->tree >= j->config->tree_count)
        return;
    struct tree_snapshot *s = &j->snapshots[m->tree];
    s->known = true;
    memcpy(s->id, m->id, sizeof s->id);
    s->files = m->files;
    s->bytes = m->bytes;
    s->time_ns = m->time_ns;
    s->version = m->snapshot;
    memcpy(s->held_file, m->held_file, sizeof s->held_file);
    tell_held(j, m->tree);
    struct snapshot_result result = {.tree_path = judge_tree_path(j, m->tree),
                                     .started_ns = m->time_ns,
                                     .files = m->files,
                                     .new_bytes = m->added,
                                     .text = ""};
    memcpy(result.id, m->id, sizeof result.id);
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_snapshot(&now, &result), false);
}

static int64_t next_due(const struct judge *j, uint32_t tree, bool failed)
{
    int64_t every = j->config->trees[tree].snapshot_every_ns;
    if (failed)
        return judge_monotonic(j) + (every > RETRY_NS ? RETRY_NS : every);
    return judge_monotonic(j) + (j->snapshots[tree].again ? 0 : every);
}

void judge_snapshot_action(struct judge *j, const struct action *action)
{
    if (action->tree >= j->config->tree_count)
        return;
    struct tree_snapshot *s = &j->snapshots[action->tree];
    if (action->order != s->order)
        return;
    s->order = 0;
    s->due_ns = next_due(j, action->tree, action->result == ACTION_FAILED);
    s->again = false;
    snprintf(s->failure, sizeof s->failure, "%s", action->result == ACTION_DONE ? "" : action->text);
    if (action->result == ACTION_DONE)
        return;
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_action(&now, action, judge_tree_path(j, action->tree)), true);
}
