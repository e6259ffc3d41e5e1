/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The snapshots that a command works on.
 */
#ifndef VAULT_CHOOSE_H
#define VAULT_CHOOSE_H

#include "vault/snapshot.h"

/* Those with the given names (as snapshot_find; the filter is for "latest"), each once and in that order;
 * without names all that the filter lets through, oldest first. ERR_NOT_FOUND for a name that nothing has;
 * ERR_INVALID when there is a filter and no "latest" that it is for. snapshot_free_all ends *out. */
int snapshots_choose(const struct vault *vault, const struct snapshot_filter *filter,
                     const char *const *names, size_t count, struct snapshots *out);

#endif
