/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The clean point: the last snapshot before files began to be spoiled, found from the folders and the index
 * alone, also in repositories that other programs wrote.
 *
 * The harmed files of the snapshots are added up as a cumulative sum (CUSUM): what is usual for this
 * repository is taken off at each step, and the sum never falls below zero. When it reaches CLEAN_ALARM, the
 * turn is the step at which it last rose from zero: so an attack of a few files per snapshot is found as
 * surely as one of thousands, and at its beginning. A turn whose harm was undone later is passed over.
 */
#ifndef VAULT_CLEANPOINT_H
#define VAULT_CLEANPOINT_H

#include "vault/harm.h"

#define CLEAN_ALARM       20 /* harmed files above the usual */
#define CLEAN_USUAL_STEPS 5  /* with fewer steps than these, nothing is known to be usual */

struct clean_step {
    const struct snapshot *snapshot;
    struct harm harm;
};

struct clean_group {
    struct clean_step *steps; /* oldest first; snapshots that cannot be read are left out */
    size_t count;
    size_t turn;            /* the first step with harm, or `count` when there is none */
    struct harm since_turn; /* the harm of the turn and what followed, up to the alarm; `first` is borrowed */
    double usual_ratio;     /* how far new data compressed, before the turn: median; 0 when unknown */
    bool blind;             /* nothing is compressed: only names and removals could be judged */
};

struct clean_options {
    struct snapshot_filter filter;
    bool no_lock;
    void *context;
    /* Told of each group of the same host and paths, the newest first. */
    void (*on_group)(void *context, const struct clean_group *group);
    snapshot_bad *on_bad; /* a snapshot that cannot be read */
};

/* ERR_PARTIAL when a snapshot could not be read and was told. */
int vault_clean_point(struct vault *vault, const struct clean_options *options);

/* ---- the decision by itself ---- */

/* Looks for a turn from step `from` on (at least 1: the first has nothing before it). Returns the turn and
 * sets *alarm, the step at which the sum reached CLEAN_ALARM; `count` for none. */
size_t clean_find_turn(const uint64_t *harmed, size_t count, size_t from, size_t *alarm);

#endif
