/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/folders.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define PAUSE_EVERY 256 /* folders told as stale; the kernel's answers take their time */
#define PAUSE_NS    10000000L

struct record {
    struct folder folder;
    uint64_t number;
    uint64_t lookups; /* of itself */
    uint64_t inside;  /* lookups of what is in it and no folder */
    uint64_t below;   /* records of folders in it */
    char *name;
    struct record *next;          /* in its slot */
    struct record *older, *newer; /* in the order of use */
};

struct folders {
    pthread_mutex_t mutex; /* all below */
    pthread_cond_t many;
    struct record **all; /* by number; a free number has NULL */
    uint64_t *unused;    /* numbers that are free again */
    size_t unused_count, unused_room;
    size_t room, next_number, count, most;
    uint64_t generation;
    struct record **slots; /* by parent and index */
    size_t slot_count;
    struct record order; /* a ring: newer is the oldest, older the newest */
    unsigned told;
    bool ending;
};

struct folders *folders_new(size_t most)
{
    struct folders *folders = mem_zalloc(1, sizeof *folders);
    pthread_mutex_init(&folders->mutex, NULL);
    pthread_cond_init(&folders->many, NULL);
    folders->most = most ? most : FOLDERS_MOST;
    folders->next_number = 1;
    folders->slot_count = 256;
    folders->slots = mem_zalloc(folders->slot_count, sizeof(struct record *));
    folders->order.newer = folders->order.older = &folders->order;
    return folders;
}

void folders_free(struct folders *folders)
{
    if (!folders)
        return;
    for (size_t i = 1; i < folders->next_number; i++)
        if (folders->all[i]) {
            free(folders->all[i]->name);
            free(folders->all[i]);
        }
    pthread_cond_destroy(&folders->many);
    pthread_mutex_destroy(&folders->mutex);
    free(folders->all);
    free(folders->unused);
    free(folders->slots);
    free(folders);
}

static struct record **slot_of(const struct folders *folders, uint64_t parent, uint32_t index)
{
    uint64_t hash = (parent << NODE_BITS ^ index) * UINT64_C(0x9e3779b97f4a7c15);
    return &folders->slots[(size_t)(hash >> 24) & (folders->slot_count - 1)];
}

static struct record *at(const struct folders *folders, uint64_t number)
{
    return number >= 1 && number < folders->next_number ? folders->all[number] : NULL;
}

static void leave_order(struct record *record)
{
    record->older->newer = record->newer;
    record->newer->older = record->older;
}

static void be_newest(struct folders *folders, struct record *record)
{
    record->newer = &folders->order;
    record->older = folders->order.older;
    record->older->newer = record;
    folders->order.older = record;
}

static void touch(struct folders *folders, struct record *record)
{
    leave_order(record);
    be_newest(folders, record);
}

static void grow_slots(struct folders *folders)
{
    struct record **old = folders->slots;
    size_t count = folders->slot_count;
    folders->slot_count *= 2;
    folders->slots = mem_zalloc(folders->slot_count, sizeof(struct record *));
    for (size_t i = 0; i < count; i++)
        while (old[i]) {
            struct record *record = old[i],
                          **slot = slot_of(folders, record->folder.parent, record->folder.index);
            old[i] = record->next;
            record->next = *slot;
            *slot = record;
        }
    free(old);
}

static uint64_t free_number(struct folders *folders)
{
    if (folders->unused_count > 0)
        return folders->unused[--folders->unused_count];
    if (folders->next_number >= folders->room) {
        folders->room = folders->room ? 2 * folders->room : 64;
        folders->all = mem_resize(folders->all, folders->room, sizeof(struct record *));
    }
    return folders->next_number++;
}

static struct record *add(struct folders *folders, const struct folder *model, const char *name)
{
    if (folders->count >= folders->slot_count)
        grow_slots(folders);
    struct record *record = mem_zalloc(1, sizeof *record);
    struct record **slot = slot_of(folders, model->parent, model->index);
    struct record *parent = at(folders, model->parent);
    record->folder = *model;
    record->folder.generation = ++folders->generation;
    record->number = free_number(folders);
    record->name = mem_strdup(name);
    record->next = *slot;
    *slot = record;
    folders->all[record->number] = record;
    be_newest(folders, record);
    if (parent)
        parent->below++;
    if (++folders->count > folders->most)
        pthread_cond_signal(&folders->many);
    return record;
}

/* Takes the record away if the kernel knows neither it nor anything in it; then the same of its parent. */
static void drop_unknown(struct folders *folders, struct record *record)
{
    while (record && !record->lookups && !record->inside && !record->below) {
        struct record *parent = at(folders, record->folder.parent);
        struct record **link = slot_of(folders, record->folder.parent, record->folder.index);
        while (*link != record)
            link = &(*link)->next;
        *link = record->next;
        leave_order(record);
        folders->all[record->number] = NULL;
        folders->count--;
        if (folders->unused_count == folders->unused_room) {
            folders->unused_room = folders->unused_room ? 2 * folders->unused_room : 64;
            folders->unused = mem_resize(folders->unused, folders->unused_room, sizeof(uint64_t));
        }
        folders->unused[folders->unused_count++] = record->number;
        free(record->name);
        free(record);
        if (parent)
            parent->below--;
        record = parent;
    }
}

uint64_t folders_enter(struct folders *folders, const struct folder *model, const char *name,
                       uint64_t *generation)
{
    pthread_mutex_lock(&folders->mutex);
    struct record *record = *slot_of(folders, model->parent, model->index);
    while (record && (record->folder.parent != model->parent || record->folder.index != model->index))
        record = record->next;
    if (record)
        touch(folders, record);
    else
        record = add(folders, model, name);
    record->lookups++;
    uint64_t number = record->number;
    *generation = record->folder.generation;
    pthread_mutex_unlock(&folders->mutex);
    return number;
}

void folders_use(struct folders *folders, uint64_t number)
{
    pthread_mutex_lock(&folders->mutex);
    struct record *record = at(folders, number);
    if (record) {
        record->inside++;
        touch(folders, record);
    }
    pthread_mutex_unlock(&folders->mutex);
}

void folders_forget(struct folders *folders, uint64_t node, uint64_t count)
{
    pthread_mutex_lock(&folders->mutex);
    struct record *record = at(folders, NODE_FOLDER(node));
    if (record) {
        uint64_t *known = NODE_INDEX(node) ? &record->inside : &record->lookups;
        *known -= count < *known ? count : *known;
        drop_unknown(folders, record);
    }
    pthread_mutex_unlock(&folders->mutex);
}

bool folders_get(struct folders *folders, uint64_t number, struct folder *out)
{
    pthread_mutex_lock(&folders->mutex);
    const struct record *record = at(folders, number);
    if (record)
        *out = record->folder;
    pthread_mutex_unlock(&folders->mutex);
    return record != NULL;
}

char *folders_path(struct folders *folders, uint64_t number, uint32_t *root)
{
    char *path = mem_strdup("");
    *root = 0;
    pthread_mutex_lock(&folders->mutex);
    for (const struct record *r = at(folders, number); r; r = at(folders, r->folder.parent)) {
        if (r->folder.parent == 0) {
            *root = r->folder.index;
            break;
        }
        char *longer = mem_printf("%s/%s", r->name, path);
        free(path);
        path = longer;
    }
    pthread_mutex_unlock(&folders->mutex);
    return path;
}

/* The oldest that has no other in it; those passed over count as used, their turn comes again. */
static struct record *oldest_leaf(struct folders *folders)
{
    for (size_t i = 0; i < folders->count; i++) {
        struct record *oldest = folders->order.newer;
        touch(folders, oldest);
        if (oldest->below == 0)
            return oldest;
    }
    return NULL;
}

static void pause_a_little(struct folders *folders)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PAUSE_NS;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_clockwait(&folders->many, &folders->mutex, CLOCK_MONOTONIC, &until);
}

bool folders_stale(struct folders *folders, struct folder *out, char **name)
{
    struct record *found = NULL;
    pthread_mutex_lock(&folders->mutex);
    while (!folders->ending && !found) {
        if (folders->count <= folders->most)
            pthread_cond_wait(&folders->many, &folders->mutex);
        else if (++folders->told % PAUSE_EVERY == 0)
            pause_a_little(folders);
        else
            found = oldest_leaf(folders);
    }
    if (folders->ending)
        found = NULL;
    if (found) {
        *out = found->folder;
        *name = mem_strdup(found->name);
    }
    pthread_mutex_unlock(&folders->mutex);
    return found != NULL;
}

void folders_end(struct folders *folders)
{
    pthread_mutex_lock(&folders->mutex);
    folders->ending = true;
    pthread_cond_broadcast(&folders->many);
    pthread_mutex_unlock(&folders->mutex);
}
