/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sensor's pulse: one page of memory that the sensor writes and the supervisor looks at. As long as the
 * gate is open, programs wait for the sensor's answer at every open; so the thread that answers must show
 * that it turns, far more often than a message could be exchanged. When the pulse stops, the supervisor
 * kills the sensor: that closes its fanotify descriptor, and the kernel lets every waiting open through.
 *
 * The gate thread calls pulse_open once, from itself, before the first permission mark; pulse_beat whenever
 * it wakes, and it wakes at least every PULSE_BEAT_MS (a timer interrupts it); pulse_waiting when the
 * oldest event that is not answered changes; pulse_close after the fanotify descriptor is closed.
 */
#ifndef IPC_PULSE_H
#define IPC_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

#define PULSE_BEAT_MS  20   /* the gate thread beats at least this often */
#define PULSE_STALE_MS 75   /* without a beat for so long while it could have run: it hangs */
#define PULSE_OLD_MS   8000 /* no event may wait for longer, whatever beats */

struct gate_pulse {
    _Atomic uint64_t beat;
    _Atomic int32_t thread;    /* thread id of the gate thread; 0: the gate is not open, do not watch */
    _Atomic uint32_t pending;  /* permission events not yet answered */
    _Atomic int64_t oldest_ns; /* CLOCK_MONOTONIC when the oldest of them was read; 0: none */
};

static inline void pulse_beat(struct gate_pulse *p)
{
    if (p)
        atomic_fetch_add_explicit(&p->beat, 1, memory_order_relaxed);
}

/* `thread`: gettid() of the thread that will beat. */
static inline void pulse_open(struct gate_pulse *p, int32_t thread)
{
    if (!p)
        return;
    pulse_beat(p);
    atomic_store(&p->pending, 0);
    atomic_store(&p->oldest_ns, 0);
    atomic_store(&p->thread, thread);
}

static inline void pulse_close(struct gate_pulse *p)
{
    if (p)
        atomic_store(&p->thread, 0);
}

static inline void pulse_waiting(struct gate_pulse *p, uint32_t pending, int64_t oldest_ns)
{
    if (!p)
        return;
    atomic_store_explicit(&p->pending, pending, memory_order_relaxed);
    atomic_store_explicit(&p->oldest_ns, pending ? oldest_ns : 0, memory_order_relaxed);
}

#endif
