/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the changes of the culprits to the steps that take them back: pure logic. The changes of one file are
 * folded (renamed, then encrypted, then renamed again is one file), so that each file has at most one step
 * that gives it back its first version, its name and its place.
 *
 * A name that was one of several of a file becomes a link of it again, if another one lies in the same tree;
 * else (all others lie outside) it comes back as a file of its own, and those keep what the culprits left in
 * it.
 *
 * Attributes alone are not put back; a file that has to be put back gets those it had before the culprits
 * came.
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
