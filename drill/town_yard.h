/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A yard with a town in it, and its manifest beside.
 */
#ifndef DRILL_TOWN_YARD_H
#define DRILL_TOWN_YARD_H

#include "drill/manifest.h"
#include "drill/yard.h"

/* Makes a yard below `base` (as yard_create), builds the town (or village) of `seed` in it and writes the
 * manifest. The colleague's own folder is not in the manifest: it is hers to change. */
int town_yard_make(const char *base, uint64_t seed, bool village, struct yard **out,
                   struct manifest **manifest);
/* Reads the manifest that town_yard_make wrote. */
int town_yard_manifest(const struct yard *yard, struct manifest **out);

#endif
