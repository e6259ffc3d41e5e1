/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is never stopped, whatever a detector says. Inside of respond/ only.
 */
#ifndef RESPOND_RAILS_H
#define RESPOND_RAILS_H

#include "respond/proc.h"

/* The guard's own processes and those above it: stopping one of them would stop ourselves. */
struct rails {
    const int32_t *own_pids; /* borrowed */
    size_t own_pid_count;
    int32_t ancestors[64];
    size_t ancestor_count;
};

void rails_init(struct rails *rails, const int32_t *own_pids, size_t own_pid_count);
/* Why this process must not be stopped (a sentence for people, not yet translated), or NULL. Programs are
 * known by the path they run from, not by a name that they give themselves. */
const char *rails_reason(const struct rails *rails, const struct proc *p);

#endif
