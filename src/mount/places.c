/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mount/template.h"

#define MOST_NAME  1024 /* the kernel takes no longer ones from a file system */
#define MOST_DEPTH 64

#define MOST_ALIKE 1000 /* snapshots of one second that are told apart by small numbers */

/* A link that is to be made in a folder once all snapshots are there: a link for each would stay in memory.
 */
struct place_latest {
    struct place_latest *next;
    char *name, *target;
    int64_t time_ns;
};

struct places {
    const struct places_rules *rules;
    int64_t now_ns;
    struct place **all; /* by number; [0] is not used */
    size_t count, room;
    struct place **slots; /* by parent and name */
    size_t slot_count;
    bool full;
};

static size_t hash_of(const struct places *places, const struct place *parent, const char *name)
{
    uint64_t hash = parent->number * UINT64_C(0x9e3779b97f4a7c15);
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 29) & (places->slot_count - 1);
}

static void put_in_slot(struct places *places, struct place *place)
{
    struct place **slot = &places->slots[hash_of(places, place->parent, place->name)];
    place->next = *slot;
    *slot = place;
}

static void grow(struct places *places)
{
    if (places->count >= places->room) {
        places->room = places->room ? 2 * places->room : 64;
        places->all = mem_resize(places->all, places->room, sizeof *places->all);
    }
    if (places->count <= places->slot_count)
        return;
    free(places->slots);
    places->slot_count = places->slot_count ? 2 * places->slot_count : 64;
    places->slots = mem_zalloc(places->slot_count, sizeof *places->slots);
    for (size_t i = PLACES_ROOT + 1; i < places->count; i++)
        put_in_slot(places, places->all[i]);
}

/* From what makes the place what it is, so that the next mount gives the same. */
static uint64_t inode_of(const struct place *place)
{
    struct buf text BUF_AUTO;
    uint8_t digest[SHA256_SIZE];
    uint64_t inode;
    buf_init(&text, 2 * MOST_NAME + 256);
    buf_printf(&text, "%llu/%s/%d/%s/", (unsigned long long)place->parent->inode, place->name,
               (int)place->kind, place->target ? place->target : "");
    buf_put(&text, place->snapshot, SHA256_SIZE);
    sha256_of(text.data, text.length, digest);
    memcpy(&inode, digest, sizeof inode);
    return inode < 2 ? inode + 2 : inode;
}

static void add_child(struct place *parent, struct place *child)
{
    if (parent->child_count == parent->child_room) {
        parent->child_room = parent->child_room ? 2 * parent->child_room : 4;
        parent->children = mem_resize(parent->children, parent->child_room, sizeof(struct place *));
    }
    parent->children[parent->child_count++] = child;
}

static struct place *add(struct places *places, struct place model)
{
    if (places->count >= PLACES_MOST) {
        places->full = true;
        return NULL;
    }
    grow(places);
    struct place *place = mem_dup(&model, sizeof model);
    place->number = (uint32_t)places->count;
    place->name = mem_strdup(model.name);
    place->target = model.target ? mem_strdup(model.target) : NULL;
    place->changed_ns = places->now_ns;
    place->inode = inode_of(place);
    places->all[places->count++] = place;
    put_in_slot(places, place);
    add_child(place->parent, place);
    return place;
}

static bool same(const struct place *a, const struct place *b)
{
    return a->parent == b->parent && a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
           memcmp(a->snapshot, b->snapshot, SHA256_SIZE) == 0 &&
           strcmp(a->target ? a->target : "", b->target ? b->target : "") == 0;
}

/* The place like `model`, as it was before if it ever was, present from now on. A snapshot or link takes the
 * name from an earlier one. */
static struct place *put(struct places *places, struct place model)
{
    struct place *found = NULL;
    for (struct place *p = places->slots[hash_of(places, model.parent, model.name)]; p; p = p->next) {
        if (same(p, &model))
            found = p;
        else if (p->parent == model.parent && p->kind != PLACE_FOLDER && model.kind != PLACE_FOLDER &&
                 strcmp(p->name, model.name) == 0)
            p->present = false;
    }
    if (!found)
        found = add(places, model);
    if (found)
        found->present = true;
    return found;
}

struct place *places_find(const struct places *places, const struct place *folder, const char *name)
{
    struct place *found = NULL;
    for (struct place *p = places->slots[hash_of(places, folder, name)]; p; p = p->next)
        if (p->present && p->parent == folder && strcmp(p->name, name) == 0 &&
            (!found || found->kind == PLACE_FOLDER))
            found = p;
    return found;
}

struct place *places_after(const struct places *places, const struct place *folder, uint64_t number)
{
    size_t low = 0, high = folder->child_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (folder->children[middle]->number > number)
            high = middle;
        else
            low = middle + 1;
    }
    for (; low < folder->child_count; low++) {
        struct place *child = folder->children[low];
        /* A folder of the same name as a snapshot is hidden by it. */
        if (child->present &&
            (child->kind != PLACE_FOLDER || places_find(places, folder, child->name) == child))
            return child;
    }
    return NULL;
}

struct place *places_get(const struct places *places, uint64_t number)
{
    return number >= PLACES_ROOT && number < places->count ? places->all[number] : NULL;
}

/* The last part of a path in its folder, which is made if need be; ".." leads no higher than the root. NULL
 * when nothing is left of the path, or a part is too long. `last` is cut out of `path`. */
static struct place *enter(struct places *places, char *path, const char **last)
{
    struct place *at = places->all[PLACES_ROOT];
    unsigned depth = 0;
    *last = NULL;
    for (char *rest, *part = strtok_r(path, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, ".") == 0)
            continue;
        if (strlen(part) > MOST_NAME || ++depth > MOST_DEPTH)
            return NULL;
        if (strcmp(part, "..") == 0) {
            if (*last)
                *last = NULL;
            else
                at = at->parent;
            continue;
        }
        if (*last)
            at = put(places, (struct place){.parent = at, .name = (char *)(uintptr_t)*last});
        if (!at)
            return NULL;
        *last = part;
    }
    return *last ? at : NULL;
}

static bool is_taken(const struct places *places, const char *path)
{
    char *copy MEM_AUTO = mem_strdup(path), *rest;
    const struct place *at = places->all[PLACES_ROOT];
    for (char *part = strtok_r(copy, "/", &rest); part && at; part = strtok_r(NULL, "/", &rest))
        at = strcmp(part, ".") == 0    ? at
             : strcmp(part, "..") == 0 ? at->parent
                                       : places_find(places, at, part);
    return at != NULL;
}

static void put_snapshot(struct places *places, const char *path, const struct snapshot *snapshot)
{
    char *copy MEM_AUTO = mem_strdup(path);
    const char *name;
    struct place model = {.kind = PLACE_SNAPSHOT, .parent = enter(places, copy, &name)};
    if (!model.parent || hex_decode(snapshot->id, model.snapshot, SHA256_SIZE) != 0)
        return;
    model.name = (char *)(uintptr_t)name;
    model.time_ns = snapshot->time_ns;
    memcpy(model.tree, snapshot->tree, SHA256_SIZE);
    put(places, model);
}

/* The snapshots come oldest first, so what is noted last is right. */
static void note_latest(struct places *places, const char *before, const char *time, int64_t time_ns)
{
    char *path MEM_AUTO = mem_printf("%slatest", before);
    const char *name, *slash = strrchr(before, '/');
    struct place *folder = enter(places, path, &name);
    if (!folder)
        return;
    struct place_latest *latest = folder->latest;
    while (latest && strcmp(latest->name, name) != 0)
        latest = latest->next;
    if (!latest) {
        latest = mem_zalloc(1, sizeof *latest);
        *latest = (struct place_latest){.next = folder->latest, .name = mem_strdup(name)};
        folder->latest = latest;
    }
    free(latest->target);
    latest->time_ns = time_ns;
    latest->target = mem_printf("%s%s", slash ? slash + 1 : before, time);
}

static void put_latest(struct places *places, struct place *folder)
{
    while (folder->latest) {
        struct place_latest *latest = folder->latest;
        folder->latest = latest->next;
        put(places, (struct place){.kind = PLACE_LINK,
                                   .parent = folder,
                                   .name = latest->name,
                                   .target = latest->target,
                                   .time_ns = latest->time_ns});
        free(latest->name);
        free(latest->target);
        free(latest);
    }
}

/* Two snapshots of one moment get "-1", "-2" behind the time. */
static void put_path(struct places *places, const char *before, const char *time,
                     const struct snapshot *snapshot)
{
    char *suffix MEM_AUTO = mem_strdup(time);
    for (unsigned i = 1;; i++) {
        char *path MEM_AUTO = mem_printf("%s%s", before, suffix);
        if (!*time || i > MOST_ALIKE || !is_taken(places, path)) {
            put_snapshot(places, path, snapshot);
            break;
        }
        free(suffix);
        suffix = i < MOST_ALIKE ? mem_printf("%s-%u", time, i) : mem_printf("%s-%s", time, snapshot->id);
    }
    if (*time)
        note_latest(places, before, suffix, snapshot->time_ns);
}

static void put_all(struct places *places, const struct snapshot *snapshot)
{
    const struct places_rules *rules = places->rules;
    for (size_t i = 0; i < rules->template_count; i++) {
        struct template_paths paths;
        template_expand(rules->templates[i], rules->time_template, snapshot, &paths);
        for (size_t n = 0; n < paths.count && !places->full; n++)
            put_path(places, paths.items[n], paths.time, snapshot);
        template_paths_free(&paths);
    }
}

static void put_fixed(struct places *places, const char *template)
{
    char *fixed MEM_AUTO = template_fixed(template);
    const char *name;
    struct place *folder = enter(places, fixed, &name);
    if (folder)
        put(places, (struct place){.parent = folder, .name = (char *)(uintptr_t)name});
}

struct places *places_new(const struct places_rules *rules, int64_t now_ns)
{
    struct places *places = mem_zalloc(1, sizeof *places);
    places->rules = rules;
    places->now_ns = now_ns;
    places->count = PLACES_ROOT;
    grow(places);
    struct place *root = mem_zalloc(1, sizeof *root);
    *root = (struct place){.number = PLACES_ROOT,
                           .parent = root,
                           .name = mem_strdup(""),
                           .inode = PLACES_ROOT,
                           .changed_ns = now_ns,
                           .present = true};
    places->all[0] = NULL;
    places->all[places->count++] = root;
    return places;
}

int places_update(struct places *places, const struct snapshots *list, int64_t now_ns)
{
    size_t count = places->count;
    bool *before MEM_AUTO = mem_zalloc(count, sizeof *before);
    places->now_ns = now_ns;
    for (size_t i = PLACES_ROOT + 1; i < count; i++) {
        before[i] = places->all[i]->present;
        places->all[i]->present = false;
    }
    for (size_t i = 0; i < places->rules->template_count; i++)
        put_fixed(places, places->rules->templates[i]);
    for (size_t i = 0; i < list->count; i++)
        if (snapshot_matches(list->items[i], &places->rules->filter))
            put_all(places, list->items[i]);
    for (size_t i = PLACES_ROOT; i < places->count; i++)
        put_latest(places, places->all[i]);
    for (size_t i = PLACES_ROOT + 1; i < places->count; i++)
        if (places->all[i]->present != (i < count && before[i]))
            places->all[i]->parent->changed_ns = now_ns;
    return places->full ? err_set(ERR_TOO_LARGE, _("there are too many snapshots to show all")) : 0;
}

void places_free(struct places *places)
{
    if (!places)
        return;
    for (size_t i = PLACES_ROOT; i < places->count; i++) {
        struct place *place = places->all[i];
        free(place->name);
        free(place->target);
        free(place->children);
        free(place);
    }
    free(places->all);
    free(places->slots);
    free(places);
}
