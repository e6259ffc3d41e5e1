/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a simulator finds in the share: every regular file but the marker and its own notes, folder after
 * folder in the order of the names.
 */
#ifndef DRILL_ATTACK_LIST_H
#define DRILL_ATTACK_LIST_H

#include "drill/attack.h"

/* Fills a->targets below a->share. ERR_PERMISSION when a file has a name outside the share or something is
 * mounted in it: then nothing at all may be touched. */
int attack_list(struct attack *a);

#endif
