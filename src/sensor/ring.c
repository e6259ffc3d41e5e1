/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/hash.h"

#define KEEP_NS         (3 * NS_PER_SECOND)
#define KEEP_PER_MIB_NS (50 * NS_PER_MS)
#define KEEP_MOST_NS    (120 * NS_PER_SECOND)
#define WAYS            8 /* places in which one file may lie: a small search, no chains */

struct place {
    uint64_t device, inode, size;
    int64_t until_ns;
    int fd; /* -1: empty */
};

struct ring {
    pthread_mutex_t lock; /* guards the places */
    size_t sets;
    struct place places[];
};

struct ring *ring_new(size_t places)
{
    size_t sets = 1;
    while (sets * 2 * WAYS <= places)
        sets *= 2;
    struct ring *r = mem_zalloc(1, sizeof *r + sets * WAYS * sizeof *r->places);
    pthread_mutex_init(&r->lock, NULL);
    r->sets = sets;
    for (size_t i = 0; i < sets * WAYS; i++)
        r->places[i].fd = -1;
    return r;
}

void ring_free(struct ring *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->sets * WAYS; i++)
        if (r->places[i].fd >= 0)
            close(r->places[i].fd);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct place *set_of(struct ring *r, uint64_t device, uint64_t inode)
{
    return &r->places[(hash_number(inode ^ (device << 40)) & (r->sets - 1)) * WAYS];
}

static int64_t keep_for(uint64_t size)
{
    uint64_t mib = size >> 20;
    if (mib > (uint64_t)((KEEP_MOST_NS - KEEP_NS) / KEEP_PER_MIB_NS))
        return KEEP_MOST_NS;
    return KEEP_NS + (int64_t)mib * KEEP_PER_MIB_NS;
}

void ring_put(struct ring *r, int fd, const struct stamp *stamp, int64_t monotonic_ns)
{
    struct place *set = set_of(r, stamp->device, stamp->inode), *best = set;
    int spare;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].fd >= 0 && set[i].inode == stamp->inode && set[i].device == stamp->device) {
            best = &set[i];
            break;
        }
        if (set[i].fd < 0 || (best->fd >= 0 && set[i].until_ns < best->until_ns))
            best = &set[i];
    }
    spare = best->fd;
    *best =
        (struct place){stamp->device, stamp->inode, stamp->size, monotonic_ns + keep_for(stamp->size), fd};
    pthread_mutex_unlock(&r->lock);
    if (spare >= 0)
        close(spare);
}

int ring_take(struct ring *r, uint64_t device, uint64_t inode)
{
    struct place *set = set_of(r, device, inode);
    int fd = -1;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < WAYS && fd < 0; i++)
        if (set[i].fd >= 0 && set[i].inode == inode && set[i].device == device) {
            fd = set[i].fd;
            set[i].fd = -1;
        }
    pthread_mutex_unlock(&r->lock);
    return fd;
}

void ring_expire(struct ring *r, int64_t monotonic_ns)
{
    for (size_t i = 0; i < r->sets * WAYS; i++) {
        int fd = -1;
        pthread_mutex_lock(&r->lock);
        if (r->places[i].fd >= 0 && r->places[i].until_ns < monotonic_ns) {
            fd = r->places[i].fd;
            r->places[i].fd = -1;
        }
        pthread_mutex_unlock(&r->lock);
        if (fd >= 0)
            close(fd);
    }
}
