/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Taking files out of snapshots, and changing whose and when they are.
 */
#ifndef VAULT_REWRITE_H
#define VAULT_REWRITE_H

#include "vault/match.h"
#include "vault/remake.h"

struct vault_rewrite_options {
    struct vault_remake_options which;
    struct match_list excludes; /* what matches is taken out */
    const char *new_host;       /* NULL: as it is */
    bool has_new_time;
    int64_t new_time_ns;
    /* Told of what is taken out, with its path in the snapshot; may be NULL. */
    void (*on_excluded)(void *context, const char *path);
};

/* The new snapshots name the old as their `original`, and have the tag "rewrite" when the old ones stay.
 * Folders that nothing was taken out of keep their IDs; those that become empty stay. ERR_INVALID when there
 * is nothing to change; ERR_CORRUPT, and no snapshot is changed, when a folder cannot be read. */
int vault_rewrite(struct vault *vault, const struct vault_rewrite_options *options);

#endif
