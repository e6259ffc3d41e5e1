/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/suspects.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What of an actor counts in a scope. */
struct suspect {
    enum verdict verdict;
    enum scope scope;
    int32_t root_pid;
    uint64_t root_start;
    uint32_t uid, tree;
    char client[ACTOR_CLIENT_SIZE];
};

struct suspects {
    pthread_mutex_t lock; /* guards the list */
    atomic_size_t count;
    size_t capacity;
    struct suspect *list;
};

struct suspects *suspects_new(void)
{
    struct suspects *s = mem_zalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void suspects_free(struct suspects *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->list);
    free(s);
}

static bool is_same(const struct suspect *a, const struct suspect *b)
{
    if (a->verdict != b->verdict || a->scope != b->scope)
        return false;
    switch (a->scope) {
    case SCOPE_PROCESS_TREE:
        return a->root_pid == b->root_pid && a->root_start == b->root_start;
    case SCOPE_USER:
        return a->uid == b->uid;
    case SCOPE_CLIENT:
        return strcmp(a->client, b->client) == 0;
    case SCOPE_TREE:
        return a->tree == b->tree;
    }
    return false;
}

static bool covers(const struct suspect *s, const struct actor *who, uint32_t tree)
{
    switch (s->scope) {
    case SCOPE_PROCESS_TREE:
        return who->root_pid == s->root_pid && who->root_start == s->root_start && s->root_pid != 0;
    case SCOPE_USER:
        return who->uid == s->uid;
    case SCOPE_CLIENT:
        return s->client[0] && strcmp(who->client, s->client) == 0;
    case SCOPE_TREE:
        return tree == UINT32_MAX || tree == s->tree;
    }
    return false;
}

static void set(struct suspects *s, const struct suspect *suspect, bool on)
{
    pthread_mutex_lock(&s->lock);
    size_t count = atomic_load(&s->count), at = 0;
    while (at < count && !is_same(&s->list[at], suspect))
        at++;
    if (on && at == count) {
        if (count == s->capacity) {
            s->capacity = s->capacity ? s->capacity * 2 : 16;
            s->list = mem_resize(s->list, s->capacity, sizeof *s->list);
        }
        s->list[count] = *suspect;
        atomic_store(&s->count, count + 1);
    } else if (!on && at < count) {
        s->list[at] = s->list[count - 1];
        atomic_store(&s->count, count - 1);
    }
    pthread_mutex_unlock(&s->lock);
}

static struct suspect make(enum verdict verdict, enum scope scope, const struct actor *who, uint32_t tree)
{
    struct suspect suspect = {.verdict = verdict, .scope = scope, .tree = tree};
    if (who) {
        suspect.root_pid = who->root_pid;
        suspect.root_start = who->root_start;
        suspect.uid = who->uid;
        memcpy(suspect.client, who->client, sizeof suspect.client);
        suspect.client[sizeof suspect.client - 1] = '\0';
    }
    return suspect;
}

void suspects_watch(struct suspects *s, enum scope scope, const struct actor *who, uint32_t tree, bool on)
{
    struct suspect suspect = make(VERDICT_WATCHED, scope, who, tree);
    set(s, &suspect, on);
}

void suspects_condemn(struct suspects *s, const struct actor *who, bool on)
{
    enum scope scope = who->client[0] ? SCOPE_CLIENT : SCOPE_PROCESS_TREE;
    struct suspect suspect = make(VERDICT_CONDEMNED, scope, who, 0);
    set(s, &suspect, on);
}

bool suspects_any(const struct suspects *s)
{
    return atomic_load_explicit(&s->count, memory_order_relaxed) > 0;
}

enum verdict suspects_ask(struct suspects *s, const struct actor *who, uint32_t tree)
{
    enum verdict verdict = VERDICT_QUIET;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < atomic_load(&s->count); i++)
        if (s->list[i].verdict > verdict && covers(&s->list[i], who, tree))
            verdict = s->list[i].verdict;
    pthread_mutex_unlock(&s->lock);
    return verdict;
}
