/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taking away what stands where something else belongs.
 */
#ifndef VAULT_CLEARTREE_H
#define VAULT_CLEARTREE_H

#include <stdbool.h>
#include <stdint.h>

/* Removes `name` in the open folder with all below it, follows no link and enters no other file system; adds
 * to *removed how many things that were. With `dry_run` it counts alone. `path` is for texts. */
int cleartree(int dirfd, const char *name, const char *path, bool dry_run, uint64_t *removed);

#endif
