/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is never stopped, whatever a detector says. Inside of respond/ only.
 */
#ifndef RESPOND_RAILS_H
#define RESPOND_RAILS_H

#include "respond/proc.h"

/* Why this process must not be stopped (a sentence for people, not yet translated), or NULL. Programs are
 * known by the path they run from, not by a name that they give themselves. */
const char *rails_reason(const struct proc *p, const int32_t *own_pids, size_t own_pid_count);

#endif
