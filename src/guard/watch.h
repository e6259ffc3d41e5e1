/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decides from the sensor's pulse whether its gate hangs. Pure: time and what the kernel says about the gate
 * thread are passed in.
 *
 * A tick that came late says that the whole machine was suspended or starved, so that interval does not
 * count. Nor does one in which the gate thread was ready to run and got no processor: killing it would help
 * nobody. A thread that runs without beating, or sleeps or is stopped without beating, hangs.
 */
#ifndef GUARD_WATCH_H
#define GUARD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define WATCH_TICK_NS    (38 * NS_PER_MS)
#define WATCH_LATE_NS    (60 * NS_PER_MS)    /* a tick later than this after the last one does not count */
#define WATCH_SPIN_NS    (50 * NS_PER_MS)    /* so much processor time without a beat: it turns in circles */
#define WATCH_STARVED_NS (3 * NS_PER_SECOND) /* even a starved gate must not hold the machine for longer */

struct watch {
    uint64_t beat;    /* when last seen to change */
    int64_t last_ns;  /* of the last tick; 0: none */
    int64_t stale_ns; /* counted time without a beat */
    int64_t total_ns; /* also what was not counted */
    int64_t cpu_ns;   /* of the gate thread at the last beat; -1: not asked yet */
};

/* What the kernel says about the gate thread. */
struct watch_thread {
    bool known;
    char state;     /* as in /proc/TID/stat: R S D T t Z ... */
    int64_t cpu_ns; /* processor time it has had */
};

/* For a new sensor. */
void watch_reset(struct watch *w);
/* One look at the pulse. True when the beat is overdue, so that watch_hangs must be asked. */
bool watch_tick(struct watch *w, uint64_t beat, int64_t now_ns);
/* True when the sensor must be killed; *why says it for people (static). */
bool watch_hangs(struct watch *w, const struct watch_thread *thread, const char **why);
/* Reads it from /proc/PID/task/TID. */
void watch_look(int32_t pid, int32_t thread, struct watch_thread *out);

#endif
