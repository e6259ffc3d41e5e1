/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "guard/judge_state.h"

int64_t judge_now(const struct judge *j)
{
    return j->clock->wall_ns(j->clock->self);
}

int64_t judge_monotonic(const struct judge *j)
{
    return j->clock->monotonic_ns(j->clock->self);
}

struct entry_context judge_entry(const struct judge *j)
{
    return (struct entry_context){.host = j->config->name, .time_ns = judge_now(j)};
}

const char *judge_tree_path(const struct judge *j, uint32_t tree)
{
    return tree < j->config->tree_count ? j->config->trees[tree].path : "";
}

void judge_send(struct judge *j, enum role to, const struct message *m)
{
    j->ops->send(to, m, j->self);
}

static void on_alert(const struct alert *alert, void *self)
{
    judge_open_case(self, alert);
}

static void on_watch(enum scope scope, const struct actor *who, uint32_t tree, bool on, void *self)
{
    struct message m = {.type = MSG_WATCH, .watch = {.scope = (uint32_t)scope, .tree = tree, .on = on}};
    if (who)
        m.watch.actor = *who;
    judge_send(self, ROLE_SENSOR, &m);
}

struct judge *judge_new(const struct config *config, const struct clock *clock, const struct judge_ops *ops,
                        void *self)
{
    struct judge *j = mem_zalloc(1, sizeof *j);
    j->config = config;
    j->clock = clock;
    j->ops = ops;
    j->self = self;
    const struct detect_sink sink = {.alert = on_alert, .watch = on_watch, .self = j};
    j->detect = detect_new(&sink, config->tree_count);
    j->history = history_new();
    j->unwritten_end = &j->unwritten;
    j->since_ns = judge_now(j);
    /* Unique over restarts without keeping a counter: microseconds now, and never a million orders a second.
     */
    j->next_order = (uint64_t)(j->since_ns / 1000);
    j->next_token = 1;
    j->began_ns = judge_monotonic(j);
    buf_init(&j->put_off, 0);
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    while (j->cases) {
        struct work_case *c = j->cases;
        j->cases = c->next;
        case_free(c);
    }
    judge_journal_free(j);
    approvals_free(&j->approvals);
    incidents_free(&j->incidents);
    buf_free(&j->put_off);
    history_free(j->history);
    detect_free(j->detect);
    free(j);
}

static void on_event(struct judge *j, const struct event *event)
{
    if (event->tree >= j->config->tree_count)
        return;
    j->latest_ns = event->monotonic_ns;
    /* In the history first: if this event tips the scale it must be taken back with the others. */
    history_add(j->history, event);
    if (event->kind == EVENT_ATTRIBUTES)
        return;
    detect_event(j->detect, event);
    judge_again(j, event);
}

static void on_sync(struct judge *j, const struct msg_sync *sync)
{
    /* Events and syncs share one channel, so all earlier events have been weighed. */
    bool deny = false;
    for (struct work_case *c = j->cases; c && !deny; c = c->next)
        deny = !c->dry && c->phase < CASE_PUTTING_BACK && case_has_culprit(c, &sync->actor);
    struct message m = {.type = MSG_SYNCED, .synced = {.token = sync->token, .deny = deny}};
    judge_send(j, ROLE_SENSOR, &m);
}

static void on_sensor_state(struct judge *j, const struct msg_sensor_state *state)
{
    uint64_t dropped = state->dropped;
    if (dropped > j->sensor.dropped) {
        struct entry_context now = judge_entry(j);
        judge_write(j,
                    entry_note(&now, SEVERITY_LOW, "sensor-overflow",
                               _("the kernel's queue overflowed; the protected folders were compared anew")),
                    false);
    }
    j->sensor = *state;
}

static void on_role_lost(struct judge *j, const struct msg_role_lost *lost)
{
    j->restarts[lost->role] = lost->restarts;
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_role(&now, role_name(lost->role), 0, true, lost->text), true);
}

static void approve_again(struct judge *j, const struct approval *approval, uint32_t tree)
{
    struct actor who = {.uid = approval->uid};
    memcpy(who.exe, approval->exe, sizeof who.exe);
    memcpy(who.client, approval->client, sizeof who.client);
    detect_approve(j->detect, &who, tree);
}

static const char *mode_word(const struct judge *j)
{
    return j->config->mode == MODE_ENFORCE ? "enforce" : "observe";
}

static void replayed(struct judge *j)
{
    if (j->replayed)
        return;
    j->replayed = true;
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_guard(&now, true, mode_word(j), ""), true);
    for (size_t i = 0; i < j->approvals.count; i++) {
        const struct approval *approval = &j->approvals.items[i];
        for (uint32_t tree = 0; tree < j->config->tree_count; tree++)
            if (strcmp(j->config->trees[tree].path, approval->tree_path) == 0)
                approve_again(j, approval, tree);
    }
    judge_resume_cases(j);
    judge_past_weigh(j);
    judge_snapshots_start(j);
}

static void from_sensor(struct judge *j, const struct message *m)
{
    if (judge_past_puts_off(j, m))
        return;
    if (m->type == MSG_PAST)
        judge_past_event(j, &m->event);
    else if (m->type == MSG_EVENT)
        on_event(j, &m->event);
    else if (m->type == MSG_SYNC)
        on_sync(j, &m->sync);
    else if (m->type == MSG_FLUSHED)
        judge_case_flushed(j, m->flushed.token);
    else if (m->type == MSG_CONDEMNED)
        judge_case_condemned(j, m->condemned.token);
    else if (m->type == MSG_SENSOR_STATE)
        on_sensor_state(j, &m->sensor_state);
    else if (m->type == MSG_TREE_FILES)
        detect_set_tree_files(j->detect, m->tree_files.tree, m->tree_files.files);
}

static void from_vault(struct judge *j, const struct message *m)
{
    if (m->type == MSG_SNAPSHOT)
        judge_snapshot_done(j, &m->snapshot);
    else if (m->type == MSG_VAULT_STATE)
        j->vault = m->vault_state;
    else if (m->type == MSG_ACTION && m->action.kind == ORDER_SNAPSHOT)
        judge_snapshot_action(j, &m->action);
    else if (m->type == MSG_ACTION)
        judge_case_action(j, &m->action);
}

static void from_actor(struct judge *j, const struct message *m)
{
    if (m->type == MSG_ACTION)
        judge_case_action(j, &m->action);
    else if (m->type == MSG_STEP_RESULT)
        judge_case_step_result(j, &m->step_result);
}

static void from_scribe(struct judge *j, const struct message *m)
{
    if (m->type == MSG_APPENDED)
        judge_journal_appended(j, &m->appended);
    else if (m->type == MSG_REPLAY)
        judge_journal_replay(j, &m->replay);
    else if (m->type == MSG_REPLAY_END)
        replayed(j);
}

void judge_message(struct judge *j, enum role from, const struct message *m)
{
    switch (from) {
    case ROLE_SENSOR:
        from_sensor(j, m);
        break;
    case ROLE_VAULT:
        from_vault(j, m);
        break;
    case ROLE_ACTOR:
        from_actor(j, m);
        break;
    case ROLE_SCRIBE:
        from_scribe(j, m);
        break;
    case ROLE_API:
        if (m->type == MSG_REQUEST)
            judge_answer(j, &m->request);
        break;
    case ROLE_SUPERVISOR:
        if (m->type == MSG_ROLE_LOST)
            on_role_lost(j, &m->role_lost);
        break;
    case ROLE_JUDGE:
    case ROLE_COUNT:
        break;
    }
}

void judge_peer(struct judge *j, enum role role, bool there)
{
    j->peers[role] = there;
    if (role == ROLE_SENSOR && !there)
        j->sensor = (struct msg_sensor_state){0};
    if (role == ROLE_VAULT && !there) {
        j->vault = (struct msg_vault_state){0};
        judge_snapshots_lost(j);
    }
    if (role == ROLE_SENSOR && there)
        judge_snapshots_tell(j);
    if (!there)
        return;
    if (role == ROLE_SCRIBE)
        judge_journal_resend(j);
    if (j->replayed)
        judge_case_resend(j, role);
}

void judge_tick(struct judge *j)
{
    judge_past_tick(j);
    detect_tick(j->detect, judge_monotonic(j));
    if (j->replayed)
        judge_snapshots_tick(j);
}

void judge_stop(struct judge *j)
{
    if (!j->replayed)
        return;
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_guard(&now, false, mode_word(j), ""), true);
}
