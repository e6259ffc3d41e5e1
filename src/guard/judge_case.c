/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "guard/judge_state.h"
#include "recover/plan.h"

/* What an attacker does before the first change that counts: leaves a note, makes the new file that will take
 * the old one's place. What he did earlier is taken for honest work, and stays. */
#define BEFORE_HARM_NS (10 * NS_PER_SECOND)

static void set_phase(struct judge *j, struct work_case *c, enum case_phase phase)
{
    case_set_phase(c, phase, judge_monotonic(j));
}

struct work_case *judge_find_case(struct judge *j, uint32_t incident)
{
    for (struct work_case *c = j->cases; c; c = c->next)
        if (c->incident == incident)
            return c;
    return NULL;
}

static struct work_case *new_case(struct judge *j, uint32_t incident, uint32_t tree)
{
    struct work_case *c = mem_zalloc(1, sizeof *c);
    c->incident = incident;
    c->tree = tree;
    c->dry = j->config->mode == MODE_OBSERVE;
    c->next = j->cases;
    j->cases = c;
    return c;
}

static void drop_case(struct judge *j, struct work_case *c)
{
    for (struct work_case **at = &j->cases; *at; at = &(*at)->next) {
        if (*at != c)
            continue;
        *at = c->next;
        break;
    }
    history_release(j->history, c->culprits, c->culprit_count);
    case_free(c);
}

/* A case that waits for a person does not stop the backups: its plan names the versions it needs. */
bool judge_tree_in_trouble(const struct judge *j, uint32_t tree)
{
    for (const struct work_case *c = j->cases; c; c = c->next)
        if (c->tree == tree && !c->dry && c->phase != CASE_DONE && c->phase != CASE_WAITING)
            return true;
    return false;
}

/* Orders ------------------------------------------------------------------------------------------------- */

enum role judge_role_of(enum order_kind kind)
{
    return kind == ORDER_RESTAGE || kind == ORDER_SNAPSHOT ? ROLE_VAULT : ROLE_ACTOR;
}

static void send_order(struct judge *j, const struct order *order)
{
    struct message m = {.type = MSG_ORDER, .order = *order};
    judge_send(j, judge_role_of(order->kind), &m);
}

void judge_order(struct judge *j, struct order *order)
{
    order->id = j->next_order++;
    /* First the order, then the paper: the attack goes on meanwhile. */
    send_order(j, order);
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_order(&now, order, judge_tree_path(j, order->tree)), false);
}

static void case_order_send(struct judge *j, struct work_case *c, struct order *order)
{
    if (c->order_count == CASE_ORDERS)
        return;
    order->incident = c->incident;
    order->tree = c->tree;
    order->dry |= c->dry;
    /* Entered before it is sent: the answer may come at once. */
    struct case_order *slot = &c->orders[c->order_count++];
    slot->answered = false;
    slot->order = *order;
    slot->order.id = j->next_order;
    judge_order(j, order);
}

static void send_steps(struct judge *j, struct work_case *c, const struct order *order, bool only_vault)
{
    uint32_t sent = 0;
    for (size_t i = 0; i < c->step_count; i++) {
        if (only_vault && c->steps[i].version.kind != VERSION_VAULT)
            continue;
        struct message m = {.type = MSG_STEP, .step = {.order = order->id, .step = c->steps[i]}};
        judge_send(j, judge_role_of(order->kind), &m);
        sent++;
    }
    struct message end = {.type = MSG_STEPS_END, .steps_end = {.order = order->id, .count = sent}};
    judge_send(j, judge_role_of(order->kind), &end);
}

/* Containing --------------------------------------------------------------------------------------------- */

static void condemn(struct judge *j, const struct actor *who)
{
    struct message m = {.type = MSG_CONDEMN, .condemn = {.on = true, .actor = *who}};
    judge_send(j, ROLE_SENSOR, &m);
}

static void contain(struct judge *j, struct work_case *c, const struct actor *who, bool undo)
{
    if (!c->dry && !undo)
        condemn(j, who);
    struct order order = {
        .kind = who->client[0] ? ORDER_LOCKOUT : ORDER_FREEZE,
        .undo = undo,
        .culprit = *who,
    };
    case_order_send(j, c, &order);
}

/* The plan is not yet on its way to the disk: more can be taken into it. */
static bool is_open(const struct work_case *c)
{
    return !c->dry && (c->phase == CASE_CONTAINING || c->phase == CASE_FLUSHING || c->phase == CASE_STAGING);
}

/* Somebody of one user's or one client's has joined in: one attack by many hands is one incident. */
static bool is_joined(const struct work_case *c, const struct alert *alert)
{
    if (!is_open(c) || c->tree != alert->tree || alert->culprit_count == 0 ||
        c->culprit_count + alert->culprit_count > ALERT_CULPRITS ||
        c->order_count + alert->culprit_count > CASE_ORDERS)
        return false;
    const struct actor *now = &alert->culprits[0];
    for (size_t i = 0; i < c->culprit_count; i++)
        if (c->culprits[i].uid == now->uid && strcmp(c->culprits[i].client, now->client) == 0)
            return true;
    return false;
}

/* The case that is just dealing with one of these culprits, or that they belong to. What they do after its
 * plan was made is an incident of its own. */
static struct work_case *case_of(struct judge *j, const struct alert *alert)
{
    for (struct work_case *c = j->cases; c; c = c->next)
        for (size_t i = 0; is_open(c) && i < alert->culprit_count; i++)
            if (case_has_culprit(c, &alert->culprits[i]))
                return c;
    for (struct work_case *c = j->cases; c; c = c->next)
        if (is_joined(c, alert))
            return c;
    return NULL;
}

/* In observe mode nobody is stopped, so the same culprit keeps raising the same alert: told once. */
static bool already_observed(struct judge *j, const struct alert *alert)
{
    for (struct work_case *c = j->cases; c; c = c->next)
        for (size_t i = 0; c->dry && i < alert->culprit_count; i++)
            if (case_has_culprit(c, &alert->culprits[i]))
                return true;
    return false;
}

void judge_open_case(struct judge *j, const struct alert *alert)
{
    if (already_observed(j, alert))
        return;
    struct work_case *c = case_of(j, alert);
    bool again = c != NULL;
    if (!again)
        c = new_case(j, incidents_last_id(&j->incidents) + 1, alert->tree);
    if (c->phase != CASE_CONTAINING)
        set_phase(j, c, CASE_CONTAINING);
    for (size_t i = 0; i < alert->culprit_count; i++) {
        /* A known culprit that harms on was not stopped by what was done before. */
        case_add_culprit(c, &alert->culprits[i]);
        contain(j, c, &alert->culprits[i], false);
    }
    if (!again || alert->since_ns < c->since_ns)
        c->since_ns = alert->since_ns;
    history_pin(j->history, c->culprits, c->culprit_count);
    struct alert told = *alert;
    memcpy(told.culprits, c->culprits, sizeof told.culprits);
    told.culprit_count = c->culprit_count;
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_alert(&now, c->incident, &told, judge_tree_path(j, alert->tree), ""), true);
}

/* Flushing and planning ---------------------------------------------------------------------------------- */

static void start_flush(struct judge *j, struct work_case *c)
{
    set_phase(j, c, CASE_FLUSHING);
    c->token = j->next_token++;
    c->answers_left = c->culprit_count;
    for (size_t i = 0; i < c->culprit_count; i++) {
        struct message m = {.type = MSG_FLUSH, .flush = {.token = c->token, .actor = c->culprits[i]}};
        judge_send(j, ROLE_SENSOR, &m);
    }
}

struct folding {
    struct judge *judge;
    struct plan *plan;
};

static void fold_change(const struct change *change, void *self)
{
    struct folding *folding = self;
    plan_add(folding->plan, change);
}

/* Two attackers may have had the same file: what the second one found there was spoiled by the first, and is
 * not to be put back. So the changes of all cases are folded together; the history leaves out what another
 * plan takes back. The caller frees the array. */
static struct actor *all_at_large(const struct judge *j, const struct work_case *c, size_t *count)
{
    struct actor *all = NULL;
    *count = 0;
    for (const struct work_case *other = j->cases; other; other = other->next) {
        if (other != c && (other->dry || other->tree != c->tree))
            continue;
        all = mem_resize(all, *count + other->culprit_count + 1, sizeof *all);
        memcpy(all + *count, other->culprits, other->culprit_count * sizeof *all);
        *count += other->culprit_count;
    }
    return all;
}

static void make_plan(struct judge *j, struct work_case *c)
{
    struct folding folding = {.judge = j, .plan = plan_new()};
    size_t culprits;
    struct actor *all = all_at_large(j, c, &culprits);
    c->left_out = history_of(j->history, all, culprits, c->since_ns - BEFORE_HARM_NS, c->incident,
                             fold_change, &folding);
    free(all);
    const struct step *steps;
    size_t count = plan_steps(folding.plan, &steps);
    free(c->steps);
    c->steps = mem_dup(steps, count * sizeof *steps);
    c->step_count = count;
    plan_free(folding.plan);
}

/* How many files of the plan were changed, and how many of them need their contents back. */
static void count_files(const struct work_case *c, uint32_t *touched, uint32_t *spoiled)
{
    *touched = *spoiled = 0;
    for (size_t i = 0; i < c->step_count; i++) {
        if (c->steps[i].kind == STEP_RESTORE)
            ++*spoiled;
        if (c->steps[i].kind == STEP_RESTORE || c->steps[i].kind == STEP_RENAME)
            ++*touched;
    }
}

static void say_state(struct judge *j, uint32_t incident, struct incident_change *change)
{
    struct entry_context now = judge_entry(j);
    change->time_ns = now.time_ns;
    if (!change->text)
        change->text = "";
    if (!change->who)
        change->who = "";
    judge_write(j, entry_incident(&now, incident, change), true);
}

/* The plan goes to the actor, which writes it down before anything else, so that it outlives us. When
 * recovery waits for a person the order is dry: written down, not run. */
static void start_recovery(struct judge *j, struct work_case *c)
{
    set_phase(j, c, CASE_RECOVERING);
    struct order order = {.kind = ORDER_RECOVER, .dry = !j->config->recover_auto && !c->recover_asked};
    case_order_send(j, c, &order);
    send_steps(j, c, &order, false);
}

/* Runs what the plan on the disk still lacks. */
static void continue_recovery(struct judge *j, struct work_case *c)
{
    free(c->steps);
    c->steps = NULL;
    c->step_count = 0;
    c->recover_asked = true;
    start_recovery(j, c);
}

static void start_staging(struct judge *j, struct work_case *c)
{
    bool wanted = false;
    for (size_t i = 0; i < c->step_count; i++)
        wanted |= c->steps[i].version.kind == VERSION_VAULT;
    if (!wanted) {
        start_recovery(j, c);
        return;
    }
    set_phase(j, c, CASE_STAGING);
    struct order order = {.kind = ORDER_RESTAGE};
    case_order_send(j, c, &order);
    send_steps(j, c, &order, true);
}

static void finish(struct judge *j, struct work_case *c)
{
    set_phase(j, c, CASE_DONE);
    judge_answer_waiting(j, c);
}

static void contained(struct judge *j, struct work_case *c)
{
    if (c->dry) {
        finish(j, c);
        return;
    }
    start_flush(j, c);
}

/* All that these culprits did is in the plan of an incident that overlaps with theirs. */
static void taken_back_elsewhere(struct judge *j, struct work_case *c)
{
    struct incident_change change = {.state = INCIDENT_RECOVERED};
    say_state(j, c->incident, &change);
    finish(j, c);
}

void judge_case_flushed(struct judge *j, uint64_t token)
{
    for (struct work_case *c = j->cases; c; c = c->next) {
        if (c->phase != CASE_FLUSHING || c->token != token || --c->answers_left > 0)
            continue;
        make_plan(j, c);
        struct incident_change change = {.state = INCIDENT_CONTAINED};
        count_files(c, &change.touched, &change.spoiled);
        say_state(j, c->incident, &change);
        if (c->step_count == 0 && c->left_out > 0)
            taken_back_elsewhere(j, c);
        else
            start_staging(j, c);
        return;
    }
}

/* Recovering --------------------------------------------------------------------------------------------- */

static void recovered(struct judge *j, struct work_case *c, const struct action *action)
{
    if (action->result == ACTION_WOULD && c->recover_asked) {
        continue_recovery(j, c);
        return;
    }
    if (action->result == ACTION_WOULD) {
        set_phase(j, c, CASE_WAITING);
        return;
    }
    if (action->result == ACTION_NO_PLAN && !c->planned_anew) {
        c->planned_anew = true;
        start_flush(j, c);
        return;
    }
    if (action->result != ACTION_FAILED && action->result != ACTION_NO_PLAN) {
        struct incident_change change = {.state = INCIDENT_RECOVERED,
                                         .recovered = action->done,
                                         .kept = action->kept,
                                         .lost = action->failed};
        say_state(j, c->incident, &change);
    }
    finish(j, c);
    judge_snapshot_now(j, c->tree);
}

static void approve(struct judge *j, const struct work_case *c)
{
    struct entry_context now = judge_entry(j);
    for (size_t i = 0; i < c->culprit_count; i++) {
        const struct actor *who = &c->culprits[i];
        struct approval approval = {.uid = who->uid, .incident = c->incident, .time_ns = now.time_ns};
        memcpy(approval.exe, who->exe, sizeof approval.exe);
        memcpy(approval.client, who->client, sizeof approval.client);
        snprintf(approval.tree_path, sizeof approval.tree_path, "%s", judge_tree_path(j, c->tree));
        detect_approve(j->detect, who, c->tree);
        judge_write(j, entry_approval(&now, &approval, false), true);
    }
}

/* A person's decision about an incident; the counts stay as they are. */
static void say_decision(struct judge *j, uint32_t incident, enum incident_state state, uint32_t uid)
{
    char who[32];
    snprintf(who, sizeof who, "uid %u", uid);
    struct incident_change change = {.state = state, .who = who};
    say_state(j, incident, &change);
}

/* A decision is told when it is carried out: a guard that dies in between finds the incident as it was, and
 * the person decides again. */
static void released(struct judge *j, struct work_case *c)
{
    if (c->decision == INCIDENT_DISMISSED)
        approve(j, c);
    if (c->decision)
        say_decision(j, c->incident, c->decision, c->decider);
    for (size_t i = 0; i < c->culprit_count; i++) {
        detect_forget(j->detect, &c->culprits[i]);
        /* Let go is let go, whatever other incidents there are of him. */
        for (struct work_case *other = j->cases; other; other = other->next)
            if (other != c)
                case_remove_culprit(other, &c->culprits[i]);
    }
    judge_answer_waiting(j, c);
    drop_case(j, c);
}

static void let_go(struct judge *j, struct work_case *c)
{
    c->answers_left = 0;
    for (size_t i = 0; i < c->culprit_count; i++)
        contain(j, c, &c->culprits[i], true);
    if (c->culprit_count == 0)
        released(j, c);
}

/* The sensor first: whoever goes on before it knows would wait at his next open and be refused. */
static void release(struct judge *j, struct work_case *c)
{
    set_phase(j, c, CASE_RELEASING);
    c->token = j->next_token++;
    c->answers_left = c->dry || !j->peers[ROLE_SENSOR] ? 0 : c->culprit_count;
    for (size_t i = 0; c->answers_left > 0 && i < c->culprit_count; i++) {
        struct message m = {.type = MSG_CONDEMN, .condemn = {.token = c->token, .actor = c->culprits[i]}};
        judge_send(j, ROLE_SENSOR, &m);
    }
    if (c->answers_left == 0)
        let_go(j, c);
}

void judge_case_condemned(struct judge *j, uint64_t token)
{
    for (struct work_case *c = j->cases; c; c = c->next) {
        if (c->phase != CASE_RELEASING || c->token != token || c->answers_left == 0 || --c->answers_left > 0)
            continue;
        let_go(j, c);
        return;
    }
}

static void phase_over(struct judge *j, struct work_case *c, const struct action *action)
{
    switch (c->phase) {
    case CASE_CONTAINING:
        contained(j, c);
        break;
    case CASE_STAGING:
        start_recovery(j, c);
        break;
    case CASE_RECOVERING:
        recovered(j, c, action);
        break;
    case CASE_PUTTING_BACK:
        release(j, c);
        break;
    case CASE_RELEASING:
        released(j, c);
        break;
    case CASE_FLUSHING:
    case CASE_WAITING:
    case CASE_DONE:
        break;
    }
}

void judge_case_action(struct judge *j, const struct action *action)
{
    struct entry_context now = judge_entry(j);
    judge_write(j, entry_action(&now, action, judge_tree_path(j, action->tree)), true);
    struct work_case *c = judge_find_case(j, action->incident);
    if (!c)
        return;
    if (case_answer(c, action->order) && case_all_answered(c))
        phase_over(j, c, action);
}

void judge_case_step_result(struct judge *j, const struct msg_step_result *result)
{
    const struct work_case *c = judge_find_case(j, result->incident);
    for (size_t i = 0; c && i < c->step_count; i++) {
        if (c->steps[i].number != result->number)
            continue;
        struct entry_context now = judge_entry(j);
        judge_write(j,
                    entry_step(&now, result->incident, judge_tree_path(j, c->tree), &c->steps[i],
                               (enum step_result)result->result, result->text),
                    false);
        return;
    }
}

/* A role came back --------------------------------------------------------------------------------------- */

void judge_case_resend(struct judge *j, enum role role)
{
    for (struct work_case *c = j->cases, *next; c; c = next) {
        next = c->next; /* letting go may end the case */
        if (role == ROLE_SENSOR) {
            /* A new sensor knows nothing of who is condemned, and has no changes left to tell. */
            for (size_t i = 0; !c->dry && c->phase < CASE_RELEASING && i < c->culprit_count; i++)
                condemn(j, &c->culprits[i]);
            if (c->phase == CASE_FLUSHING)
                start_flush(j, c);
            else if (c->phase == CASE_RELEASING && c->answers_left > 0)
                let_go(j, c);
            continue;
        }
        for (size_t i = 0; i < c->order_count; i++) {
            const struct order *order = &c->orders[i].order;
            if (c->orders[i].answered || judge_role_of(order->kind) != role)
                continue;
            send_order(j, order);
            if (order->kind == ORDER_RECOVER || order->kind == ORDER_RESTAGE)
                send_steps(j, c, order, order->kind == ORDER_RESTAGE);
        }
    }
}

static bool tree_of(const struct judge *j, const char *path, uint32_t *tree)
{
    for (uint32_t i = 0; i < j->config->tree_count; i++) {
        if (strcmp(j->config->trees[i].path, path) != 0)
            continue;
        *tree = i;
        return true;
    }
    return false;
}

/* As far as the wall clock tells: what lies before it by a clock that was set back since is all there is. The
 * sensor tells the first harm again, and then it is known (judge_case_began). */
static int64_t since_first_harm(const struct judge *j, const struct incident *incident)
{
    int64_t ago_ns = judge_now(j) - incident->alert.first_harm_ns;
    return ago_ns > 0 ? judge_monotonic(j) - ago_ns : 0;
}

void judge_case_began(struct judge *j, uint32_t incident, int64_t monotonic_ns)
{
    struct work_case *c = judge_find_case(j, incident);
    if (c)
        c->since_ns = monotonic_ns;
}

static void resume(struct judge *j, struct work_case *c, const struct incident *incident)
{
    for (size_t i = 0; i < incident->alert.culprit_count; i++)
        case_add_culprit(c, &incident->alert.culprits[i]);
    c->since_ns = since_first_harm(j, incident);
    history_pin(j->history, c->culprits, c->culprit_count);
    set_phase(j, c, CASE_CONTAINING);
    if (incident->contained_ns == 0) {
        for (size_t i = 0; i < c->culprit_count; i++)
            contain(j, c, &c->culprits[i], false);
        return;
    }
    for (size_t i = 0; !c->dry && i < c->culprit_count; i++)
        condemn(j, &c->culprits[i]);
    if (incident->state == INCIDENT_RECOVERED)
        set_phase(j, c, CASE_DONE);
    else if (!j->config->recover_auto)
        set_phase(j, c, CASE_WAITING);
    else
        continue_recovery(j, c);
}

/* Incidents that were open when the guard ended: whoever is still there is stopped again (that is harmless
 * when he already is), and what the plan on the disk lacks is done. */
void judge_resume_cases(struct judge *j)
{
    for (size_t i = 0; i < j->incidents.count; i++) {
        const struct incident *incident = j->incidents.items[i];
        uint32_t tree;
        if (incident->state > INCIDENT_RECOVERED || judge_find_case(j, incident->id))
            continue;
        if (!tree_of(j, incident->tree_path, &tree))
            continue; /* no longer protected: the incident stays as it is, for a person to close */
        resume(j, new_case(j, incident->id, tree), incident);
    }
}

/* What people ask for ------------------------------------------------------------------------------------ */

static int find_for_person(struct judge *j, uint32_t id, const struct incident **incident,
                           struct work_case **c)
{
    *incident = incidents_find(&j->incidents, id);
    if (!*incident)
        return err_hint(err_set(ERR_NOT_FOUND, _("there is no incident %u"), id),
                        _("see: beffroi incident list"));
    if ((*incident)->state == INCIDENT_DISMISSED || (*incident)->state == INCIDENT_CLOSED)
        return err_set(ERR_INVALID, _("incident %u is already %s"), id,
                       (*incident)->state == INCIDENT_CLOSED ? _("closed") : _("dismissed"));
    *c = judge_find_case(j, id);
    return 0;
}

static int busy(const struct work_case *c)
{
    return err_hint(err_set(ERR_LOCKED, _("incident %u is being dealt with at this moment"), c->incident),
                    _("try again in a few seconds"));
}

int judge_rollback(struct judge *j, uint32_t id)
{
    const struct incident *incident;
    struct work_case *c;
    int err = find_for_person(j, id, &incident, &c);
    if (err)
        return err;
    if (!c || c->dry || (c->phase == CASE_DONE && incident->state == INCIDENT_RECOVERED))
        return err_set(ERR_INVALID, _("incident %u has nothing left to put back"), id);
    if (c->phase >= CASE_PUTTING_BACK)
        return busy(c);
    if (c->phase != CASE_WAITING && c->phase != CASE_DONE) {
        c->recover_asked = true; /* the plan is being made; it will be run */
        return 0;
    }
    continue_recovery(j, c);
    return 0;
}

int judge_dismiss(struct judge *j, uint32_t id, uint32_t uid)
{
    const struct incident *incident;
    struct work_case *c;
    int err = find_for_person(j, id, &incident, &c);
    if (err)
        return err;
    if (c && c->phase != CASE_DONE && c->phase != CASE_WAITING)
        return busy(c);
    if (!c) {
        say_decision(j, id, INCIDENT_DISMISSED, uid);
        return 0;
    }
    c->decision = INCIDENT_DISMISSED;
    c->decider = uid;
    if (c->dry) {
        released(j, c);
    } else if (incident->state == INCIDENT_RECOVERED) {
        set_phase(j, c, CASE_PUTTING_BACK);
        struct order order = {.kind = ORDER_PUT_BACK};
        case_order_send(j, c, &order);
    } else {
        release(j, c);
    }
    return 0;
}

int judge_close(struct judge *j, uint32_t id, uint32_t uid)
{
    const struct incident *incident;
    struct work_case *c;
    int err = find_for_person(j, id, &incident, &c);
    if (err)
        return err;
    if (c && c->phase != CASE_DONE && c->phase != CASE_WAITING)
        return busy(c);
    say_decision(j, id, INCIDENT_CLOSED, uid);
    if (c)
        drop_case(j, c);
    return 0;
}

int judge_release(struct judge *j, uint32_t id, uint32_t uid)
{
    const struct incident *incident = incidents_find(&j->incidents, id);
    struct work_case *c = judge_find_case(j, id);
    if (!incident)
        return err_hint(err_set(ERR_NOT_FOUND, _("there is no incident %u"), id),
                        _("see: beffroi incident list"));
    if (c && c->phase != CASE_DONE && c->phase != CASE_WAITING)
        return busy(c);
    if (!c) {
        c = new_case(j, id, 0);
        for (size_t i = 0; i < incident->alert.culprit_count; i++)
            case_add_culprit(c, &incident->alert.culprits[i]);
    }
    if (incident->state != INCIDENT_CLOSED && incident->state != INCIDENT_DISMISSED)
        c->decision = INCIDENT_CLOSED;
    c->decider = uid;
    release(j, c);
    return 0;
}
