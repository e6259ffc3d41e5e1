/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each change is one block: its place in two lists (all changes of pinned or of other actors, and all changes
 * of its actor), the names as shared strings, and only those versions that it has.
 */
#include "recover/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NAME_BUCKETS_LEAST 1024
#define ACTOR_BUCKETS      1024

/* A path that any number of changes refer to. */
struct name {
    struct name *next; /* in its bucket */
    uint32_t users;
    uint32_t hash;
    char text[];
};

struct links {
    struct entry *prev, *next;
};

struct list {
    struct entry *first, *last;
};

struct entry {
    struct links age;      /* in history.loose or history.pinned */
    struct entry *younger; /* of the same actor */
    struct author *author;
    uint64_t order; /* of arrival, which goes on when a sensor starts anew */
    uint64_t sequence;
    int64_t monotonic_ns;
    struct name *path, *new_path; /* new_path may be NULL */
    struct filestate after;
    uint32_t flags, tree;
    uint32_t incident;      /* whose plan takes it back; 0: none yet */
    uint8_t kind, versions; /* bits BEFORE and REPLACED */
    struct version version[];
};

enum { BEFORE = 1, REPLACED = 2 };

/* Whoever made changes: a remote client, or a process tree. */
struct author {
    struct author *next; /* in its bucket */
    struct entry *first, *last;
    size_t count;
    uint32_t pins;
    int32_t root_pid;
    uint64_t root_start;
    char client[ACTOR_CLIENT_SIZE];
};

struct history {
    struct author *authors[ACTOR_BUCKETS];
    struct name **names;
    size_t name_buckets, name_count;
    struct list loose, pinned;
    size_t count;
    uint64_t order;
};

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

struct history *history_new(void)
{
    struct history *h = mem_zalloc(1, sizeof *h);
    h->name_buckets = NAME_BUCKETS_LEAST;
    h->names = mem_zalloc(h->name_buckets, sizeof(struct name *));
    return h;
}

static void names_grow(struct history *h)
{
    size_t wanted = h->name_buckets * 2;
    struct name **wider = mem_zalloc(wanted, sizeof(struct name *));
    for (size_t i = 0; i < h->name_buckets; i++)
        for (struct name *n = h->names[i], *next; n; n = next) {
            next = n->next;
            n->next = wider[n->hash & (wanted - 1)];
            wider[n->hash & (wanted - 1)] = n;
        }
    free(h->names);
    h->names = wider;
    h->name_buckets = wanted;
}

static struct name *name_take(struct history *h, const char *text)
{
    uint32_t hash = hash_text(text);
    for (struct name *n = h->names[hash & (h->name_buckets - 1)]; n; n = n->next)
        if (n->hash == hash && strcmp(n->text, text) == 0) {
            n->users++;
            return n;
        }
    if (h->name_count >= h->name_buckets)
        names_grow(h);
    size_t size = strlen(text) + 1;
    struct name *n = mem_zalloc(1, sizeof *n + size);
    memcpy(n->text, text, size);
    n->hash = hash;
    n->users = 1;
    n->next = h->names[hash & (h->name_buckets - 1)];
    h->names[hash & (h->name_buckets - 1)] = n;
    h->name_count++;
    return n;
}

static void name_drop(struct history *h, struct name *name)
{
    if (!name || --name->users > 0)
        return;
    struct name **at = &h->names[name->hash & (h->name_buckets - 1)];
    while (*at != name)
        at = &(*at)->next;
    *at = name->next;
    free(name);
    h->name_count--;
}

static uint32_t author_bucket(const struct actor *who)
{
    uint32_t hash = who->client[0] ? hash_text(who->client)
                                   : (uint32_t)who->root_pid * 2654435761u ^ (uint32_t)who->root_start;
    return hash % ACTOR_BUCKETS;
}

/* A client is one whatever process serves it; without a client it is the process tree that counts. */
static bool author_is(const struct author *author, const struct actor *who)
{
    if (author->client[0] || who->client[0])
        return strncmp(author->client, who->client, sizeof author->client) == 0;
    return author->root_pid == who->root_pid && author->root_start == who->root_start;
}

static struct author *author_find(struct history *h, const struct actor *who)
{
    struct author *author = h->authors[author_bucket(who)];
    while (author && !author_is(author, who))
        author = author->next;
    return author;
}

static struct author *author_take(struct history *h, const struct actor *who)
{
    struct author *author = author_find(h, who);
    if (author)
        return author;
    author = mem_zalloc(1, sizeof *author);
    memcpy(author->client, who->client, sizeof author->client - 1);
    author->root_pid = who->client[0] ? 0 : who->root_pid;
    author->root_start = who->client[0] ? 0 : who->root_start;
    uint32_t bucket = author_bucket(who);
    author->next = h->authors[bucket];
    h->authors[bucket] = author;
    return author;
}

static void author_drop(struct history *h, struct author *author)
{
    struct actor who = {.root_pid = author->root_pid, .root_start = author->root_start};
    memcpy(who.client, author->client, sizeof who.client);
    struct author **at = &h->authors[author_bucket(&who)];
    while (*at != author)
        at = &(*at)->next;
    *at = author->next;
    free(author);
}

static struct list *list_of(struct history *h, const struct author *author)
{
    return author->pins > 0 ? &h->pinned : &h->loose;
}

static void list_append(struct list *list, struct entry *entry)
{
    entry->age = (struct links){.prev = list->last};
    if (list->last)
        list->last->age.next = entry;
    else
        list->first = entry;
    list->last = entry;
}

static void list_remove(struct list *list, struct entry *entry)
{
    if (entry->age.prev)
        entry->age.prev->age.next = entry->age.next;
    else
        list->first = entry->age.next;
    if (entry->age.next)
        entry->age.next->age.prev = entry->age.prev;
    else
        list->last = entry->age.prev;
}

/* Puts it in by age, searching from `hint` on; returns it as the next hint. */
static struct entry *list_insert(struct list *list, struct entry *entry, struct entry *hint)
{
    struct entry *before = hint ? hint : list->first;
    while (before && before->order < entry->order)
        before = before->age.next;
    if (!before) {
        list_append(list, entry);
        return entry;
    }
    entry->age = (struct links){.prev = before->age.prev, .next = before};
    if (before->age.prev)
        before->age.prev->age.next = entry;
    else
        list->first = entry;
    before->age.prev = entry;
    return entry;
}

static void entry_free(struct history *h, struct entry *entry)
{
    name_drop(h, entry->path);
    name_drop(h, entry->new_path);
    free(entry);
}

/* The oldest change of an actor without an incident goes; it is also the oldest of its actor. */
static void forget_oldest(struct history *h)
{
    struct entry *oldest = h->loose.first;
    if (!oldest)
        return;
    struct author *author = oldest->author;
    list_remove(&h->loose, oldest);
    author->first = oldest->younger;
    if (!author->first)
        author->last = NULL;
    author->count--;
    h->count--;
    entry_free(h, oldest);
    if (!author->first)
        author_drop(h, author);
}

static bool version_is_set(const struct version *v)
{
    return v->kind != VERSION_NONE || v->inode != 0 || v->size != 0;
}

static struct entry *entry_new(struct history *h, const struct event *event)
{
    uint8_t versions = 0;
    if (version_is_set(&event->before))
        versions |= BEFORE;
    if (version_is_set(&event->replaced))
        versions |= REPLACED;
    size_t count = (versions & BEFORE ? 1u : 0u) + (versions & REPLACED ? 1u : 0u);
    struct entry *entry = mem_zalloc(1, sizeof *entry + count * sizeof(struct version));
    entry->sequence = event->sequence;
    entry->monotonic_ns = event->monotonic_ns;
    entry->order = ++h->order;
    entry->kind = (uint8_t)event->kind;
    entry->flags = event->flags;
    entry->tree = event->tree;
    entry->after = event->after;
    entry->versions = versions;
    size_t at = 0;
    if (versions & BEFORE)
        entry->version[at++] = event->before;
    if (versions & REPLACED)
        entry->version[at] = event->replaced;
    entry->path = name_take(h, event->path);
    entry->new_path = event->new_path[0] ? name_take(h, event->new_path) : NULL;
    return entry;
}

void history_add(struct history *h, const struct event *event)
{
    struct entry *entry = entry_new(h, event);
    struct author *author = author_take(h, &event->actor);
    entry->author = author;
    if (author->last)
        author->last->younger = entry;
    else
        author->first = entry;
    author->last = entry;
    author->count++;
    list_append(list_of(h, author), entry);
    h->count++;
    if (h->count > HISTORY_MAX)
        forget_oldest(h);
}

static void give(const struct entry *entry, void (*each)(const struct change *, void *), void *self)
{
    struct change change = {.sequence = entry->sequence,
                            .kind = (enum event_kind)entry->kind,
                            .flags = entry->flags,
                            .tree = entry->tree,
                            .path = entry->path->text,
                            .new_path = entry->new_path ? entry->new_path->text : "",
                            .after = entry->after};
    size_t at = 0;
    if (entry->versions & BEFORE)
        change.before = entry->version[at++];
    if (entry->versions & REPLACED)
        change.replaced = entry->version[at];
    each(&change, self);
}

/* The authors among the culprits, each once. The caller frees the array. */
static struct author **authors_of(struct history *h, const struct actor *culprits, size_t count,
                                  size_t *found)
{
    struct author **authors = mem_zalloc(count + 1, sizeof(struct author *));
    *found = 0;
    for (size_t i = 0; i < count; i++) {
        struct author *author = author_find(h, &culprits[i]);
        bool known = !author;
        for (size_t j = 0; !known && j < *found; j++)
            known = authors[j] == author;
        if (!known)
            authors[(*found)++] = author;
    }
    return authors;
}

static int by_order(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    return ((*x)->order > (*y)->order) - ((*x)->order < (*y)->order);
}

/* All changes of these authors since then, by age. The caller frees the array. */
static struct entry **entries_of(struct author *const *authors, size_t found, int64_t since_ns, size_t *total)
{
    size_t most = 0;
    for (size_t i = 0; i < found; i++)
        most += authors[i]->count;
    struct entry **entries = mem_zalloc(most + 1, sizeof(struct entry *));
    *total = 0;
    for (size_t i = 0; i < found; i++)
        for (struct entry *e = authors[i]->first; e; e = e->younger)
            if (e->monotonic_ns >= since_ns)
                entries[(*total)++] = e;
    if (found > 1)
        qsort(entries, *total, sizeof(struct entry *), by_order);
    return entries;
}

/* States of files, by inode and ctime: open addressing, never more than half full. */
struct states {
    struct filestate *places;
    size_t size; /* a power of two */
};

static struct filestate *state_place(const struct states *s, uint64_t inode, int64_t ctime_ns)
{
    size_t at = (size_t)((inode ^ (uint64_t)ctime_ns) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (s->size - 1);
    while (s->places[at].inode != 0 && (s->places[at].inode != inode || s->places[at].ctime_ns != ctime_ns))
        at = (at + 1) & (s->size - 1);
    return &s->places[at];
}

static void want_before(const struct states *s, const struct entry *entry)
{
    if (!(entry->versions & BEFORE) || entry->version[0].inode == 0)
        return;
    *state_place(s, entry->version[0].inode, entry->version[0].ctime_ns) =
        (struct filestate){.inode = entry->version[0].inode, .ctime_ns = entry->version[0].ctime_ns};
}

static bool is_elsewhere(const struct entry *entry, uint32_t incident)
{
    return entry->incident != 0 && entry->incident != incident;
}

/* Takes out the changes that another incident's plan takes back, but for those that made what a later change
 * found: without them what an attacker made would count as the file's first version. From the newest to the
 * oldest, so that chains are followed. Returns how many were taken out (they are NULL then). */
static size_t leave_out(struct entry **entries, size_t total, uint32_t incident)
{
    struct states wanted = {.size = 16};
    size_t left_out = 0;
    while (wanted.size < total * 2)
        wanted.size *= 2;
    wanted.places = mem_zalloc(wanted.size, sizeof *wanted.places);
    for (size_t i = total; i-- > 0;) {
        const struct filestate *after = &entries[i]->after;
        bool context = after->inode != 0 && state_place(&wanted, after->inode, after->ctime_ns)->inode != 0;
        if (!is_elsewhere(entries[i], incident) || context) {
            want_before(&wanted, entries[i]);
            continue;
        }
        entries[i] = NULL;
        left_out++;
    }
    free(wanted.places);
    return left_out;
}

size_t history_of(struct history *h, const struct actor *culprits, size_t count, int64_t since_ns,
                  uint32_t incident, void (*each)(const struct change *change, void *self), void *self)
{
    size_t found, total;
    struct author **authors = authors_of(h, culprits, count, &found);
    struct entry **entries = entries_of(authors, found, since_ns, &total);
    size_t left_out = leave_out(entries, total, incident);
    for (size_t i = 0; i < total; i++) {
        if (!entries[i])
            continue;
        if (entries[i]->incident == 0)
            entries[i]->incident = incident;
        give(entries[i], each, self);
    }
    free(entries);
    free(authors);
    return left_out;
}

static void move_all(struct author *author, struct list *from, struct list *to)
{
    struct entry *hint = NULL;
    for (struct entry *e = author->first; e; e = e->younger) {
        list_remove(from, e);
        hint = list_insert(to, e, hint);
    }
}

void history_pin(struct history *h, const struct actor *culprits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct author *author = author_take(h, &culprits[i]);
        if (author->pins++ == 0)
            move_all(author, &h->loose, &h->pinned);
    }
}

void history_release(struct history *h, const struct actor *culprits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct author *author = author_find(h, &culprits[i]);
        if (!author || author->pins == 0 || --author->pins > 0)
            continue;
        move_all(author, &h->pinned, &h->loose);
        if (!author->first)
            author_drop(h, author);
    }
    while (h->count > HISTORY_MAX && h->loose.first)
        forget_oldest(h);
}

static void free_list(struct history *h, struct list *list)
{
    for (struct entry *e = list->first, *next; e; e = next) {
        next = e->age.next;
        entry_free(h, e);
    }
}

void history_free(struct history *h)
{
    if (!h)
        return;
    free_list(h, &h->loose);
    free_list(h, &h->pinned);
    for (size_t i = 0; i < ACTOR_BUCKETS; i++)
        for (struct author *a = h->authors[i], *next; a; a = next) {
            next = a->next;
            free(a);
        }
    free(h->names);
    free(h);
}
