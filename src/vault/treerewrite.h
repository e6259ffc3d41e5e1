/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tree of a snapshot made anew, with nodes left out or changed. A folder in which nothing changes keeps
 * its ID, and a node that is kept keeps its bytes.
 */
#ifndef VAULT_TREEREWRITE_H
#define VAULT_TREEREWRITE_H

#include "vault/nodetext.h"
#include "vault/tree.h"
#include "vault/writer.h"

#define TREEREWRITE_MAX_DEPTH 512

struct treerewrite {
    struct vault *vault; /* with its index in memory */
    struct loader *loader;
    struct writer *writer; /* NULL: nothing is stored, only the IDs are found out */
    bool by_path; /* what becomes of a node depends on its path: each folder is looked at wherever it is */
    void *context;
    /* Whether a node stays. `change` is empty and may be given a new content, which must live until the next
     * call. `path` is absolute, within the snapshot. */
    bool (*keep)(void *context, const struct node *node, const char *path, struct nodetext_change *change);
    /* A folder cannot be read (err_text says why): true puts an empty one in its place, false ends with the
     * error. NULL: false. */
    bool (*on_lost)(void *context, const char *path, int err);
    uint64_t files, bytes; /* of the files that stay; with by_path alone */

    struct treerewrite_known *known; /* inside: folders that were made anew already */
    size_t known_count, known_room;
};

/* Makes the tree `id` anew; `made` gets the new one's ID, and is equal to `id` when nothing changed.
 * ERR_CORRUPT, ERR_NOT_FOUND when a folder cannot be read, ERR_TOO_LARGE when they are nested too deep. */
int treerewrite_run(struct treerewrite *rewrite, const uint8_t id[static SHA256_SIZE],
                    uint8_t made[static SHA256_SIZE]);
void treerewrite_end(struct treerewrite *rewrite); /* frees what is inside */

#endif
