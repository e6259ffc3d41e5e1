/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the judge wants done, and what came of it. Every order and every action is journaled.
 */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/event.h"
#include "model/version.h"

enum order_kind {
    ORDER_FREEZE = 1,   /* actor: stop the process tree of `culprit` */
    ORDER_LOCKOUT = 2,  /* actor: end the sessions of `culprit.client` and drop its packets */
    ORDER_RECOVER = 3,  /* actor: carry out the plan whose steps follow (see model/step.h) */
    ORDER_RESTAGE = 4,  /* vault: fetch versions that only the vault holds into the staging folder */
    ORDER_SNAPSHOT = 5, /* vault: snapshot protected tree `tree` now */
    ORDER_PUT_BACK = 6, /* actor: undo a recovery: the program's own versions return (dismiss) */
    ORDER_KIND_COUNT
};

struct order {
    uint64_t id;       /* grows by one per order of this installation */
    uint32_t incident; /* 0: none */
    enum order_kind kind;
    bool undo; /* undo an earlier FREEZE or LOCKOUT of the same target */
    bool dry;  /* observe mode: say what would be done, do nothing */
    uint32_t tree;
    struct actor culprit;
};

enum action_result {
    ACTION_DONE = 1,
    ACTION_PARTLY = 2,
    ACTION_FAILED = 3,
    ACTION_WOULD = 4,
    ACTION_NO_PLAN = 5, /* a recovery without steps, and no plan was written down before */
};

#define ACTION_TEXT_SIZE 512

struct action {
    uint64_t order;
    uint32_t incident;
    enum order_kind kind;
    bool undo;
    enum action_result result;
    int64_t time_ns; /* wall clock, when it took effect */
    uint32_t tree;
    uint32_t done;     /* files or processes or sessions dealt with */
    uint32_t failed;   /* those it could not */
    uint32_t kept;     /* recovery: files somebody else had changed since; both versions were kept */
    char username[64]; /* whose session or process it was, when that was learned on the way */
    char text[ACTION_TEXT_SIZE]; /* what was done, on what, for people; when failed: why and what to do */
};

const char *order_kind_name(enum order_kind kind); /* "freeze", "lockout", ... */
const char *action_result_name(enum action_result result);

#endif
