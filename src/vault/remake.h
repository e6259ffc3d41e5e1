/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Snapshots made anew from changed trees: what rewrite and repair have in common. All trees are made and
 * durable before the first snapshot is saved, and a snapshot is removed only when the one in its place
 * stands: cut off anywhere, no snapshot is lost.
 */
#ifndef VAULT_REMAKE_H
#define VAULT_REMAKE_H

#include "vault/snapshot.h"
#include "vault/treerewrite.h"

enum vault_remade {
    VAULT_REMADE_SAME, /* nothing to change */
    VAULT_REMADE_NEW,  /* another one was saved (would be, in a dry run) */
    VAULT_REMADE_GONE, /* nothing is left of it, and it was removed (with forget) */
    VAULT_REMADE_LOST, /* nothing can be read of it; it stays, for forget was not asked for */
};

struct vault_remake_options {
    const char *const *ids; /* these; without any, all that the filter lets through */
    size_t id_count;
    struct snapshot_filter filter;
    bool forget;  /* remove those in whose place others were saved; else the new ones get a tag */
    bool dry_run; /* change nothing */
    void *context;
    /* Before a snapshot's tree is looked at; and what became of it: `now` is the new one (its id is "" in a
     * dry run), or the old one. Each may be NULL. */
    void (*on_start)(void *context, const struct snapshot *snapshot);
    void (*on_done)(void *context, const char *old_id, enum vault_remade what, const struct snapshot *now);
};

/* ---- for the vault room ---- */

struct remake {
    struct vault *vault;
    const struct vault_remake_options *options;
    struct treerewrite trees; /* the caller sets by_path, context, keep, on_lost */
    bool no_trees;            /* the trees stay as they are */
    const char *tag;          /* of new snapshots whose old ones stay */
    bool exclusive;           /* lock, also without forget */
    /* Changes what the snapshot says of itself; whether it did. NULL: nothing. */
    bool (*edit)(void *context, struct snapshot *snapshot);
};

/* Takes a shared lock, or the exclusive one to forget. */
int remake_run(struct remake *remake);

#endif
