/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Removing snapshots, by their IDs or by a policy. What they alone needed stays until prune.
 */
#ifndef VAULT_FORGET_H
#define VAULT_FORGET_H

#include "vault/group.h"
#include "vault/retention.h"

struct forget_group {
    struct snapshot **snapshots; /* newest first */
    struct retention_verdict *verdicts;
    size_t count, kept;
};

struct vault_forget_options {
    const char *const
        *ids; /* these and no others, whatever the policy; or the beginning of an ID, or "latest" */
    size_t id_count;
    struct snapshot_filter filter;
    unsigned group_by; /* enum group_by */
    struct retention_policy policy;
    bool dry_run;
    bool remove_all; /* else of each group one must stay; without a policy, all that the filter lets through
                        go */
    bool by_arrival; /* a snapshot's time is when its file came into the folder, not what it says: a client
                        cannot choose that. ERR_UNSUPPORTED but for a local folder */
    int64_t now_ns;  /* wall clock */
    void *context;
    /* Told of each group before anything is removed; of snapshots that are dated ahead of now; of one that is
     * removed. Each may be NULL. */
    void (*on_group)(void *context, const struct forget_group *group);
    void (*on_future)(void *context, const struct snapshot *snapshot);
    void (*on_removed)(void *context, const struct snapshot *snapshot);
};

/* Takes the exclusive lock (a shared one for a dry run). ERR_INVALID, and nothing is removed, when a policy
 * would remove a whole group, or when there is neither an ID nor a policy. */
int vault_forget(struct vault *vault, const struct vault_forget_options *options);

#endif
