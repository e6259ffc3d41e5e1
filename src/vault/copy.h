/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copying snapshots into another repository. Blobs keep their names, so what the other already has is not
 * moved again; they are sealed anew with its key. A copy names the snapshot it descends from as its
 * `original`; by that, and by its fields, it is known again.
 */
#ifndef VAULT_COPY_H
#define VAULT_COPY_H

#include "vault/snapshot.h"

struct vault_copy_options {
    const char *const *ids; /* these; without any, all that the filter lets through */
    size_t id_count;
    struct snapshot_filter filter;
    void *context;
    /* Each may be NULL. A snapshot that is there already, with the one that it is; one whose data is about to
     * be copied; one whose copy stands. `snapshot` is still the old one, but for the last. */
    void (*on_skipped)(void *context, const struct snapshot *snapshot, const char *as);
    void (*on_start)(void *context, const struct snapshot *snapshot);
    void (*on_saved)(void *context, const char *old_id, const struct snapshot *saved);
};

struct vault_copy_result {
    uint64_t copied, skipped;           /* snapshots */
    uint64_t data_blobs, tree_blobs;    /* moved */
    uint64_t plain_bytes, stored_bytes; /* of them */
};

/* Takes shared locks of both; the one of `from` is left out where nothing can be written. A snapshot is saved
 * when all that it needs is on the disk: cut off anywhere, what was copied is whole, and the next copy goes
 * on. ERR_CORRUPT when something that a snapshot needs cannot be read; those before it are then saved. */
int vault_copy(struct vault *from, struct vault *to, const struct vault_copy_options *options,
               struct vault_copy_result *result);

/* Whether one is a copy of the other, once their IDs say so: all but parent and original is equal. */
bool copy_is_same(const struct snapshot *a, const struct snapshot *b);

#endif
