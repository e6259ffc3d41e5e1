/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changing the tags of snapshots. A snapshot file never changes: a new one is saved, which names the first
 * one it descends from as its `original`, and then the old one is removed. Cut off between the two, both are
 * there and nothing is lost.
 */
#ifndef VAULT_TAG_H
#define VAULT_TAG_H

#include "vault/snapshot.h"

/* Tags as they are typed: each item may be several, "a,b"; empty ones are passed over. */
struct vault_tag_words {
    const char *const *items;
    size_t count;
};

struct vault_tag_options {
    const char *const *ids; /* these; without any, all that the filter lets through */
    size_t id_count;
    struct snapshot_filter filter;
    struct vault_tag_words set, add, remove; /* `set` stands alone; set to "" alone takes all tags away */
    void *context;
    /* Told of each snapshot that was replaced; may be NULL. */
    void (*on_changed)(void *context, const char *old_id, const struct snapshot *saved);
};

/* Takes the exclusive lock. ERR_INVALID, and nothing is changed, when there is nothing to set, add or remove,
 * or both a set and others; ERR_NOT_FOUND when one that was named is not there. */
int vault_tag(struct vault *vault, const struct vault_tag_options *options);

#endif
