/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file sensor: gates the opens of protected trees, keeps the bytes that are about to be lost, and turns
 * what the kernel says into events.
 *
 * It runs threads of its own (gate, copiers, deadlines, notifications); the callbacks below are called from
 * the notification thread or a copier, never from the gate thread, and must not block for long.
 */
#ifndef SENSOR_SENSOR_H
#define SENSOR_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/event.h"

struct sensor;

struct sensor_tree {
    const char *path; /* absolute */
    bool decoys;      /* keep decoy files in it */
};

struct sensor_options {
    const struct sensor_tree *trees; /* read at start only */
    size_t tree_count;
    int state_fd;           /* the state folder: shadow/ and held/ are made in it */
    uint64_t shadow_quota;  /* bytes */
    int64_t shadow_keep_ns; /* a copy that a snapshot holds too is dropped after this */
    uint64_t shadow_largest;
    bool may_hold;           /* enforce: watched programs wait for the judge, condemned ones until they
                                are stopped; condemned clients are refused */
    const int32_t *own_pids; /* let through at once: the guard's own processes (see sensor_own_pid) */
    size_t own_pid_count;
    struct gate_pulse *pulse; /* see ipc/pulse.h; may be NULL */
    bool small_queue;         /* keep the kernel's limit on queued notifications: for tests of the rescan */
};

struct sensor_ops {
    void (*event)(const struct event *event, void *self);
    /* A watched program waits at an open for writing: answer with sensor_synced(token). It waits at most
     * SENSOR_HOLD_MS, then goes on. All events before the open have been given to `event`. */
    void (*sync)(uint64_t token, uint64_t sequence, const struct actor *actor, void *self);
};

#define SENSOR_HOLD_MS 300  /* longest wait for the judge */
#define SENSOR_COPY_MS 5000 /* longest wait for a copy aside */

struct sensor_state {
    uint64_t events, dropped, rescans;
    uint64_t gate_p99_ns;
    uint64_t shadow_bytes, shadow_files;
    uint64_t unkept;
    uint32_t files;
    bool ready, gate;
    char blind_to[512];
};

/* Probes the kernel, marks and scans the trees in the background (state.ready when done), starts the threads.
 * ERR_UNSUPPORTED when not even notifications work; when only permission events are missing it runs without
 * the gate and says so in state.blind_to. */
int sensor_start(const struct sensor_options *options, const struct sensor_ops *ops, void *self,
                 struct sensor **out);
/* Closes the gate first (all waiting opens go through), then ends the threads. */
void sensor_stop(struct sensor *s);

void sensor_own_pid(struct sensor *s, int32_t pid, bool own);
void sensor_synced(struct sensor *s, uint64_t token, bool deny);
void sensor_watch(struct sensor *s, enum scope scope, const struct actor *who, uint32_t tree, bool on);
void sensor_condemn(struct sensor *s, const struct actor *who, bool on);
/* `who` is stopped: gives `event` everything it did up to now, also an EVENT_WRITTEN for each file it changed
 * and still holds open, and returns when that is done. Called from the thread that owns the sensor. */
void sensor_flush(struct sensor *s, const struct actor *who);
/* A snapshot holds what the file held/NAME says (see sensor/held.h). */
int sensor_held(struct sensor *s, uint32_t tree, uint64_t snapshot, const char *name);
/* How many files the tree has; right once state.ready. */
uint32_t sensor_files(struct sensor *s, uint32_t tree);
void sensor_get_state(struct sensor *s, struct sensor_state *out);

#endif
