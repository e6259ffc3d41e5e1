/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of a plan that do not write bytes: names, folders, quarantine. Inside of recover/ only.
 */
#ifndef RECOVER_APPLYSTEP_H
#define RECOVER_APPLYSTEP_H

#include "recover/work.h"

/* Does the step and fills *record; the thread's error text says why when the result is not STEP_DONE. `index`
 * is its place in the plan. */
void applystep_do(struct work *w, const struct step *step, struct done *record);

#endif
