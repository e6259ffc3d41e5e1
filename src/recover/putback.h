/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taking a recovery back (dismiss): each step undone, the last one first. Inside of recover/ only.
 */
#ifndef RECOVER_PUTBACK_H
#define RECOVER_PUTBACK_H

#include "model/order.h"
#include "recover/work.h"

/* Undoes all that is done; can be run again after a crash. */
int putback_run(struct work *w, struct action *action);

#endif
