/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sensor/hash.h"

/* Open addressing with linear probing, filled to seven eighths; fingerprint 0 is an empty place. */
struct table {
    struct place {
        uint64_t fingerprint, value;
    } * places;
    size_t size, used; /* size is a power of two, or 0 */
};

struct kept {
    pthread_mutex_t lock; /* guards all below */
    struct table shadow;  /* value: the copy's number */
    struct table vault;   /* value: tree * 2 + generation, an index into snapshots */
    size_t tree_count;
    struct generation {
        uint64_t snapshot;
    } * snapshots;
    uint8_t *newest; /* per tree: which of its two generations */
};

static struct place *seek(const struct table *t, uint64_t fingerprint)
{
    size_t at = (size_t)fingerprint & (t->size - 1);
    while (t->places[at].fingerprint != 0 && t->places[at].fingerprint != fingerprint)
        at = (at + 1) & (t->size - 1);
    return &t->places[at];
}

static void resize(struct table *t, size_t size)
{
    struct table bigger = {.places = mem_zalloc(size, sizeof *bigger.places), .size = size};
    for (size_t i = 0; i < t->size; i++)
        if (t->places[i].fingerprint != 0) {
            *seek(&bigger, t->places[i].fingerprint) = t->places[i];
            bigger.used++;
        }
    free(t->places);
    *t = bigger;
}

static void put(struct table *t, uint64_t fingerprint, uint64_t value)
{
    if ((t->used + 1) * 8 > t->size * 7)
        resize(t, t->size ? t->size * 2 : 1024);
    struct place *place = seek(t, fingerprint);
    if (place->fingerprint == 0)
        t->used++;
    *place = (struct place){fingerprint, value};
}

static const struct place *find(const struct table *t, uint64_t fingerprint)
{
    if (t->size == 0)
        return NULL;
    const struct place *place = seek(t, fingerprint);
    return place->fingerprint ? place : NULL;
}

struct kept *kept_new(size_t tree_count)
{
    struct kept *k = mem_zalloc(1, sizeof *k);
    pthread_mutex_init(&k->lock, NULL);
    k->tree_count = tree_count;
    k->snapshots = mem_zalloc(tree_count * 2 + 1, sizeof *k->snapshots);
    k->newest = mem_zalloc(tree_count + 1, 1);
    return k;
}

void kept_free(struct kept *k)
{
    if (!k)
        return;
    pthread_mutex_destroy(&k->lock);
    free(k->shadow.places);
    free(k->vault.places);
    free(k->snapshots);
    free(k->newest);
    free(k);
}

struct stamp kept_stamp(const struct stat *st)
{
    return (struct stamp){
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = (uint64_t)st->st_size,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_SECOND + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * NS_PER_SECOND + st->st_ctim.tv_nsec,
    };
}

struct stamp kept_folder_stamp(uint64_t device, uint64_t inode)
{
    return (struct stamp){.device = device, .inode = inode};
}

struct version kept_version(const struct stamp *stamp)
{
    return (struct version){.kind = VERSION_NONE,
                            .inode = stamp->inode,
                            .size = stamp->size,
                            .mtime_ns = stamp->mtime_ns,
                            .ctime_ns = stamp->ctime_ns};
}

static uint64_t fingerprint_of(const struct stamp *stamp)
{
    uint64_t fingerprint = hash_bytes(stamp, sizeof *stamp, hash_seed());
    return fingerprint ? fingerprint : 1;
}

bool kept_find(struct kept *k, const struct stamp *stamp, struct version *out)
{
    uint64_t fingerprint = fingerprint_of(stamp);
    *out = kept_version(stamp);
    pthread_mutex_lock(&k->lock);
    const struct place *place = find(&k->shadow, fingerprint);
    if (place) {
        out->kind = VERSION_SHADOW;
        out->id = place->value;
    } else if ((place = find(&k->vault, fingerprint))) {
        out->kind = VERSION_VAULT;
        out->id = k->snapshots[place->value].snapshot;
    }
    pthread_mutex_unlock(&k->lock);
    return out->kind != VERSION_NONE;
}

bool kept_in_vault(struct kept *k, const struct stamp *stamp)
{
    uint64_t fingerprint = fingerprint_of(stamp);
    pthread_mutex_lock(&k->lock);
    bool found = find(&k->vault, fingerprint) != NULL;
    pthread_mutex_unlock(&k->lock);
    return found;
}

void kept_add_shadow(struct kept *k, const struct stamp *stamp, uint64_t number)
{
    uint64_t fingerprint = fingerprint_of(stamp);
    pthread_mutex_lock(&k->lock);
    put(&k->shadow, fingerprint, number);
    pthread_mutex_unlock(&k->lock);
}

void kept_alias(struct kept *k, const struct stamp *old, const struct stamp *fresh)
{
    uint64_t from = fingerprint_of(old), to = fingerprint_of(fresh);
    pthread_mutex_lock(&k->lock);
    const struct place *place = find(&k->shadow, from);
    if (place)
        put(&k->shadow, to, place->value);
    if ((place = find(&k->vault, from)))
        put(&k->vault, to, place->value);
    pthread_mutex_unlock(&k->lock);
}

void kept_purge(struct kept *k, bool (*living)(uint64_t number, void *self), void *self)
{
    pthread_mutex_lock(&k->lock);
    struct table old = k->shadow;
    k->shadow = (struct table){0};
    for (size_t i = 0; i < old.size; i++)
        if (old.places[i].fingerprint != 0 && living(old.places[i].value, self))
            put(&k->shadow, old.places[i].fingerprint, old.places[i].value);
    free(old.places);
    pthread_mutex_unlock(&k->lock);
}

void kept_begin_snapshot(struct kept *k, uint32_t tree, uint64_t snapshot)
{
    if (tree >= k->tree_count)
        return;
    pthread_mutex_lock(&k->lock);
    k->newest[tree] ^= 1;
    uint64_t value = (uint64_t)tree * 2 + k->newest[tree];
    k->snapshots[value].snapshot = snapshot;
    struct table old = k->vault;
    k->vault = (struct table){0};
    for (size_t i = 0; i < old.size; i++)
        if (old.places[i].fingerprint != 0 && old.places[i].value != value)
            put(&k->vault, old.places[i].fingerprint, old.places[i].value);
    free(old.places);
    pthread_mutex_unlock(&k->lock);
}

void kept_add_held(struct kept *k, uint32_t tree, const struct stamp *stamp)
{
    if (tree >= k->tree_count)
        return;
    uint64_t fingerprint = fingerprint_of(stamp);
    pthread_mutex_lock(&k->lock);
    put(&k->vault, fingerprint, (uint64_t)tree * 2 + k->newest[tree]);
    pthread_mutex_unlock(&k->lock);
}
