/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A case: what is still being done about one incident. The incident itself, as the journal tells it, is in
 * the projection; a case is the work in hand and is dropped when nothing is left to do.
 */
#ifndef GUARD_CASE_H
#define GUARD_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/incident.h"
#include "model/order.h"
#include "model/step.h"

enum case_phase {
    CASE_CONTAINING = 1, /* orders to stop the culprits are out */
    CASE_FLUSHING = 2,   /* they are stopped; the sensor tells their last changes */
    CASE_WAITING = 3,    /* for a person: recover is manual */
    CASE_STAGING = 4,    /* the vault fetches what only it holds */
    CASE_RECOVERING = 5, /* the actor carries the plan out */
    CASE_DONE = 6,
    CASE_PUTTING_BACK = 7, /* dismissed: the program's own versions return */
    CASE_RELEASING = 8,    /* and then it is let go */
};

#define CASE_ORDERS (2 * ALERT_CULPRITS)

struct case_order {
    struct order order;
    bool answered;
};

struct work_case {
    struct work_case *next;
    uint32_t incident;
    enum case_phase phase;
    bool dry;           /* opened in observe mode */
    bool recover_asked; /* a person asked for the rollback */
    bool planned_anew;  /* the guard had ended before the plan was written */
    uint32_t tree;
    size_t culprit_count;
    struct actor culprits[ALERT_CULPRITS];
    int64_t since_ns;   /* monotonic: of the first harm */
    size_t order_count; /* those of the current phase */
    struct case_order orders[CASE_ORDERS];
    uint64_t token; /* of what the sensor was last asked (flush, condemn); earlier answers are out of date */
    size_t answers_left;
    struct step *steps; /* the plan, owned */
    size_t step_count;
    size_t left_out;              /* changes that another incident's plan takes back */
    int64_t phase_since_ns;       /* monotonic */
    uint64_t request;             /* of the person who waits for the end of this phase; 0: nobody */
    enum incident_state decision; /* a person's, journaled once it is carried out; 0: none */
    uint32_t decider;             /* his uid */
};

/* Adds a culprit unless it is there (same client, or same process tree); true when it is new. */
bool case_add_culprit(struct work_case *c, const struct actor *who);
void case_remove_culprit(struct work_case *c, const struct actor *who);
bool case_has_culprit(const struct work_case *c, const struct actor *who);
/* True when both are the same remote client, or the same process tree. */
bool case_same_culprit(const struct actor *a, const struct actor *b);
void case_set_phase(struct work_case *c, enum case_phase phase, int64_t monotonic_ns);
/* Marks the order answered; true when it was one of this case's open ones. */
bool case_answer(struct work_case *c, uint64_t order);
bool case_all_answered(const struct work_case *c);
void case_free(struct work_case *c);

#endif
