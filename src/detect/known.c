/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/names.h"
#include "detect/score.h"

#define WAYS 8

struct file {
    uint64_t key;
    uint64_t used; /* sequence of the latest event */
    uint64_t made_by;
    struct sketch sketch;
};

struct known {
    struct file files[KNOWN_FILES / WAYS][WAYS];
};

struct known *known_new(void)
{
    return mem_zalloc(1, sizeof(struct known));
}

void known_free(struct known *k)
{
    free(k);
}

static uint64_t key_of(uint32_t tree, uint64_t inode)
{
    uint64_t words[2] = {tree, inode};
    return names_hash(words, sizeof(words));
}

static const struct file *find(const struct known *k, uint32_t tree, uint64_t inode)
{
    uint64_t key = key_of(tree, inode);
    const struct file *set = k->files[key % (KNOWN_FILES / WAYS)];
    for (size_t way = 0; inode && way < WAYS; way++)
        if (set[way].key == key)
            return &set[way];
    return NULL;
}

static uint64_t inode_of(const struct event *event)
{
    return event->before.inode ? event->before.inode : event->after.inode;
}

const struct event *known_complete(const struct known *k, const struct event *event, struct event *scratch)
{
    const struct file *file = find(k, event->tree, inode_of(event)), *victim = NULL;
    bool moved = event->kind == EVENT_RENAMED, gone = event->kind == EVENT_DELETED;
    if (event->kind == EVENT_CREATED)
        return event;
    if (moved && event->replaced.inode && !event->old_sketch.valid)
        victim = find(k, event->tree, event->replaced.inode);
    bool fresh = file && file->made_by && !(event->flags & EVENT_FRESH) &&
                 file->made_by == score_key_process(&event->actor);
    bool looks =
        file && file->sketch.valid && (moved ? !event->new_sketch.valid : gone && !event->old_sketch.valid);
    if (!fresh && !looks && !victim)
        return event;
    *scratch = *event;
    if (fresh)
        scratch->flags |= EVENT_FRESH;
    if (looks && moved)
        scratch->new_sketch = file->sketch;
    if (looks && (gone || !event->replaced.inode))
        scratch->old_sketch = file->sketch;
    if (victim)
        scratch->old_sketch = victim->sketch;
    return scratch;
}

static struct file *place(struct known *k, uint32_t tree, uint64_t inode)
{
    uint64_t key = key_of(tree, inode);
    struct file *set = k->files[key % (KNOWN_FILES / WAYS)], *slot = &set[0];
    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].key == key)
            return &set[way];
        if (set[way].used < slot->used)
            slot = &set[way];
    }
    *slot = (struct file){.key = key};
    return slot;
}

void known_learn(struct known *k, const struct event *event)
{
    uint64_t inode = event->after.inode ? event->after.inode : event->before.inode;
    if (inode == 0 || (event->flags & (EVENT_FOLDER | EVENT_SYMLINK)))
        return;
    if (event->kind == EVENT_DELETED || event->kind == EVENT_RENAMED ||
        (event->kind == EVENT_CREATED && (event->flags & EVENT_LINKED)))
        return; /* the same file under another name, or none */
    struct file *file = place(k, event->tree, inode);
    file->used = event->sequence;
    if (event->kind == EVENT_CREATED) /* the inode's number may have been another file's before */
        *file = (struct file){.key = file->key, .used = event->sequence};
    if (event->kind == EVENT_CREATED || (event->flags & EVENT_FRESH))
        file->made_by = score_key_process(&event->actor);
    if (event->new_sketch.valid)
        file->sketch = event->new_sketch;
}
