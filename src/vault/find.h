/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking in snapshots for names, or for the places of blobs, trees and packs.
 */
#ifndef VAULT_FIND_H
#define VAULT_FIND_H

#include "vault/match.h"
#include "vault/snapshot.h"

struct node;

/* A folder cannot be read; err_text() says why. The search goes on behind it. */
typedef void vault_find_bad(void *context, const struct snapshot *snapshot, const char *path, int err);

struct vault_find_names {
    struct match_list patterns;
    int64_t oldest_ns,
        newest_ns; /* of the modification; 0 for oldest and INT64_MAX for newest are no bounds */
    bool has_oldest;
    void *context;
    void (*on_found)(void *context, const struct snapshot *snapshot, const char *path,
                     const struct node *node);
    vault_find_bad *on_bad;
};

/* Looks for names in the snapshots, in their order. The index must be in memory. */
int vault_find_names(struct loader *loader, const struct snapshots *snapshots,
                     const struct vault_find_names *wanted);

enum find_kind { FIND_BLOB, FIND_TREE, FIND_PACK };

struct vault_find_ids {
    enum find_kind kind;
    const char *const *ids; /* beginnings of IDs, hexadecimal */
    size_t id_count;
    void *context;
    /* A data blob in a file that is in the folder `parent` (as ID), or (`parent` NULL) a tree: the folder
     * `path`. */
    void (*on_found)(void *context, const struct snapshot *snapshot, const char *path, const uint8_t *id,
                     const uint8_t *parent);
    vault_find_bad *on_bad;
};

/* Looks for the files that need data blobs, for the folders that trees are, or for what needs the blobs of
 * packs. A blob is told of wherever it is, a tree once in each snapshot. ERR_INVALID for what is no ID;
 * ERR_NOT_FOUND when there is no such pack. */
int vault_find_ids(struct vault *vault, struct loader *loader, const struct snapshots *snapshots,
                   const struct vault_find_ids *wanted);

#endif
