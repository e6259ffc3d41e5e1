/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/sensor.h"

enum place_state { PLACE_FREE, PLACE_QUEUED, PLACE_BUSY, PLACE_HELD, PLACE_STOPPING };

struct place {
    struct job job; /* first, so that a job leads to its place */
    enum place_state state;
    int64_t deadline_ns;
    uint64_t token;
    uint32_t next; /* of the free list or the queue */
};

#define NOWHERE UINT32_MAX

struct jobs {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t arrived, waiting;
    jobs_answer answer;
    jobs_stopped stopped;
    void *self;
    uint32_t free, first, last;
    size_t taken;
    uint64_t tokens;
    bool ended;
    size_t count;
    struct place places[];
};

struct jobs *jobs_new(size_t places, jobs_answer answer, jobs_stopped stopped, void *self)
{
    struct jobs *j = mem_zalloc(1, sizeof *j + places * sizeof *j->places);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->arrived, NULL);
    pthread_cond_init(&j->waiting, &attributes);
    pthread_condattr_destroy(&attributes);
    j->answer = answer;
    j->stopped = stopped;
    j->self = self;
    j->count = places;
    j->first = j->last = NOWHERE;
    for (uint32_t i = 0; i < places; i++)
        j->places[i].next = i + 1 < places ? i + 1 : NOWHERE;
    return j;
}

void jobs_free(struct jobs *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->count; i++)
        if (j->places[i].state != PLACE_FREE)
            close(j->places[i].job.fd);
    pthread_cond_destroy(&j->arrived);
    pthread_cond_destroy(&j->waiting);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

bool jobs_add(struct jobs *j, int fd, int32_t tid, int64_t now_ns)
{
    pthread_mutex_lock(&j->lock);
    uint32_t at = j->free;
    if (at != NOWHERE) {
        struct place *place = &j->places[at];
        j->free = place->next;
        place->job = (struct job){.fd = fd, .tid = tid, .began_ns = now_ns, .in_copy = true};
        place->state = PLACE_QUEUED;
        place->deadline_ns = now_ns + SENSOR_COPY_MS * NS_PER_MS;
        place->next = NOWHERE;
        if (j->last == NOWHERE)
            j->first = at;
        else
            j->places[j->last].next = at;
        j->last = at;
        j->taken++;
        pthread_cond_signal(&j->arrived);
        if (j->taken == 1)
            pthread_cond_signal(&j->waiting);
    }
    pthread_mutex_unlock(&j->lock);
    return at != NOWHERE;
}

struct job *jobs_next(struct jobs *j)
{
    struct job *job = NULL;
    pthread_mutex_lock(&j->lock);
    while (j->first == NOWHERE && !j->ended)
        pthread_cond_wait(&j->arrived, &j->lock);
    if (!j->ended) {
        struct place *place = &j->places[j->first];
        j->first = place->next;
        if (j->first == NOWHERE)
            j->last = NOWHERE;
        place->state = PLACE_BUSY;
        job = &place->job;
    }
    pthread_mutex_unlock(&j->lock);
    return job;
}

/* Marked first: a copier that finds no mark knows that the opener was still waiting. */
static void answer(struct jobs *j, struct place *place, bool allow)
{
    bool before = __atomic_exchange_n(&place->job.answered, true, __ATOMIC_ACQ_REL);
    if (!before)
        j->answer(place->job.fd, allow, place->job.began_ns, j->self);
}

static void release(struct jobs *j, struct place *place)
{
    close(place->job.fd);
    place->state = PLACE_FREE;
    place->token = 0;
    place->next = j->free;
    j->free = (uint32_t)(place - j->places);
    j->taken--;
}

void jobs_done(struct jobs *j, struct job *job, bool allow)
{
    struct place *place = (struct place *)job;
    pthread_mutex_lock(&j->lock);
    answer(j, place, allow);
    release(j, place);
    pthread_mutex_unlock(&j->lock);
}

uint64_t jobs_hold(struct jobs *j, struct job *job, int64_t now_ns)
{
    struct place *place = (struct place *)job;
    uint64_t token = 0;
    pthread_mutex_lock(&j->lock);
    if (job->answered) {
        release(j, place);
    } else {
        token = place->token = ++j->tokens;
        place->state = PLACE_HELD;
        job->in_copy = false;
        place->deadline_ns = now_ns + SENSOR_HOLD_MS * NS_PER_MS;
    }
    pthread_mutex_unlock(&j->lock);
    return token;
}

static void wait_stopped(struct place *place, int64_t now_ns)
{
    place->state = PLACE_STOPPING;
    place->token = 0;
    place->job.in_copy = false;
    place->deadline_ns = now_ns + SENSOR_HOLD_MS * NS_PER_MS;
}

void jobs_answer_hold(struct jobs *j, uint64_t token, bool allow, int64_t now_ns)
{
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->count && token != 0; i++) {
        struct place *place = &j->places[i];
        if (place->state != PLACE_HELD || place->token != token)
            continue;
        if (!allow && place->job.stoppable) {
            wait_stopped(place, now_ns);
        } else {
            answer(j, place, allow);
            release(j, place);
        }
        break;
    }
    pthread_mutex_unlock(&j->lock);
}

void jobs_hold_stopped(struct jobs *j, struct job *job, int64_t now_ns)
{
    struct place *place = (struct place *)job;
    pthread_mutex_lock(&j->lock);
    if (job->answered)
        release(j, place);
    else
        wait_stopped(place, now_ns);
    pthread_mutex_unlock(&j->lock);
}

size_t jobs_expire(struct jobs *j, int64_t now_ns, bool *waiting)
{
    size_t unkept = 0;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->count && j->taken > 0; i++) {
        struct place *place = &j->places[i];
        if (place->state == PLACE_FREE || place->job.answered)
            continue;
        bool stopping = place->state == PLACE_STOPPING;
        bool stopped = stopping && j->stopped(place->job.tid, j->self);
        if (!stopped && now_ns < place->deadline_ns)
            continue;
        unkept += place->job.in_copy;
        answer(j, place, stopped || !stopping);
        if (place->state == PLACE_HELD || stopping)
            release(j, place);
    }
    *waiting = j->taken > 0;
    pthread_mutex_unlock(&j->lock);
    return unkept;
}

size_t jobs_waiting(struct jobs *j, int64_t *oldest_ns)
{
    size_t waiting = 0;
    *oldest_ns = 0;
    if (__atomic_load_n(&j->taken, __ATOMIC_RELAXED) == 0)
        return 0;
    pthread_mutex_lock(&j->lock);
    for (size_t i = 0; i < j->count; i++) {
        const struct place *place = &j->places[i];
        if (place->state == PLACE_FREE || place->job.answered)
            continue;
        waiting++;
        if (*oldest_ns == 0 || place->job.began_ns < *oldest_ns)
            *oldest_ns = place->job.began_ns;
    }
    pthread_mutex_unlock(&j->lock);
    return waiting;
}

void jobs_sleep(struct jobs *j, int64_t most_ns)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t at = (int64_t)until.tv_sec * NS_PER_SECOND + until.tv_nsec + most_ns;
    until.tv_sec = at / NS_PER_SECOND;
    until.tv_nsec = at % NS_PER_SECOND;
    pthread_mutex_lock(&j->lock);
    if (j->taken == 0 && !j->ended)
        pthread_cond_timedwait(&j->waiting, &j->lock, &until);
    pthread_mutex_unlock(&j->lock);
}

void jobs_end(struct jobs *j)
{
    pthread_mutex_lock(&j->lock);
    j->ended = true;
    pthread_cond_broadcast(&j->arrived);
    pthread_cond_broadcast(&j->waiting);
    pthread_mutex_unlock(&j->lock);
}
