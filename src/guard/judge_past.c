/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was before this judge: the sensor tells again the changes of late, the scribe the incidents. Until the
 * incidents are known nothing is weighed (a new incident would get the number of an old one, and a change
 * that was dealt with would count again); what comes meanwhile is kept in its order.
 */
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "guard/judge_state.h"

#define PUT_OFF_MAX ((size_t)64 << 20) /* bytes: some 100 000 changes */
/* A journal that is not heard of by then is away: an attack is stopped without it. */
#define PATIENCE_NS (3 * NS_PER_SECOND)

bool judge_past_puts_off(struct judge *j, const struct message *m)
{
    if (j->weighing || (m->type != MSG_EVENT && m->type != MSG_PAST && m->type != MSG_SYNC))
        return false;
    struct buf one BUF_AUTO;
    buf_init(&one, MESSAGE_MAX);
    message_encode(m, &one);
    if (j->put_off.length + one.length + sizeof(uint32_t) > PUT_OFF_MAX) {
        judge_past_weigh(j); /* rather early than not at all */
        return false;
    }
    buf_put_blob(&j->put_off, one.data, one.length);
    return true;
}

void judge_past_weigh(struct judge *j)
{
    struct reader r;
    struct message *m MEM_AUTO = mem_zalloc(1, sizeof *m);
    j->weighing = true;
    reader_init(&r, j->put_off.data, j->put_off.length);
    while (reader_left(&r) > 0) {
        size_t length;
        const uint8_t *bytes = reader_blob(&r, &length);
        if (!bytes || message_decode(bytes, length, m) != 0)
            break;
        judge_message(j, ROLE_SENSOR, m);
        message_free(m);
    }
    buf_free(&j->put_off);
}

void judge_past_tick(struct judge *j)
{
    if (j->weighing || judge_monotonic(j) - j->began_ns < PATIENCE_NS)
        return;
    log_error("the journal does not answer; changes are weighed without what it knows");
    judge_past_weigh(j);
}

/* When the incident was over, as far as the changes of its culprits are concerned; 0: it is not. */
static int64_t over_ns(const struct incident *incident)
{
    if (incident->state < INCIDENT_RECOVERED)
        return 0;
    int64_t times[] = {incident->recovered_ns, incident->dismissed_ns, incident->closed_ns};
    int64_t last = 0;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        last = times[i] > last ? times[i] : last;
    return last;
}

/* Whether the change was made before the incident was over. Both are known by the wall clock. When the end
 * lies ahead of now that was set back since, and what was seen with the clock as it is now came after the
 * end. */
static bool was_before(const struct judge *j, const struct event *event, int64_t end_ns)
{
    if (event->time_ns > end_ns)
        return false;
    int64_t clock_then = event->time_ns - event->monotonic_ns;
    int64_t clock_now = judge_now(j) - judge_monotonic(j);
    return end_ns <= judge_now(j) || clock_then - clock_now > NS_PER_SECOND;
}

static bool is_culprit(const struct incident *incident, const struct actor *who)
{
    for (size_t i = 0; i < incident->alert.culprit_count; i++)
        if (case_same_culprit(&incident->alert.culprits[i], who))
            return true;
    return false;
}

void judge_past_event(struct judge *j, const struct event *event)
{
    bool on_record = false;
    if (event->monotonic_ns <= j->latest_ns || event->tree >= j->config->tree_count)
        return; /* heard of when it happened */
    j->latest_ns = event->monotonic_ns;
    for (size_t i = 0; i < j->incidents.count; i++) {
        const struct incident *incident = j->incidents.items[i];
        if (!is_culprit(incident, &event->actor))
            continue;
        if (was_before(j, event, over_ns(incident)))
            return; /* taken back or approved of */
        if (event->time_ns == incident->alert.first_harm_ns)
            judge_case_began(j, incident->id, event->monotonic_ns);
        on_record = on_record || over_ns(incident) == 0;
    }
    history_add(j->history, event);
    if (!on_record && event->kind != EVENT_ATTRIBUTES)
        detect_event(j->detect, event);
}
