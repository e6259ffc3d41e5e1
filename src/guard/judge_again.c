/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is stopped and harms on all the same: somebody let a frozen program go by hand, or it had means to do
 * so. Its opens for writing wait at the gate and are refused in the end, but removing, renaming and cutting
 * by path ask nobody.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "guard/judge_state.h"

/* He cannot be held; each time it is told, and the files come back. Then it is left to the people. */
#define AGAIN_MOST 20

static bool asks_nobody(const struct event *event)
{
    return (event->flags & EVENT_RESCAN) == 0 &&
           (event->kind == EVENT_TRUNCATED || event->kind == EVENT_DELETED || event->kind == EVENT_RENAMED);
}

static void tell(struct judge *j, const struct work_case *c, const struct event *event)
{
    const struct incident *incident = incidents_find(&j->incidents, c->incident);
    struct alert alert = {
        .detector = incident ? incident->alert.detector : "ransomware",
        .severity = SEVERITY_CRITICAL,
        .scope = event->actor.client[0] ? SCOPE_CLIENT : SCOPE_PROCESS_TREE,
        .time_ns = judge_now(j),
        .first_harm_ns = event->time_ns,
        .since_ns = event->monotonic_ns,
        .decisive_ns = event->time_ns,
        .last_sequence = event->sequence,
        .tree = event->tree,
        .touched = 1,
        .spoiled = event->kind == EVENT_RENAMED ? 0 : 1,
        .reason_count = 1,
        .culprit_count = 1,
        .culprits = {event->actor},
    };
    snprintf(alert.reasons[0], sizeof alert.reasons[0],
             _("it was stopped in incident %u, was let go without a word to the guard, and harms on (first: "
               "%.100s)"),
             c->incident, event->path);
    judge_open_case(j, &alert);
}

void judge_again(struct judge *j, const struct event *event)
{
    const struct work_case *latest = NULL;
    unsigned times = 0;
    if (!asks_nobody(event))
        return;
    for (const struct work_case *c = j->cases; c; c = c->next) {
        if (c->dry || !case_has_culprit(c, &event->actor))
            continue;
        if (c->phase == CASE_CONTAINING || c->phase == CASE_FLUSHING || c->phase >= CASE_PUTTING_BACK)
            return; /* on the way to being stopped, or let go */
        if (!latest)
            latest = c;
        times++;
    }
    if (latest && times < AGAIN_MOST)
        tell(j, latest, event);
}
