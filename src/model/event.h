/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the sensors saw: one change to one protected file, and who made it.
 */
#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/sketch.h"
#include "model/version.h"

#define ACTOR_EXE_SIZE    256
#define ACTOR_CLIENT_SIZE 64
#define EVENT_PATH_SIZE   PATH_MAX

/* A process, and for whom it works. (pid, start) names a process for good; a pid alone is reused. */
struct actor {
    int32_t pid;      /* thread group id */
    uint64_t start;   /* field 22 of /proc/PID/stat: clock ticks since boot */
    int32_t root_pid; /* the top of its process tree: the highest ancestor below a login, service manager,
                         file server or shell with a terminal */
    uint64_t root_start;
    uint32_t uid;                   /* effective, when it was looked at */
    char exe[ACTOR_EXE_SIZE];       /* path of the program, cut if longer; "" unknown */
    char client[ACTOR_CLIENT_SIZE]; /* address of the remote client that a file server works for, else "" */
};

enum event_kind {
    EVENT_CREATED = 1,   /* a name appeared (file, folder, symbolic or hard link) */
    EVENT_WRITTEN = 2,   /* closed after being open for writing, and its bytes or size are not the same */
    EVENT_TRUNCATED = 3, /* cut by path, without being opened */
    EVENT_DELETED = 4,   /* a name went away */
    EVENT_RENAMED = 5,   /* `path` became `new_path`; what stood at new_path before is `replaced` */
    EVENT_ATTRIBUTES =
        6 /* a file's owner, mode, times, ACL or extended attributes changed, its bytes did not */
};

enum event_flag {
    EVENT_FOLDER = 1,  /* it is about a folder */
    EVENT_DECOY = 2,   /* the file is one of ours, that nobody has a reason to touch */
    EVENT_FRESH = 4,   /* the file did not exist before this actor created it */
    EVENT_SYMLINK = 8, /* it is about a symbolic link */
    EVENT_RESCAN = 16, /* found by a rescan after lost events: the actor is unknown (pid 0) */
    EVENT_LINKED = 32, /* the file has other names too */
};

struct event {
    uint64_t sequence; /* grows by one per event of this sensor's life */
    int64_t time_ns;   /* wall clock */
    int64_t monotonic_ns;
    enum event_kind kind;
    uint32_t flags;
    uint32_t tree; /* index of the protected tree in the configuration */
    struct actor actor;
    char path[EVENT_PATH_SIZE];     /* relative to the tree */
    char new_path[EVENT_PATH_SIZE]; /* of a rename; "" when it left the tree. Of a deletion with EVENT_LINKED:
                                       another name of the file that is left; then `after` is its state */
    struct version before;          /* the file before this change; none of one that was created */
    struct version replaced; /* of a rename: what it replaced; kind NONE and inode 0 when nothing was there */
    struct filestate after;  /* the file once the change was done; all zero if it is gone */
    /* Before and after. Of a rename that replaced something: `old_sketch` is of what was replaced,
     * `new_sketch` of the file that moved; of any other rename, both are of the file. Of a deletion:
     * `old_sketch` is of what was deleted. A sketch that was not drawn is
     * not `valid`; the detectors then use what earlier events told. */
    struct sketch old_sketch;
    struct sketch new_sketch;
};

#endif
