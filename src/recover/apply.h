/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carrying out a plan, so that a crash at any instant loses nothing and a restart completes it.
 *
 * The plan lies in incidents/N/plan of the state folder (written whole, durable, before the first step); each
 * finished step is a record in incidents/N/done; what was taken away lies in incidents/N/quarantine/STEP with
 * its metadata; versions that only the vault holds were staged in incidents/N/staged/STEP before. Every
 * step can be done twice without harm.
 */
#ifndef RECOVER_APPLY_H
#define RECOVER_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "model/order.h"
#include "model/step.h"

struct apply_options {
    int state_fd;
    const char *const *trees; /* absolute paths of the protected trees, by index */
    size_t tree_count;
    /* Told after each step, for the journal and the progress. May be NULL. */
    void (*result)(uint32_t incident, const struct step *step, enum step_result result, const char *why,
                   void *self);
    void *self;
};

/* Writes the plan of an incident, durable; nothing to do when it was sent before. ERR_EXISTS: there is
 * another. */
int apply_plan(const struct apply_options *options, uint32_t incident, const struct step *steps,
               size_t count);
/* Does what is not yet done; fills done, failed (lost or failed), kept, result and text of *action. */
int apply_run(const struct apply_options *options, uint32_t incident, struct action *action);
/* Takes a recovery back: the versions in quarantine return (dismiss). Files changed since by somebody else
 * are kept beside. */
int apply_put_back(const struct apply_options *options, uint32_t incident, struct action *action);

#endif
