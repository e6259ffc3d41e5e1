/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/hot.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sensor/hash.h"

#define SLOTS 256
/* So many readings in so short a time make a file hot. Fewer would spend a mark and a picture on what a
 * person opens (a desktop opens a document two or three times). */
#define READS     4
#define WINDOW_NS (1 * NS_PER_SECOND)
/* Long enough that the first readings do not count, short enough that a version's whereabouts stay true. */
#define HOT_NS (5 * NS_PER_SECOND)

/* A file has one slot. One that is not marked counts the readings of whichever file came last. */
struct slot {
    uint64_t device;
    struct before before; /* of the version only the stamp, unless `drawn` */
    int64_t since_ns;     /* of the first reading that counts; of the mark */
    unsigned reads;
    bool drawn; /* `before` is whole */
    int fd;     /* that the mark is on; -1: none */
};

struct hot {
    pthread_mutex_t lock; /* guards all below */
    const struct suspects *suspects;
    int fan;
    struct slot slots[SLOTS];
};

struct hot *hot_new(const struct suspects *suspects)
{
    struct hot *h = mem_zalloc(1, sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    h->suspects = suspects;
    h->fan = -1;
    for (size_t i = 0; i < SLOTS; i++)
        h->slots[i].fd = -1;
    return h;
}

/* The lock is held. */
static void ask_again(struct hot *h, struct slot *slot)
{
    if (slot->fd < 0)
        return;
    /* Fails when the kernel took the mark away because the file was modified. */
    if (h->fan >= 0)
        fanotify_mark(h->fan, FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, FAN_OPEN_PERM, slot->fd, NULL);
    fd_close(&slot->fd);
}

static void ask_about_all(struct hot *h)
{
    for (size_t i = 0; i < SLOTS; i++)
        ask_again(h, &h->slots[i]);
}

void hot_free(struct hot *h)
{
    if (!h)
        return;
    ask_about_all(h);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

void hot_set_group(struct hot *h, int fan)
{
    pthread_mutex_lock(&h->lock);
    ask_about_all(h);
    h->fan = fan;
    pthread_mutex_unlock(&h->lock);
}

static struct slot *slot_of(struct hot *h, uint64_t device, uint64_t inode)
{
    return &h->slots[hash_number(inode ^ (device << 40)) % SLOTS];
}

static bool holds(const struct slot *slot, uint64_t device, uint64_t inode)
{
    return slot->before.version.inode == inode && slot->device == device;
}

bool hot_count(struct hot *h, const struct stamp *stamp, int64_t monotonic_ns)
{
    bool enough = false;
    pthread_mutex_lock(&h->lock);
    struct slot *slot = slot_of(h, stamp->device, stamp->inode);
    if (slot->fd >= 0) {
        ; /* marked: an opening from before the mark, or another file has the slot */
    } else if (!holds(slot, stamp->device, stamp->inode) || monotonic_ns - slot->since_ns > WINDOW_NS) {
        *slot = (struct slot){.device = stamp->device,
                              .before.version = kept_version(stamp),
                              .since_ns = monotonic_ns,
                              .reads = 1,
                              .fd = -1};
    } else {
        enough = ++slot->reads >= READS;
    }
    pthread_mutex_unlock(&h->lock);
    return enough;
}

bool hot_keep(struct hot *h, int fd, uint64_t device, const struct before *before, int64_t monotonic_ns)
{
    pthread_mutex_lock(&h->lock);
    struct slot *slot = slot_of(h, device, before->version.inode);
    /* Suspicion comes before hot_cool: asked with the lock held, no mark is made that hot_cool does not see.
     */
    bool done = slot->fd < 0 && h->fan >= 0 && !suspects_any(h->suspects) &&
                fanotify_mark(h->fan, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK, FAN_OPEN_PERM, fd, NULL) == 0;
    if (done)
        *slot = (struct slot){
            .device = device, .before = *before, .since_ns = monotonic_ns, .drawn = true, .fd = fd};
    pthread_mutex_unlock(&h->lock);
    return done;
}

void hot_cool(struct hot *h)
{
    pthread_mutex_lock(&h->lock);
    ask_about_all(h);
    pthread_mutex_unlock(&h->lock);
}

void hot_expire(struct hot *h, int64_t monotonic_ns)
{
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (monotonic_ns - h->slots[i].since_ns > HOT_NS)
            ask_again(h, &h->slots[i]);
    pthread_mutex_unlock(&h->lock);
}

bool hot_take(struct hot *h, const struct stamp *was, struct before *before)
{
    bool same = false;
    pthread_mutex_lock(&h->lock);
    struct slot *slot = slot_of(h, was->device, was->inode);
    if (slot->drawn && holds(slot, was->device, was->inode)) {
        /* A file that is gone may have left its inode number to another. */
        same = slot->before.version.size == was->size && slot->before.version.mtime_ns == was->mtime_ns;
        if (same)
            *before = slot->before;
        ask_again(h, slot);
        *slot = (struct slot){.fd = -1};
    }
    pthread_mutex_unlock(&h->lock);
    return same;
}

size_t hot_list(struct hot *h, struct hot_file **out)
{
    size_t count = 0;
    struct hot_file *list = mem_zalloc(SLOTS, sizeof *list);
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < SLOTS; i++)
        if (h->slots[i].drawn)
            list[count++] = (struct hot_file){h->slots[i].device, h->slots[i].before};
    pthread_mutex_unlock(&h->lock);
    *out = list;
    return count;
}
