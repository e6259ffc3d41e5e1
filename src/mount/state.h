/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a mounted repository consists of; for this room alone.
 */
#ifndef MOUNT_STATE_H
#define MOUNT_STATE_H

#include <pthread.h>
#include <sys/types.h>

#include "mount/cache.h"
#include "mount/folders.h"
#include "mount/mount.h"
#include "mount/places.h"
#include "mount/pool.h"
#include "mount/reading.h"

struct mount {
    const struct mount_options *options;
    struct vault *vault; /* for the lock and, with `refreshing` held, the list of snapshots */
    struct vault_key *key;
    uid_t uid;
    gid_t gid;
    bool no_open, no_opendir; /* the kernel does without these requests */

    struct pool *pool;
    struct reading *reading;
    struct cache *trees; /* struct tree, by their IDs */
    struct folders *folders;

    struct places_rules rules;
    pthread_mutex_t places_mutex; /* guards what places points to */
    struct places *places;

    pthread_mutex_t refreshing; /* guards what stands up to the next lock */
    int64_t looked_ns;          /* monotonic; 0: never */
    uint8_t seen[SHA256_SIZE];  /* stands for the set of snapshots that places shows */
    size_t seen_count;

    pthread_mutex_t log_mutex; /* guards the rest */
    char last_line[2048];
    int64_t log_since_ns;
    unsigned logged, left_out;
};

/* ---- refresh.c ---- */

/* Reads the list of snapshots again if that is due, and shows what changed; a failure is logged, and what was
 * known stays. Returns at once when another thread is at it. */
void mount_refresh(struct mount *mount);
/* The first time: fails when the list or the index cannot be read. */
int mount_first_look(struct mount *mount);

/* ---- find.c ---- */

/* A file, link or folder inside a snapshot. `node` is NULL for the root of one: then `place` says which. */
struct found {
    struct folder folder; /* that it is in; of a root: itself */
    uint32_t index;
    const struct node *node;
    struct tree *tree;         /* that node is in */
    struct cache_entry *entry; /* keeps them */
    uint64_t inode;
    int64_t time_ns; /* of the snapshot, for a root */
};

/* The decoded tree of a folder, kept until cache_release(mount->trees, *entry). */
int mount_tree(struct mount *mount, const uint8_t id[static SHA256_SIZE], struct tree **tree,
               struct cache_entry **entry);
/* Finds what the kernel calls `number`, which is no place. mount_put ends it. */
int mount_find(struct mount *mount, uint64_t number, struct found *out);
void mount_put(struct mount *mount, struct found *found);
/* The inode number of a node for people: the same at the next mount, one for all names of a file. */
uint64_t mount_inode(const struct folder *folder, uint32_t index, const struct node *node);
/* Logs the thread's error with the path of what the kernel calls `number`, and of `name` in it (may be NULL);
 * the same line once only, and not more than a few per second. Returns the errno for it. */
int mount_complain(struct mount *mount, uint64_t number, const char *name, int err);

/* ---- fs.c ---- */

struct fuse_lowlevel_ops;
/* The requests of the kernel; their user data is the struct mount. */
extern const struct fuse_lowlevel_ops fs_ops;

#endif
