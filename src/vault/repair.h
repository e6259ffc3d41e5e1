/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Making a damaged repository usable again: first the index is brought in line with the packs that are there,
 * what is intact in damaged packs is saved, and then the snapshots do without what is lost.
 */
#ifndef VAULT_REPAIR_H
#define VAULT_REPAIR_H

#include "vault/remake.h"

enum vault_repair_event {
    VAULT_REPAIR_BAD_INDEX,  /* an index file that cannot be read is removed */
    VAULT_REPAIR_NEW_PACK,   /* a pack that no index named is read and named */
    VAULT_REPAIR_OTHER_PACK, /* a pack whose size does not fit the index is read again */
    VAULT_REPAIR_GONE_PACK,  /* a pack that an index names is not there, and is named no longer */
    VAULT_REPAIR_BAD_PACK,   /* a pack whose list of blobs cannot be read; it is named no longer */
    VAULT_REPAIR_BAD_BLOB,   /* a blob that cannot be saved */
    VAULT_REPAIR_SAVED_COPY, /* the bytes of a damaged pack were put aside */
    VAULT_REPAIR_NO_COPY,    /* a pack is not there, so nothing was put aside */
};

struct vault_repair_options {
    void *context;
    /* Told of each finding: `name` is that of the file or blob; err_text() says why something is bad. */
    void (*on_event)(void *context, enum vault_repair_event event, const char *name);
};

struct vault_repair_result {
    uint64_t packs_read, packs_bad, packs_gone, indexes_bad; /* repair index */
    uint64_t blobs_saved, blobs_bad;                         /* repair packs */
};

/* Names in the index what the packs hold: reads those whose size does not fit the index, or with
 * `read_all_packs` all of them, as if there were no index. Takes the exclusive lock. */
int vault_repair_index(struct vault *vault, bool read_all_packs, const struct vault_repair_options *options,
                       struct vault_repair_result *result);

/* Packs anew what is intact in the packs `ids` (whole IDs), and removes them; before, their bytes are put
 * aside in `folder` as "pack-ID". Takes the exclusive lock. ERR_INVALID for what is no ID, ERR_EXISTS when
 * such a file with other bytes is there, ERR_NOT_FOUND without such a pack, another error when one cannot be
 * read just now: no pack is removed then. */
int vault_repair_packs(struct vault *vault, const char *const *ids, size_t count, const char *folder,
                       const struct vault_repair_options *options, struct vault_repair_result *result);

enum vault_repair_loss {
    VAULT_LOSS_CONTENT,
    VAULT_LOSS_SIZE,
    VAULT_LOSS_NODE,
    VAULT_LOSS_FOLDER,
    VAULT_LOSS_SNAPSHOT
};

struct vault_repair_snapshots_options {
    struct vault_remake_options which;
    /* Told of a file that lacks a part or whose size is wrong, an entry of no known type (it is taken out,
     * for nothing can restore it and restic's check takes it for damage), a folder that is emptied, a
     * snapshot whose root is lost ("/"); context is that of `which`. */
    void (*on_loss)(void *context, enum vault_repair_loss loss, const char *path);
};

/* Makes snapshots anew without what no index names and without folders that cannot be read. The new ones have
 * the tag "repaired" when the old ones stay. A snapshot of which nothing can be read is removed with
 * `forget`; so is a snapshot file that cannot be read, if it is named by its ID. Takes the exclusive lock. */
int vault_repair_snapshots(struct vault *vault, const struct vault_repair_snapshots_options *options);

#endif
