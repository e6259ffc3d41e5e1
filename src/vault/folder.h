/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders of a snapshot: reading one, finding one by its path, and walking through all that lies below.
 */
#ifndef VAULT_FOLDER_H
#define VAULT_FOLDER_H

#include "vault/snapshot.h"
#include "vault/tree.h"

#define FOLDER_MAX_DEPTH 512

/* Reads a folder; tree_free ends *out. ERR_NOT_FOUND, ERR_CORRUPT as loader_load and tree_decode say. */
int folder_load(struct loader *loader, const uint8_t id[static SHA256_SIZE], struct tree **out);
/* Goes from the folder `id` down `path` (slashes before, behind and doubled do not matter), and puts the ID
 * of the folder that is there into `id`. ERR_NOT_FOUND when there is none. */
int folder_descend(struct loader *loader, const char *path, uint8_t id[static SHA256_SIZE]);
/* Finds "SNAPSHOT" (as snapshot_find) or "SNAPSHOT:PATH": the snapshot, and the ID of that folder of it. The
 * index must be in memory; snapshot_free ends *out. */
int folder_find(const struct vault *vault, struct loader *loader, const char *name,
                const struct snapshot_filter *filter, struct snapshot **out, uint8_t id[static SHA256_SIZE]);

enum folder_next { FOLDER_INTO, FOLDER_PASS };

struct folder_visitor {
    void *context;
    /* Told of each node, a folder before what is in it: the folder's ID, the node's path. FOLDER_PASS: do not
     * look into this folder; a negative enum err ends the walk. */
    int (*on_node)(void *context, const uint8_t *folder, const char *path, const struct node *node);
    /* A folder cannot be read; err_text() says why. 0: go on behind it; what is negative ends the walk. NULL:
     * any does. */
    int (*on_bad)(void *context, const uint8_t *folder, const char *path, int err);
};

/* Walks through the folder `id`, which is at `path` ("" for the root; no slash behind), by ascending names.
 * 0, or what ended the walk. */
int folder_walk(struct loader *loader, const uint8_t id[static SHA256_SIZE], const char *path,
                const struct folder_visitor *visitor);

#endif
