/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is to be saved, as the tree that the snapshot will show: the paths that were asked for (leaves) and
 * the folders on the way to them.
 */
#ifndef VAULT_SOURCE_H
#define VAULT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct source {
    char *name;              /* in the snapshot */
    char *path;              /* where it is */
    char *absolute;          /* the same, absolute: for patterns and reports */
    bool leaf;               /* saved with all below it; else only its metadata and its children */
    struct source *children; /* ascending by name */
    size_t count;
};

/* Cuts the paths as restic does: an absolute one keeps all its parts, a relative one is rooted as typed
 * without leading "..", and a path without parts ("/", ".", "..") stands for the entries of that folder. The
 * root has no name. ERR_INVALID when two paths would have the same place. source_free ends *out. */
int source_new(const char *const *paths, size_t count, struct source **out);
void source_free(struct source *root); /* NULL is fine */
/* A path made absolute against the working folder and normalized by its text ("." and ".." taken out); the
 * caller frees it. */
char *source_absolute(const char *path);

#endif
