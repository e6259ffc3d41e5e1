/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of who may do what: the sandbox of each role, in one place, to be read as a whole.
 */
#ifndef GUARD_BOUNDS_H
#define GUARD_BOUNDS_H

#include "guard/config.h"
#include "ipc/message.h"
#include "ipc/sandbox.h"

/* Fills *out, which owns its paths (bounds_free). Fails when the user of
 * the unprivileged roles does not exist. */
int bounds_of(enum role role, const struct config *config, struct sandbox *out);
void bounds_free(struct sandbox *s);

#endif
