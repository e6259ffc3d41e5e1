/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/files.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define WAYS      4
#define COPY_WAYS 4

struct baseline {
    uint64_t key;
    int64_t first_ns;
    int32_t counted; /* thousandths already given as evidence */
    struct sketch first;
};

struct half {  /* one side of a pair: a suspicious new file, or an original that went away */
    bool open; /* still without its other side */
    struct files_actor who;
    int64_t time_ns;
    uint64_t inode, size;
    struct names_stems stems;
    enum look look;                 /* of a new file */
    uint8_t type;                   /* of an original */
    bool looked, valuable, encoded; /* of an original: its contents were seen, and what they were */
    bool promised; /* of an original: its name is a document's, not that of a cache's entry */
    char path[FILES_PATH];
};

struct copy {
    uint64_t key;
    uint64_t inode; /* a file is no copy of itself */
    int64_t time_ns;
};

struct files {
    const struct limits *limits;
    struct baseline baselines[FILES_BASELINES / WAYS][WAYS];
    struct half fresh[FILES_FRESH], gone[FILES_GONE];
    uint64_t fresh_inodes[FILES_FRESH]; /* of `fresh`, side by side: looked through at each rename */
    size_t fresh_next, gone_next;
    struct copy copies[FILES_COPIES / COPY_WAYS][COPY_WAYS];
};

struct files *files_new(const struct limits *limits)
{
    struct files *f = mem_zalloc(1, sizeof(*f));
    f->limits = limits;
    return f;
}

void files_free(struct files *f)
{
    free(f);
}

/* ---- first versions ---- */

static struct baseline *baseline_of(struct files *f, const struct event *event, uint64_t inode)
{
    uint64_t words[2] = {event->tree, inode ? inode : names_hash_text(event->path)};
    uint64_t key = names_hash(words, sizeof(words));
    struct baseline *set = f->baselines[key % (FILES_BASELINES / WAYS)], *slot = &set[0];
    int64_t now = event->monotonic_ns;
    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].key == key && now - set[way].first_ns < f->limits->baseline_s * NS_PER_SECOND)
            return &set[way];
        if (set[way].key == key || set[way].first_ns < slot->first_ns)
            slot = &set[way];
        if (set[way].key == key)
            break;
    }
    *slot = (struct baseline){.key = key, .first_ns = now, .first = event->old_sketch};
    return slot;
}

struct verdict files_change(struct files *f, const struct event *event, uint64_t inode, int32_t *add)
{
    struct verdict v = compare_sketches(f->limits, &event->old_sketch, &event->new_sketch);
    *add = 0;
    if (v.kind == VERDICT_UNKNOWN || v.kind == VERDICT_UNCHANGED)
        return v;
    struct baseline *b = baseline_of(f, event, inode);
    if (b->first_ns != event->monotonic_ns) {
        struct verdict whole = compare_sketches(f->limits, &b->first, &event->new_sketch);
        if (whole.strength > v.strength)
            v = whole;
    }
    if (v.strength > b->counted) {
        *add = v.strength - b->counted;
        b->counted = v.strength;
    }
    return v;
}

/* ---- copies ---- */

static uint64_t contents_key(const struct sketch *sketch)
{
    uint64_t words[4] = {sketch->size, sketch->blocks[0].hash,
                         (uint64_t)sketch->blocks[1].hash << 32 | sketch->blocks[4].hash,
                         sketch->blocks[8].hash};
    return names_hash(words, sizeof(words));
}

/* Of an original that nobody looked at: a file of the same name and size elsewhere. */
static uint64_t name_key(const char *path, uint64_t size)
{
    uint64_t words[2] = {names_hash_text(names_base(path)), size};
    return names_hash(words, sizeof(words));
}

static void note_copy(struct files *f, uint64_t key, const struct event *event, bool there)
{
    struct copy *set = f->copies[key % (FILES_COPIES / COPY_WAYS)], *slot = &set[0];
    for (size_t way = 0; way < COPY_WAYS; way++) {
        if (set[way].key == key) {
            slot = &set[way];
            break;
        }
        if (set[way].time_ns < slot->time_ns)
            slot = &set[way];
    }
    if (there)
        *slot = (struct copy){key, event->after.inode, event->monotonic_ns};
    else if (slot->key == key)
        *slot = (struct copy){0};
}

static void note_copies(struct files *f, const struct event *event, enum look look)
{
    const struct sketch *old = &event->old_sketch, *new = &event->new_sketch;
    bool readable = look != LOOK_RANDOM && look != LOOK_ENCRYPTED && look != LOOK_ENCODED;
    if (old->valid && old->size > 0) {
        note_copy(f, contents_key(old), event, false);
        note_copy(f, name_key(event->path, old->size), event, false);
    }
    if (new->valid &&new->size > 0) {
        note_copy(f, contents_key(new), event, true);
        note_copy(f, name_key(event->path, new->size), event, readable);
    }
}

bool files_has_copy(const struct files *f, const struct event *event)
{
    const struct sketch *sketch = &event->old_sketch;
    uint64_t key = sketch->valid ? contents_key(sketch) : name_key(event->path, event->before.size);
    if ((sketch->valid ? sketch->size : event->before.size) == 0)
        return false;
    const struct copy *set = f->copies[key % (FILES_COPIES / COPY_WAYS)];
    for (size_t way = 0; way < COPY_WAYS; way++)
        if (set[way].key == key)
            return set[way].inode != event->before.inode &&
                   event->monotonic_ns - set[way].time_ns < f->limits->baseline_s * NS_PER_SECOND;
    return false;
}

/* ---- pairs ---- */

static int32_t pair_by_look(const struct limits *l, const struct half *new, const struct half *old)
{
    bool named = names_related(&new->stems, &old->stems);
    bool sized = old->size >= (uint64_t)l->pair_sized_least &&
                 new->size >= old->size &&new->size - old->size <= (uint64_t)l->pair_sized_growth;
    bool coded = new->size / 5 >= old->size / 4 && new->size / 9 <= old->size / 4; /* 1.25 to 2.25 times */
    switch (new->look) {
    case LOOK_RANDOM:
    case LOOK_ENCRYPTED:
        if (named && (!old->looked || old->valuable))
            return (int32_t)l->pair_named;
        return sized && old->valuable && old->promised ? (int32_t)l->pair_sized_first : 0;
    case LOOK_ARCHIVE:
        return named && old->type != FILETYPE_7Z && old->type != FILETYPE_RAR ? (int32_t)l->pair_archive : 0;
    case LOOK_ZIP:
        return named && old->type != FILETYPE_ZIP ? (int32_t)l->pair_zip : 0;
    case LOOK_COMPRESSED:
        if (!named)
            return 0;
        return old->type == FILETYPE_TEXT && !old->encoded && old->size >= 4096 &&
                       new->size >= old->size / 20 * 19
                   ? (int32_t)l->pair_no_gain
                   : (int32_t)l->pair_gzip;
    case LOOK_ENCODED:
        return old->valuable && !old->encoded && coded && named ? (int32_t)l->pair_coded : 0;
    default:
        return 0;
    }
}

static int32_t pair_strength(const struct limits *l, const struct half *new, const struct half *old)
{
    int64_t apart = new->time_ns > old->time_ns ? new->time_ns - old->time_ns : old->time_ns - new->time_ns;
    bool same_process = new->who.process == old->who.process;
    if (!same_process && (new->who.uid != old->who.uid || new->who.client != old->who.client))
        return 0;
    if (apart > l->pair_window_s * NS_PER_SECOND)
        return 0;
    int32_t strength = pair_by_look(l, new, old);
    return same_process ? strength : (int32_t)(strength * l->pair_other_actor / 1000);
}

/* The best partner of `mine` among `others`; a found pair is closed on both sides. */
static struct files_pair find_pair(const struct limits *l, struct half *mine, bool mine_is_new,
                                   struct half *others, size_t count)
{
    struct half *best = NULL;
    int32_t strength = 0;
    for (size_t i = 0; i < count; i++) {
        if (!others[i].open)
            continue;
        int32_t s = mine_is_new ? pair_strength(l, mine, &others[i]) : pair_strength(l, &others[i], mine);
        if (s > strength) {
            strength = s;
            best = &others[i];
        }
    }
    struct files_pair out = {0};
    if (!best)
        return out;
    const struct half *old = mine_is_new ? best : mine;
    out = (struct files_pair){.strength = strength, .spoil = SPOIL_SUPPLANTED, .type = old->type};
    const struct half *new = mine_is_new ? mine : best;
    memcpy(out.path, old->path, sizeof(out.path));
    out.sized =
        (new->look == LOOK_RANDOM || new->look == LOOK_ENCRYPTED) && !names_related(&new->stems, &old->stems);
    out.growth = new->size - old->size;
    best->open = mine->open = false;
    return out;
}

static struct half half_of(const struct event *event, const char *path, uint64_t inode,
                           const struct files_actor *who)
{
    struct half h = {.open = true, .who = *who, .time_ns = event->monotonic_ns, .inode = inode};
    h.stems = names_stems(path);
    names_for_people(path, h.path, sizeof(h.path));
    return h;
}

static struct half *find_fresh(const struct files *f, uint64_t inode)
{
    for (size_t i = 0; inode && i < FILES_FRESH; i++)
        if (f->fresh_inodes[i] == inode)
            return (struct half *)&f->fresh[i];
    return NULL;
}

struct files_pair files_made(struct files *f, const struct event *event, const struct files_actor *who)
{
    enum look look = compare_look(f->limits, &event->new_sketch);
    note_copies(f, event, look);
    if (look == LOOK_ORDINARY)
        return (struct files_pair){0};
    struct half *slot = find_fresh(f, event->after.inode);
    if (!slot)
        slot = &f->fresh[f->fresh_next++ % FILES_FRESH];
    *slot = half_of(event, event->path, event->after.inode, who);
    slot->size = event->new_sketch.size;
    slot->look = look;
    f->fresh_inodes[slot - f->fresh] = slot->inode;
    return find_pair(f->limits, slot, true, f->gone, FILES_GONE);
}

struct files_pair files_renamed(struct files *f, const struct event *event, const struct files_actor *who)
{
    struct half *slot = find_fresh(f, event->after.inode ? event->after.inode : event->before.inode);
    (void)who;
    if (!slot || !slot->open)
        return (struct files_pair){0};
    slot->stems = names_stems(event->new_path);
    return find_pair(f->limits, slot, true, f->gone, FILES_GONE);
}

enum look files_look(const struct files *f, uint64_t inode)
{
    const struct half *slot = find_fresh(f, inode);
    return slot ? slot->look : LOOK_ORDINARY;
}

struct files_pair files_gone(struct files *f, const struct event *event, const struct files_actor *who)
{
    struct half old = half_of(event, event->path, event->before.inode, who);
    const struct sketch *sketch = &event->old_sketch;
    old.size = sketch->valid ? sketch->size : event->before.size;
    old.type = sketch->valid ? sketch->filetype : (uint8_t)names_promised(event->path);
    old.looked = sketch->valid;
    old.promised = names_promised(event->path) != FILETYPE_UNKNOWN;
    old.valuable = sketch->valid ? compare_is_valuable(f->limits, sketch) : old.type != FILETYPE_UNKNOWN;
    old.encoded = compare_is_encoded(f->limits, &sketch->blocks[0]);
    struct files_pair pair = find_pair(f->limits, &old, false, f->fresh, FILES_FRESH);
    if (pair.strength == 0 && (old.valuable || !old.looked))
        f->gone[f->gone_next++ % FILES_GONE] = old;
    return pair;
}

void files_unmade(struct files *f, uint64_t inode)
{
    struct half *slot = find_fresh(f, inode);
    if (!slot)
        return;
    slot->open = false;
    f->fresh_inodes[slot - f->fresh] = 0;
}
