/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Snapshots of the same thing: those with the same host, paths or tags.
 */
#ifndef VAULT_GROUP_H
#define VAULT_GROUP_H

#include "vault/snapshot.h"

/* What the snapshots of one group have in common. */
enum group_by { GROUP_BY_HOST = 1, GROUP_BY_PATHS = 2, GROUP_BY_TAGS = 4 };

struct snapshot_group {
    struct snapshot **items; /* newest first; the snapshots are the list's */
    size_t count;
};

/* Groups those that the filter (may be NULL) lets through by the bits of `by`; the group with the newest
 * snapshot comes first. groups_free ends *out. */
size_t groups_make(const struct snapshots *list, const struct snapshot_filter *filter, unsigned by,
                   struct snapshot_group **out);
/* Whether two snapshots are of one group. */
bool group_same(const struct snapshot *a, const struct snapshot *b, unsigned by);
void groups_free(struct snapshot_group *groups, size_t count);

#endif
