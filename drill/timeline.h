/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happened in a run, in the order of time: the attacker's own deeds from its ledger, and what the guard
 * saw and did from its incident.
 */
#ifndef DRILL_TIMELINE_H
#define DRILL_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "drill/run.h"

struct timeline_line {
    int64_t time_ns; /* wall clock */
    const char *who; /* borrowed, translated */
    char *text;      /* owned */
};

struct timeline {
    struct timeline_line *lines;
    size_t count;
    int64_t zero_ns; /* the first harm */
};

struct timeline *timeline_make(const struct run *run);
void timeline_free(struct timeline *timeline);

#endif
