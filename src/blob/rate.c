/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/rate.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "blob/settings.h"

#define SMALLEST_PIECE 512

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* free_at */
/* When the line has nothing left to carry of what was promised. */
static int64_t free_at[2];

static uint64_t limit_of(enum rate_way way)
{
    return way == RATE_UPLOAD ? blob_settings()->upload_rate : blob_settings()->download_rate;
}

/* Each takes its place in the line and sleeps until its end, so a waiting thread keeps no other from
 * reserving; what was not used in the past is not saved up, but for a tenth of a second. */
void rate_take(enum rate_way way, size_t length)
{
    uint64_t rate = limit_of(way);
    if (!rate)
        return;
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    int64_t cost = (int64_t)((double)length / (double)rate * (double)NS_PER_SECOND);
    pthread_mutex_lock(&mutex);
    if (free_at[way] < now - NS_PER_SECOND / 10)
        free_at[way] = now - NS_PER_SECOND / 10;
    free_at[way] += cost;
    int64_t until = free_at[way];
    pthread_mutex_unlock(&mutex);
    struct timespec end = {until / NS_PER_SECOND, until % NS_PER_SECOND};
    while (until > now && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR)
        continue;
}

size_t rate_piece(enum rate_way way, size_t length)
{
    uint64_t rate = limit_of(way);
    uint64_t piece = rate / 20 < SMALLEST_PIECE ? SMALLEST_PIECE : rate / 20;
    return rate && piece < length ? (size_t)piece : length;
}
