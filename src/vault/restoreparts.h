/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of a restore have in common; nobody else includes it.
 */
#ifndef VAULT_RESTOREPARTS_H
#define VAULT_RESTOREPARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "vault/restore.h"
#include "vault/tree.h"

/* A folder being restored. It stays open until all that lies in it is done; only then its own mode and times
 * can be put on. */
struct folder {
    struct folder *parent;
    const struct node *node; /* in the parent's tree; NULL for the target */
    struct tree *tree;
    char *path; /* in the snapshot, "" for the target */
    int fd;
    atomic_uint users;
};

struct job {
    struct job *next;
    struct folder *folder;
    const struct node *node;
    int fd; /* the new, empty file; -1: not made yet */
};

/* The first name of a file that has several. */
struct link {
    uint64_t inode, device;
    char *path; /* relative to the target; NULL: empty slot */
};

struct restore {
    struct vault *vault;
    const struct vault_restore_options *options;
    struct vault_restore_result *result;
    struct loader *loader;
    bool skip_owner;
    int target;
    struct link *links;
    size_t link_count, link_room;

    pthread_mutex_t mutex; /* below, and the result, and the callbacks */
    pthread_cond_t work, space;
    struct job *first, **last;
    size_t queued;
    bool ending;
};

/* Counts what was not restored as it was and tells of it; err_text() says why. From any thread. */
void restore_problem(struct restore *restore, const char *path, int err);
/* The path of a node in the snapshot; the caller frees it. */
char *restore_path_of(const struct folder *folder, const struct node *node);

/* Whether what stands there already is to stay as it is (--overwrite). */
bool restore_keeps(const struct restore *restore, const struct folder *folder, const struct node *node);
/* Takes away what stands where something else is to be made. */
int restore_clear_way(struct restore *restore, const struct folder *folder, const char *name,
                      const char *path);
/* Makes a new, empty file; a descriptor or an error. */
int restore_create_file(struct restore *restore, const struct folder *folder, const struct node *node,
                        const char *path);
/* Restores the file of a job. On a worker. */
void restore_write_file(struct restore *restore, struct loader *loader, struct job *job);

#endif
