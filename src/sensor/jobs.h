/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The openers that wait for more than the gate thread can do itself: a fixed number of places, each with a
 * deadline. An opener is answered exactly once, by whoever comes first: a copier, the judge or the deadline.
 *
 * Whoever is about to be stopped waits until he is, and is then let through: the open ends while he stands
 * still, nothing is written, and if it was a false alarm he goes on later as if nothing had happened. A
 * refusal would make his program fail for good.
 */
#ifndef SENSOR_JOBS_H
#define SENSOR_JOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jobs;

struct job {
    int fd;           /* of the file; closed by jobs_done */
    int32_t tid;      /* the opener */
    int64_t began_ns; /* monotonic */
    bool answered;    /* read without the lock by a copy under way */
    bool in_copy;     /* the bytes are not yet safe */
    bool stoppable;   /* a process of this machine, which is stopped rather than refused; set by the copier */
};

/* Answers the kernel; called with the lock held, must not block. */
typedef void (*jobs_answer)(int fd, bool allow, int64_t began_ns, void *self);

/* Whether this thread will run no more of its own program before somebody lets it; lock held, must not block.
 */
typedef bool (*jobs_stopped)(int32_t tid, void *self);

struct jobs *jobs_new(size_t places, jobs_answer answer, jobs_stopped stopped, void *self);
void jobs_free(struct jobs *j); /* the threads that used it must be gone; closes what is left */
/* Hands an opener over (and its descriptor); false when there is no place. Allocates nothing. */
bool jobs_add(struct jobs *j, int fd, int32_t tid, int64_t now_ns);
/* Waits for the next job; NULL once jobs_end was called. */
struct job *jobs_next(struct jobs *j);
/* The copier is through: answers (unless somebody did) and frees the place. */
void jobs_done(struct jobs *j, struct job *job, bool allow);
/* The copier is through, but the judge must be asked: the opener waits on. Returns the token, 0 when it was
 * answered meanwhile (then the place is free). */
uint64_t jobs_hold(struct jobs *j, struct job *job, int64_t now_ns);
/* The judge's word. A stoppable opener that is not allowed waits until he is stopped. */
void jobs_answer_hold(struct jobs *j, uint64_t token, bool allow, int64_t now_ns);
/* The copier is through, and the opener is condemned: he waits until he is stopped. */
void jobs_hold_stopped(struct jobs *j, struct job *job, int64_t now_ns);
/* Lets through who is past his deadline or stopped by now; who should have been stopped by his deadline is
 * refused. Returns how many had no complete copy; *waiting says whether anybody still waits. */
size_t jobs_expire(struct jobs *j, int64_t now_ns, bool *waiting);
/* How many wait, and since when the first of them (monotonic; 0: nobody). */
size_t jobs_waiting(struct jobs *j, int64_t *oldest_ns);
/* Sleeps until somebody waits, or `most_ns` are over. */
void jobs_sleep(struct jobs *j, int64_t most_ns);
void jobs_end(struct jobs *j);

#endif
