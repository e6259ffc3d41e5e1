/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: one notification, taken apart, and looking at what it is about. Notifications lag behind
 * the disk, so a name may mean another file by now: where the kernel gives the child's handle, that is what
 * is opened.
 */
#ifndef SENSOR_CHANGE_H
#define SENSOR_CHANGE_H

#include <fcntl.h>

#include "sensor/watch.h"

#define CHANGE_READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOATIME | O_NOFOLLOW | O_CLOEXEC)

/* A name in a folder as an event gives it. */
struct spot {
    const struct file_handle *folder; /* NULL: not given */
    const char *name;
    uint32_t node; /* CATALOG_NONE: not in our trees */
};

struct change {
    uint64_t mask;
    int32_t pid;
    const struct volume *volume;
    struct spot at, to; /* `to` of a rename */
    const struct file_handle *child;
};

/* ---- change.c ---- */
/* Points into the event. */
void change_parse(struct notify *n, const struct fanotify_event_metadata *event, struct change *c);
int change_open_handle(const struct volume *v, const struct file_handle *handle, int flags);
/* The file itself, else what has its name now; negative when it is gone. */
int change_open_child(const struct change *c, const struct spot *spot, int flags);
bool change_look(int fd, struct stat *st); /* false when fd is negative, too */
struct filestate change_filestate(const struct stamp *stamp);
uint32_t change_event_flags(const struct row *row);
/* All names of a file have one stamp, whichever of them the event was about. With `same_bytes` what was kept
 * of the file still serves when only the ctime differs (a rename, link or chmod). */
void change_set_stamp(struct notify *n, uint32_t number, const struct stamp *fresh, bool same_bytes);
void change_restamp(struct notify *n, uint32_t number, const struct stat *st);

/* ---- contents.c ---- */
void contents_closed(struct notify *n, const struct change *c);
/* MODIFY without a closing: while the file is open for writing the closing will tell. */
void contents_modified(struct notify *n, const struct change *c);
void contents_folder_attributes(struct notify *n, const struct change *c);
void contents_attributes(struct notify *n, const struct change *c);
/* Nothing more is queued, and no closing came: the hot file was cut by path indeed. */
void contents_flush_cut(struct notify *n);

#endif
