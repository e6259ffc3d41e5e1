/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which blobs the snapshots of a repository need.
 */
#ifndef VAULT_USED_H
#define VAULT_USED_H

#include "vault/snapshot.h"

/* Marks, for each entry of the index (which must be in memory), whether a snapshot needs this blob. Of a blob
 * that several packs hold only the entry that index_find gives is marked. ERR_CORRUPT when a snapshot or a
 * folder cannot be read or needs a blob that no index names: then nobody knows what is needed. The caller
 * frees *marks. */
int used_mark(struct vault *vault, bool **marks);
/* The same for some snapshots. */
int used_mark_of(struct vault *vault, const struct snapshots *snapshots, bool **marks);

#endif
