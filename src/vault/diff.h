/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is different between two folders of snapshots, as restic diff judges it.
 */
#ifndef VAULT_DIFF_H
#define VAULT_DIFF_H

#include "vault/node.h"
#include "vault/vault.h"

/* What became of a name; several may hold. */
enum diff_change {
    DIFF_ADDED = 1,
    DIFF_REMOVED = 2,
    DIFF_TYPE = 4,     /* it is of another kind */
    DIFF_CONTENT = 8,  /* a file has other bytes */
    DIFF_BITROT = 16,  /* ... and nothing else about it changed, so no program did it */
    DIFF_METADATA = 32 /* the bytes are the same, something else is not */
};

/* Compares two nodes of one name; 0 when nothing is different. The bits above but the first two. */
unsigned diff_nodes(const struct node *before, const struct node *after);
/* "+", "-", "TM?", ...: the letters of restic. */
void diff_letters(unsigned change, char out[static 8]);

struct vault_diff_options {
    bool metadata; /* tell of DIFF_METADATA, too */
    void *context;
    /* Told of each change by ascending paths, a folder's with a slash behind. */
    void (*on_change)(void *context, const char *path, unsigned change);
    /* Something could not be compared; err_text() says why. */
    void (*on_problem)(void *context, const char *path, int err);
};

struct vault_diff_count {
    uint64_t files, folders, others;
    uint64_t data_blobs, tree_blobs; /* that only one side needs */
    uint64_t bytes;                  /* of these, plain */
};

struct vault_diff_result {
    uint64_t changed_files, problems;
    struct vault_diff_count added, removed;
};

/* Compares the folders with these IDs. Folders that are the same are not compared name by name. The index
 * must be in memory. 0; ERR_PARTIAL when something could not be compared; another error when the two could
 * not be read. */
int vault_diff(struct vault *vault, const uint8_t before[static SHA256_SIZE],
               const uint8_t after[static SHA256_SIZE], const struct vault_diff_options *options,
               struct vault_diff_result *result);

#endif
