/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/case.h"

#include <stdlib.h>
#include <string.h>

bool case_same_culprit(const struct actor *a, const struct actor *b)
{
    if (a->client[0] || b->client[0])
        return strcmp(a->client, b->client) == 0;
    return a->root_pid == b->root_pid && a->root_start == b->root_start;
}

bool case_has_culprit(const struct work_case *c, const struct actor *who)
{
    for (size_t i = 0; i < c->culprit_count; i++)
        if (case_same_culprit(&c->culprits[i], who))
            return true;
    return false;
}

bool case_add_culprit(struct work_case *c, const struct actor *who)
{
    if (c->culprit_count == ALERT_CULPRITS || case_has_culprit(c, who))
        return false;
    c->culprits[c->culprit_count++] = *who;
    return true;
}

void case_remove_culprit(struct work_case *c, const struct actor *who)
{
    for (size_t i = 0; i < c->culprit_count; i++)
        if (case_same_culprit(&c->culprits[i], who))
            c->culprits[i--] = c->culprits[--c->culprit_count];
}

void case_set_phase(struct work_case *c, enum case_phase phase, int64_t monotonic_ns)
{
    c->phase = phase;
    c->phase_since_ns = monotonic_ns;
    c->order_count = 0;
}

bool case_answer(struct work_case *c, uint64_t order)
{
    for (size_t i = 0; i < c->order_count; i++) {
        if (c->orders[i].order.id != order || c->orders[i].answered)
            continue;
        c->orders[i].answered = true;
        return true;
    }
    return false;
}

bool case_all_answered(const struct work_case *c)
{
    for (size_t i = 0; i < c->order_count; i++)
        if (!c->orders[i].answered)
            return false;
    return true;
}

void case_free(struct work_case *c)
{
    if (!c)
        return;
    free(c->steps);
    free(c);
}
