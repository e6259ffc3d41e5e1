/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the model of what the culprits left behind to the steps that take it back, in an order in which each
 * finds its names free. Inside of recover/ only.
 */
#ifndef RECOVER_PLANORDER_H
#define RECOVER_PLANORDER_H

#include <stddef.h>

#include "model/step.h"
#include "recover/planmodel.h"

struct planorder;

/* Makes the steps; the model is used up by it. */
struct planorder *planorder_new(struct planmodel *model);
void planorder_free(struct planorder *o);
size_t planorder_steps(const struct planorder *o, const struct step **steps);

#endif
