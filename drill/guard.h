/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks the guard through its own command line, as a user would: `beffroi status|incident|journal --json`.
 */
#ifndef DRILL_GUARD_H
#define DRILL_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drill/stage.h"

struct guard_action {
    int64_t time_ns;
    char *kind, *result, *text;
};

/* One incident as `beffroi incident show --json` tells it; times are wall clock, 0 for none. */
struct guard_incident {
    int64_t id;
    char *state, *detector, *client, *user, *exe;
    int64_t actor_pid;
    int64_t first_harm_ns, detected_ns, contained_ns, recovered_ns;
    int64_t touched, spoiled, recovered, lost;
    char **reasons;
    size_t reason_count;
    struct guard_action *actions; /* in the order of time */
    size_t action_count;
};

/* True when the guard runs and every protected folder has a snapshot. */
bool guard_is_ready(const struct stage *s);
/* The ids of all incidents, newest last; at most `most` of them into `ids`. How many, or a negative enum err.
 */
int guard_list(const struct stage *s, int64_t *ids, size_t most);
int guard_show(const struct stage *s, int64_t id, struct guard_incident **out);
void guard_incident_free(struct guard_incident *incident);
/* The number of entries of the journal, when `beffroi journal verify` finds it whole; else negative. */
int guard_verify_journal(const struct stage *s);

#endif
