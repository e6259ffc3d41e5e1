/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of the notification thread, shared by its files: notify.c (the loop), changes.c with change.c
 * and contents.c (one notification), scan.c (folders), settle.c (copies of what changed). Only that thread
 * touches it, but for what says otherwise.
 */
#ifndef SENSOR_WATCH_H
#define SENSOR_WATCH_H

#include <pthread.h>

#include "model/event.h"
#include "sensor/catalog.h"
#include "sensor/room.h"
#include "sensor/volume.h"

struct settle;
struct fanotify_event_metadata;

/* A device in the trees, and the file system it is part of. */
struct mount {
    dev_t device;
    uint16_t volume;
};

/* A question to the judge that waits until the notifications up to now are given. */
struct question {
    uint64_t token; /* 0: a flush, see sensor_flush */
    struct actor actor;
};

struct notify {
    struct sensor *s;
    struct catalog *catalog;
    struct volume *volumes;
    size_t volume_count;
    struct mount *mounts;
    size_t mount_count;
    int wake; /* eventfd: there are questions, or the end */
    pthread_t thread;
    atomic_bool ending;

    uint32_t *to_scan; /* nodes whose folders are still to be read */
    size_t scan_count, scan_capacity;
    bool rescanning, rescan_wanted;
    int32_t scan_pid; /* who made the folder that is scanned; 0: nobody, do not tell */
    bool first_scan_done;

    uint32_t moved_row; /* without has_targets: a MOVED_FROM that waits for its MOVED_TO */
    int32_t moved_pid;

    /* A hot file that was modified by one who does not seem to have it open: cut by path, unless his closing
     * is among what is queued. */
    struct writer cut;

    struct settle *settle;
    bool *settled; /* per tree: what changed before the start is on its way to be copied */
    uint64_t sequence;
    struct event event; /* the one being made */
    int64_t next_tick_ns, next_expiry_ns;

    pthread_mutex_t lock; /* guards the questions */
    pthread_cond_t flushed;
    uint64_t flushes_asked, flushes_done;
    struct question *questions;
    size_t question_count, question_capacity;
};

/* ---- notify.c ---- */
/* Begins an event about `name` in folder `node`; false when its path is too long to tell. */
bool watch_begin(struct notify *n, enum event_kind kind, uint32_t flags, uint32_t node, const char *name);
/* Completes and gives it. The actor is `pid`; our own changes are not given. */
void watch_emit(struct notify *n, int32_t pid, const struct before *before);
/* The stamp that a row remembers. */
struct stamp watch_stamp(const struct notify *n, const struct row *row);
/* The same, as what is kept of it is known by. */
struct stamp watch_key(const struct notify *n, const struct row *row);
/* The device's number among the mounts (a new file system gets its group); negative enum err. */
int watch_mount(struct notify *n, int folder_fd, const struct stat *st);

/* ---- changes.c ---- */
void changes_handle(struct notify *n, const struct volume *v, const struct fanotify_event_metadata *event);
/* Nothing more is queued: a MOVED_FROM without its MOVED_TO left the trees, a hot file that nobody closed was
 * cut by path. */
void changes_flush(struct notify *n);

/* ---- change.c ---- */
/* Where a row's version is; saves it from a kept descriptor if that is the last chance. */
struct version change_rescue(struct notify *n, uint32_t row);

/* ---- contents.c ---- */
/* An EVENT_WRITTEN for each file that this actor (same client, else same process tree) changed and still has
 * open. */
void contents_flush_open(struct notify *n, const struct actor *who);

/* ---- scan.c ---- */
/* Puts all trees on the list; with `again` differences become events. */
void scan_trees(struct notify *n, bool again);
/* Reads the next folder on the list; false when the list is empty. */
bool scan_step(struct notify *n);
/* A folder that appeared: marks and reads it and everything below now; what is in it is told as created. */
void scan_new_folder(struct notify *n, uint32_t node, int32_t pid);
/* The flags of a row for what `st` describes. */
uint16_t scan_row_flags(const struct stat *st);

/* ---- settle.c ---- */
struct settle *settle_start(struct sensor *s); /* NULL when no thread can be made */
void settle_stop(struct settle *settle);
/* The file changed, or the folder is new: copy it aside soon, unless it is kept by then. `fd` (taken over)
 * may be -1. */
void settle_add(struct notify *n, uint32_t row, int fd);
/* A folder's owner, mode or attributes changed: what was kept of it is out of date. */
void settle_folder(struct notify *n, uint32_t row);
/* The same of a file, whose copy may still serve. */
void settle_meta(struct notify *n, uint32_t row);
/* The first scan is over and what the vault holds is known: what neither it nor the shadow store holds
 * changed while nobody was looking, or was put back just before, and is copied aside at once. */
void settle_tree(struct notify *n, uint32_t tree);
/* A symbolic link appeared or got another owner; `fd` is an O_PATH descriptor of it (borrowed). */
void settle_link(struct notify *n, uint32_t row, int fd);
/* Hands over what is due. Returns when to call again (monotonic), INT64_MAX for never. */
int64_t settle_tick(struct notify *n, int64_t now_ns);

#endif
