/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/writers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/hash.h"
#include "sensor/procs.h"

#define SETS 512
#define WAYS 8
/* So long an opening is believed without a look at its opener. */
#define SURE_NS INT64_C(2000000000)

/* `first` is the oldest opening that was not reported, `second` the newest after it. */
struct entry {
    uint64_t device, inode, used;
    bool taken, reopened;
    int64_t sure_ns; /* opened, or believed again */
    struct before first, second;
};

struct writers {
    pthread_mutex_t lock; /* guards all below */
    uint64_t turn;
    struct entry entries[SETS][WAYS];
};

struct writers *writers_new(void)
{
    struct writers *w = mem_zalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void writers_free(struct writers *w)
{
    if (!w)
        return;
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static struct entry *set_of(struct writers *w, uint64_t device, uint64_t inode)
{
    return w->entries[hash_number(inode ^ (device << 40)) % SETS];
}

static struct entry *find(struct writers *w, uint64_t device, uint64_t inode)
{
    struct entry *set = set_of(w, device, inode);
    for (int i = 0; i < WAYS; i++)
        if (set[i].taken && set[i].inode == inode && set[i].device == device)
            return &set[i];
    return NULL;
}

void writers_open(struct writers *w, uint64_t device, const struct before *before)
{
    uint64_t inode = before->version.inode;
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    pthread_mutex_lock(&w->lock);
    struct entry *entry = find(w, device, inode);
    if (entry) {
        entry->second = *before;
        entry->reopened = true;
        entry->used = ++w->turn;
    } else {
        struct entry *set = set_of(w, device, inode);
        entry = &set[0];
        for (int i = 1; i < WAYS && entry->taken; i++)
            if (!set[i].taken || set[i].used < entry->used)
                entry = &set[i];
        entry->device = device;
        entry->inode = inode;
        entry->used = ++w->turn;
        entry->taken = true;
        entry->reopened = false;
        entry->first = *before;
    }
    entry->sure_ns = now;
    pthread_mutex_unlock(&w->lock);
}

bool writers_close(struct writers *w, uint64_t device, uint64_t inode, struct before *out)
{
    pthread_mutex_lock(&w->lock);
    struct entry *entry = find(w, device, inode);
    if (entry) {
        *out = entry->first;
        entry->first = entry->second;
        entry->taken = entry->reopened;
        entry->reopened = false;
    }
    pthread_mutex_unlock(&w->lock);
    return entry != NULL;
}

bool writers_look(struct writers *w, uint64_t device, uint64_t inode, struct before *out)
{
    pthread_mutex_lock(&w->lock);
    const struct entry *entry = find(w, device, inode);
    if (entry)
        *out = entry->first;
    pthread_mutex_unlock(&w->lock);
    return entry != NULL;
}

bool writers_is_open(struct writers *w, uint64_t device, uint64_t inode)
{
    pthread_mutex_lock(&w->lock);
    bool open = find(w, device, inode) != NULL;
    pthread_mutex_unlock(&w->lock);
    return open;
}

bool writers_is_opener(struct writers *w, uint64_t device, uint64_t inode, int32_t pid)
{
    pthread_mutex_lock(&w->lock);
    const struct entry *entry = find(w, device, inode);
    bool opener = entry && (entry->first.pid == pid || (entry->reopened && entry->second.pid == pid));
    pthread_mutex_unlock(&w->lock);
    return opener;
}

/* An opening that is looked for in /proc. */
struct doubt {
    int32_t openers[2];
    uint64_t used; /* changes when it is opened again meanwhile */
};

/* It is believed as long again from now on. */
static bool doubt(struct writers *w, uint64_t device, uint64_t inode, struct doubt *out)
{
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    pthread_mutex_lock(&w->lock);
    struct entry *entry = find(w, device, inode);
    bool old = entry && now - entry->sure_ns > SURE_NS;
    if (old) {
        *out = (struct doubt){{entry->first.pid, entry->reopened ? entry->second.pid : 0}, entry->used};
        entry->sure_ns = now;
    }
    pthread_mutex_unlock(&w->lock);
    return old;
}

static void drop(struct writers *w, uint64_t device, uint64_t inode, const struct doubt *doubt)
{
    pthread_mutex_lock(&w->lock);
    struct entry *entry = find(w, device, inode);
    if (entry && entry->used == doubt->used)
        entry->taken = false;
    pthread_mutex_unlock(&w->lock);
}

bool writers_is_open_indeed(struct writers *w, uint64_t device, uint64_t inode, int32_t pid)
{
    struct doubt doubted;
    if (doubt(w, device, inode, &doubted) && !procs_is_writing(doubted.openers[0], device, inode) &&
        !procs_is_writing(doubted.openers[1], device, inode) && !procs_is_writing(pid, device, inode))
        drop(w, device, inode, &doubted);
    return writers_is_open(w, device, inode);
}

void writers_forget(struct writers *w, uint64_t device, uint64_t inode)
{
    pthread_mutex_lock(&w->lock);
    struct entry *entry = find(w, device, inode);
    if (entry)
        entry->taken = false;
    pthread_mutex_unlock(&w->lock);
}

size_t writers_list(struct writers *w, struct writer **out)
{
    size_t count = 0;
    struct writer *list = mem_zalloc(SETS * WAYS, sizeof *list);
    pthread_mutex_lock(&w->lock);
    for (int set = 0; set < SETS; set++)
        for (int i = 0; i < WAYS; i++) {
            const struct entry *e = &w->entries[set][i];
            if (e->taken)
                list[count++] = (struct writer){e->device, e->inode, e->first.pid};
            if (e->taken && e->reopened && e->second.pid != e->first.pid)
                list[count - 1].pid = e->second.pid;
        }
    pthread_mutex_unlock(&w->lock);
    *out = list;
    return count;
}
