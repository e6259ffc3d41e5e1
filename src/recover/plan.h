/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the changes of the culprits to the steps that take them back: pure logic. The changes of one file are
 * folded (renamed, then encrypted, then renamed again is one file), so that each file has at most one step
 * that gives it back its first version, its name and its place.
 *
 * A file with several names of which only one was ever in an event, and that one is gone: it comes back as a
 * file of its own, and its other name, of which the plan knows nothing, keeps what the culprits left in it.
 */
#ifndef RECOVER_PLAN_H
#define RECOVER_PLAN_H

#include <stddef.h>

#include "model/step.h"
#include "recover/history.h"

struct plan;

struct plan *plan_new(void);
void plan_free(struct plan *p);
/* In the order they happened. */
void plan_add(struct plan *p, const struct change *change);
/* Folds and orders: folders first (outer before inner), renames, restores, quarantines, folders to remove
 * last (inner before outer). The steps belong to the plan. */
size_t plan_steps(struct plan *p, const struct step **steps);

#endif
