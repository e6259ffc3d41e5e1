/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A repository as a read-only file system, through libfuse. restic's folders: snapshots/TIME, ids/SHORT,
 * hosts/HOST/TIME, tags/TAG/TIME, and "latest" links.
 *
 * Threads: the kernel's requests are answered by a few threads at once, because one that waits for the disk
 * must not keep the others waiting. An open vault is for one thread, its loaders are for one thread each: so
 * mount/pool.h gives each thread that reads a loader of its own on a vault that nobody else touches, and the
 * vault that the caller gave serves the lock and the list of snapshots alone.
 *
 * Snapshots that come or go show up by themselves: whoever looks at the folders above the snapshots has the
 * list read again, every MOUNT_REFRESH_SECONDS at most, and the index with it if the list is another.
 *
 * Memory, besides the index (vault/index.h; twice that while a new one is read):
 *     decoded folders     MOUNT_TREES bytes, or the one that was used last
 *     unpacked chunks     READING_CHUNKS bytes (mount/reading.h), and one per thread
 *     where chunks begin  READING_LAYOUTS bytes, or the one that was used last
 *     known folders       about 200 bytes each; beyond FOLDERS_MOST of them (mount/folders.h) the kernel is
 *                         asked to forget the oldest. Files and links have no record.
 *     places              about 200 bytes for each snapshot in each folder of snapshots (mount/places.h)
 *     threads             1 MiB, and two buffers of the size of the largest chunk, at most 16 MiB, each
 *
 * What cannot be read gives EIO and a line in the log that names the file, the blob and the pack.
 */
#ifndef MOUNT_MOUNT_H
#define MOUNT_MOUNT_H

#include "vault/snapshot.h"

#define MOUNT_REFRESH_SECONDS 2
#define MOUNT_TREES           ((size_t)64 << 20)

struct mount_options {
    const char *mountpoint;            /* a folder */
    struct snapshot_filter filter;     /* which snapshots show up */
    const char *const *path_templates; /* see mount/template.h; none: restic's four */
    size_t path_template_count;
    const char *time_template;   /* see mount/gotime.h; NULL: RFC 3339 */
    bool allow_other;            /* other users than the one who mounts */
    bool no_default_permissions; /* and they may read everything */
    bool owner_root;             /* everything belongs to root */
    bool no_lock;
    void *context;
    void (*on_ready)(void *context); /* it is mounted; may be NULL */
};

/* Takes a shared lock, mounts, and serves until somebody unmounts it or SIGINT, SIGTERM or SIGHUP comes,
 * which unmounts it; then gives the lock back and returns 0. ERR_NOT_FOUND (no such folder), ERR_INVALID
 * (templates), ERR_LOCKED, ERR_PERMISSION, ERR_UNSUPPORTED (this kernel has no FUSE), ... when it could not
 * be mounted. */
int mount_serve(struct vault *vault, const struct mount_options *options);

#endif
