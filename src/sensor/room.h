/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the sensor's threads share. Each part guards itself; nothing here changes after sensor_start but the
 * atomics.
 */
#ifndef SENSOR_ROOM_H
#define SENSOR_ROOM_H

#include <limits.h>
#include <stdatomic.h>

#include "sensor/hot.h"
#include "sensor/kept.h"
#include "sensor/procs.h"
#include "sensor/ring.h"
#include "sensor/sensor.h"
#include "sensor/store.h"
#include "sensor/suspects.h"
#include "sensor/writers.h"

#define ROOM_OWN_MAX 128 /* processes and threads that are let through at once */

struct gate;
struct notify;

struct room_tree {
    char *path;
    size_t path_length;
    int fd; /* the folder, O_RDONLY: also what open_by_handle_at needs */
    dev_t device;
    bool decoys;
    atomic_uint files;  /* known in it */
    atomic_bool listed; /* what the vault holds of it is known */
};

struct sensor {
    struct sensor_ops ops;
    void *self;
    struct room_tree *trees;
    size_t tree_count;
    bool may_hold, small_queue;
    int held_fd; /* the folder held/ */
    struct gate_pulse *pulse;

    struct kept *kept;
    struct store *store;
    struct ring *ring;
    struct writers *writers;
    struct hot *hot;
    struct suspects *suspects;
    struct procs *procs;
    struct gate *gate; /* NULL: this kernel has no permission events */
    struct notify *notify;

    atomic_int own[ROOM_OWN_MAX]; /* pids, and thread ids of this process; 0: free */
    atomic_ullong events, dropped, rescans;
    atomic_bool ready;
    char blind_to[512];
};

/* True when this pid or thread id is one of ours. */
bool room_is_own(const struct sensor *s, int32_t id);
/* Every thread of the sensor calls this first: blocks signals, names it and makes its opens pass the gate. */
void room_enter_thread(struct sensor *s, const char *name);
/* The tree a file belongs to and its path in it, from an open descriptor. False when the path that the
 * opener used is not below a tree (a bind mount): then *tree is a tree on the same device and the path is
 * the whole one. `path` has PATH_MAX bytes. */
bool room_locate(const struct sensor *s, int fd, dev_t device, uint32_t *tree, char *path);

#endif
