/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file systems that the protected trees lie on. Each has a notification group of its own, so that a file
 * handle in an event is unambiguous: handles repeat between file systems, and the fsid in an event is not
 * that of statfs on btrfs subvolumes.
 */
#ifndef SENSOR_VOLUME_H
#define SENSOR_VOLUME_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What a group is asked for. */
enum volume_scope {
    VOLUME_WHOLE,   /* the file system at once; folder by folder where that is refused */
    VOLUME_FOLDERS, /* folder by folder */
    VOLUME_SIZES,   /* another group has the whole file system: only changes of size by path */
};

struct volume {
    uint64_t identity; /* the same for all subvolumes of one btrfs */
    int fan;
    int folder_fd;    /* some folder on it: for open_by_handle_at */
    bool whole;       /* marked as a file system; else each folder is marked */
    bool sizes_only;  /* see VOLUME_SIZES */
    bool has_targets; /* events name the child's handle, and renames come as one event (Linux 5.17) */
};

/* Opens the group of the file system that `folder_fd` is on and marks it, or finds that it can only be
 * marked folder by folder. ERR_UNSUPPORTED when events cannot carry names here. */
int volume_open(int folder_fd, uint64_t identity, enum volume_scope scope, bool small_queue,
                struct volume *out);
void volume_close(struct volume *v);
/* What tells the file system of `fd` from others. */
uint64_t volume_identity(int fd, const struct stat *st);
/* Marks a folder for what needs a mark on each: all of it when the file system could not be marked, else
 * changes of size by path. */
int volume_mark_folder(const struct volume *v, int folder_fd);

/* The fingerprint of a file handle of this volume. */
uint64_t volume_fingerprint(const struct volume *v, const struct file_handle *handle);
/* The same for what `name` in `dirfd` is ("": dirfd itself); false when there is none. */
bool volume_find_handle(const struct volume *v, int dirfd, const char *name, uint64_t *fingerprint);

#endif
