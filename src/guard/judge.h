/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The judge: events in, orders out. It holds nothing: no file, no socket but its channels. Everything it
 * decides goes to the journal, and what it knows of incidents is folded from the very entries it wrote, so
 * that it can die at any moment and be rebuilt: from the journal, and from the changes of late, which the
 * sensor tells again (MSG_PAST).
 *
 * The life of an incident here (a case, see case.h):
 *
 *     alert -> contain -> flush (the last events of the stopped culprit) -> plan
 *           -> restage (what only the vault holds) -> recover -> snapshot
 *
 * In observe mode every order is dry, and the story ends with what would have been done.
 */
#ifndef GUARD_JUDGE_H
#define GUARD_JUDGE_H

#include "base/clock.h"
#include "guard/config.h"
#include "ipc/message.h"

struct judge;

struct judge_ops {
    /* Sends to another role. A role that is away loses it: the judge is told through judge_peer and sends
     * again what still matters. */
    void (*send)(enum role to, const struct message *m, void *self);
};

/* Borrows everything. */
struct judge *judge_new(const struct config *config, const struct clock *clock, const struct judge_ops *ops,
                        void *self);
void judge_free(struct judge *j);

void judge_message(struct judge *j, enum role from, const struct message *m);
/* A role's channel was made or lost. */
void judge_peer(struct judge *j, enum role role, bool there);
/* About once a second. */
void judge_tick(struct judge *j);
/* The guard is being stopped in good order. */
void judge_stop(struct judge *j);

#endif
