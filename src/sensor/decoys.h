/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decoy files: plausible office files at the top of a tree that nobody has a reason to touch. One sorts
 * before everything, one after, so that a program that goes through the folder in order meets one early.
 */
#ifndef SENSOR_DECOYS_H
#define SENSOR_DECOYS_H

#include <stdbool.h>

/* Makes those that are missing. A file of the same name that is not ours stays as it is. */
void decoys_place(int tree_fd);
/* Whether a name at the top of a tree is a decoy's. */
bool decoys_is_one(const char *name);

#endif
