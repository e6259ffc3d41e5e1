/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/score.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/names.h"

struct scores {
    const struct limits *limits;
    struct score table[SCORE_SETS][SCORE_WAYS];
};

struct scores *scores_new(const struct limits *limits)
{
    struct scores *s = mem_zalloc(1, sizeof(*s));
    s->limits = limits;
    return s;
}

void scores_free(struct scores *s)
{
    free(s);
}

static uint64_t key_of(enum scope scope, uint64_t a, uint64_t b)
{
    uint64_t words[3] = {(uint64_t)scope, a, b};
    return names_hash(words, sizeof(words));
}

uint64_t score_key_process(const struct actor *actor)
{
    if (actor->root_pid)
        return key_of(SCOPE_PROCESS_TREE, (uint32_t)actor->root_pid, actor->root_start);
    return key_of(SCOPE_PROCESS_TREE, (uint32_t)actor->pid, actor->start);
}

uint64_t score_key_client(const struct actor *actor)
{
    return key_of(SCOPE_CLIENT, names_hash(actor->client, strnlen(actor->client, ACTOR_CLIENT_SIZE)), 0);
}

uint64_t score_key_user(const struct actor *actor)
{
    return key_of(SCOPE_USER, actor->uid, 0);
}

uint64_t score_key_tree(uint32_t tree)
{
    return key_of(SCOPE_TREE, tree, 0);
}

static struct score *find(struct scores *s, uint64_t key)
{
    struct score *set = s->table[key % SCORE_SETS];
    for (size_t way = 0; key && way < SCORE_WAYS; way++)
        if (set[way].key == key)
            return &set[way];
    return NULL;
}

struct score *scores_find(struct scores *s, uint64_t key, int64_t now)
{
    struct score *score = find(s, key);
    if (score)
        score_fade(s->limits, score, now);
    return score;
}

static bool is_cheaper(const struct score *a, const struct score *b)
{
    int64_t weight_a = (int64_t)a->clear + a->weak + a->pattern + a->deleted;
    int64_t weight_b = (int64_t)b->clear + b->weak + b->pattern + b->deleted;
    return weight_a != weight_b ? weight_a < weight_b : a->used_ns < b->used_ns;
}

struct score *scores_get(struct scores *s, uint64_t key, enum scope scope, int64_t now)
{
    struct score *score = scores_find(s, key, now), *set = s->table[key % SCORE_SETS];
    if (score)
        return score;
    score = &set[0];
    for (size_t way = 0; way < SCORE_WAYS && score->key; way++)
        if (set[way].key == 0 || is_cheaper(&set[way], score))
            score = &set[way];
    memset(score, 0, sizeof(*score));
    score->key = key;
    score->scope = scope;
    score->used_ns = score->faded_ns = now;
    return score;
}

/* `value` after `quarters` of its half-life: times 2^(-quarters/4), in integers so that traces replay alike.
 */
static int32_t faded(int32_t value, int64_t quarters)
{
    static const int64_t rest[4] = {65536, 55109, 46341, 38968};
    if (quarters <= 0)
        return value;
    if (quarters >= 128)
        return 0;
    return (int32_t)(((value >> (quarters / 4)) * rest[quarters % 4]) >> 16);
}

static int64_t quarters_since(int64_t then, int64_t now, int64_t half_life_s)
{
    int64_t quarter = half_life_s * NS_PER_SECOND / 4;
    return now > then && quarter > 0 ? now / quarter - then / quarter : 0;
}

void score_fade(const struct limits *limits, struct score *score, int64_t now)
{
    if (now <= score->faded_ns)
        return;
    score->clear = faded(score->clear, quarters_since(score->faded_ns, now, limits->fade_clear_s));
    int64_t weak = quarters_since(score->faded_ns, now, limits->fade_weak_s);
    score->weak = faded(score->weak, weak);
    score->pattern = faded(score->pattern, weak);
    int64_t gone = quarters_since(score->faded_ns, now, limits->delete_fade_s);
    score->deleted = (uint32_t)faded((int32_t)score->deleted, gone);
    score->created = (uint32_t)faded((int32_t)score->created, gone);
    if (score->deleted == 0)
        memset(score->tops, 0, sizeof(score->tops));
    score->faded_ns = now;
}

int32_t score_total(const struct limits *limits, const struct score *score)
{
    int32_t pattern = score->pattern < limits->pattern_cap ? score->pattern : (int32_t)limits->pattern_cap;
    return score->clear + score->weak + pattern;
}

#define MILLI_MOST 1000000 /* far over any limit; keeps the sums from running over */

static void add_part(struct score *score, uint64_t process, int32_t milli)
{
    struct score_part *least = NULL;
    for (uint32_t i = 0; i < score->part_count; i++) {
        if (score->parts[i].process == process) {
            score->parts[i].milli += score->parts[i].milli < MILLI_MOST ? milli : 0;
            return;
        }
        if (!least || score->parts[i].milli < least->milli)
            least = &score->parts[i];
    }
    if (score->part_count < ALERT_CULPRITS)
        least = &score->parts[score->part_count++];
    *least = (struct score_part){process, milli}; /* at the limit: in place of who added least */
}

void score_add(const struct limits *limits, struct score *score, int32_t milli, uint64_t process)
{
    int32_t *sum = milli >= limits->clear ? &score->clear : &score->weak;
    if (*sum < MILLI_MOST)
        *sum += milli;
    add_part(score, process, milli);
}

void score_remove_part(struct score *score, uint64_t process)
{
    for (uint32_t i = 0; i < score->part_count; i++) {
        if (score->parts[i].process != process)
            continue;
        int32_t milli = score->parts[i].milli;
        int32_t weak = milli < score->weak ? milli : score->weak;
        int32_t clear = milli < score->clear ? milli : score->clear;
        score->clear -= clear;
        score->weak -= milli > clear ? (milli - clear < weak ? milli - clear : weak) : 0;
        score->parts[i] = score->parts[--score->part_count];
        return;
    }
}

void score_reset(struct score *score)
{
    struct score fresh = {.key = score->key,
                          .scope = score->scope,
                          .tree = score->tree,
                          .used_ns = score->used_ns,
                          .faded_ns = score->faded_ns};
    *score = fresh;
}

void scores_each(struct scores *s, void (*visit)(struct score *score, void *self), void *self)
{
    for (size_t set = 0; set < SCORE_SETS; set++)
        for (size_t way = 0; way < SCORE_WAYS; way++)
            if (s->table[set][way].key)
                visit(&s->table[set][way], self);
}
