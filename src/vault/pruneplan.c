/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/pruneplan.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"

#define SMALL_PACK (PACK_TARGET / 5 * 4)

static struct prune_pack *add(struct prune_plan *plan, const uint8_t *id)
{
    if (plan->count == plan->room) {
        plan->room = plan->room ? 2 * plan->room : 64;
        plan->packs = mem_resize(plan->packs, plan->room, sizeof *plan->packs);
    }
    struct prune_pack *pack = &plan->packs[plan->count++];
    *pack = (struct prune_pack){.number = UINT32_MAX};
    memcpy(pack->id, id, SHA256_SIZE);
    return pack;
}

void prune_plan_add_file(struct prune_plan *plan, const uint8_t id[static SHA256_SIZE], uint64_t size)
{
    struct prune_pack *pack = add(plan, id);
    pack->present = true;
    pack->size = size;
}

void prune_plan_free(struct prune_plan *plan)
{
    free(plan->packs);
    *plan = (struct prune_plan){0};
}

static int by_id(const void *a, const void *b)
{
    const struct prune_pack *x = a, *y = b;
    int order = memcmp(x->id, y->id, SHA256_SIZE);
    return order ? order : (x->present < y->present) - (x->present > y->present);
}

/* The file and all listings of one pack become one: the longest listing counts (an interrupted prune leaves
 * two that are equal). */
static void merge(struct prune_plan *plan)
{
    size_t kept = 0;
    if (plan->count)
        qsort(plan->packs, plan->count, sizeof *plan->packs, by_id);
    for (size_t i = 0; i < plan->count; i++) {
        struct prune_pack *one = &plan->packs[i];
        struct prune_pack *last = kept ? &plan->packs[kept - 1] : NULL;
        if (!last || memcmp(last->id, one->id, SHA256_SIZE) != 0) {
            plan->packs[kept++] = *one;
        } else if (one->number != UINT32_MAX &&
                   (last->number == UINT32_MAX ||
                    plan->index->packs[one->number].count > plan->index->packs[last->number].count)) {
            last->number = one->number;
        }
    }
    plan->count = kept;
}

bool prune_plan_is_used(const struct prune_plan *plan, const struct prune_pack *pack,
                        const struct index_entry *entry)
{
    const struct index *index = plan->index;
    const struct index_entry *copy = index_find(index, (enum pack_type)entry->type, entry->id);
    return copy && plan->marks[copy - index->entries] &&
           memcmp(index->packs[copy->pack].id, pack->id, SHA256_SIZE) == 0;
}

static void count(struct vault_count *count, uint64_t bytes)
{
    count->blobs++;
    count->bytes += bytes;
}

static void weigh(const struct prune_plan *plan, struct prune_pack *pack)
{
    if (pack->number == UINT32_MAX)
        return;
    const struct index_pack *listed = &plan->index->packs[pack->number];
    for (uint32_t i = 0; i < listed->count; i++) {
        const struct index_entry *entry = &plan->index->entries[listed->first + i];
        pack->trees = pack->trees || entry->type == PACK_TREE;
        pack->uncompressed = pack->uncompressed || entry->unpacked == 0;
        count(prune_plan_is_used(plan, pack, entry) ? &pack->used : &pack->unused, entry->length);
    }
}

static int lost(const struct prune_pack *pack)
{
    char name[VAULT_ID_TEXT];
    hex_encode(pack->id, SHA256_SIZE, name);
    return err_hint(err_set(ERR_CORRUPT, _("pack %s is missing, and snapshots need %llu blobs of it"), name,
                            (unsigned long long)pack->used.blobs),
                    _("beffroi vault check tells what is damaged; nothing was removed"));
}

/* Packs whose fate needs no choice. */
static int decide_clear(struct prune_plan *plan, struct vault_prune_result *result)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct prune_pack *pack = &plan->packs[i];
        weigh(plan, pack);
        result->used.blobs += pack->used.blobs;
        result->used.bytes += pack->used.bytes;
        result->unused.blobs += pack->unused.blobs;
        result->unused.bytes += pack->unused.bytes;
        if (!pack->present && pack->used.blobs)
            return lost(pack);
        pack->fate = !pack->present ? PRUNE_FORGET : pack->used.blobs ? PRUNE_KEEP : PRUNE_REMOVE;
        if (pack->number == UINT32_MAX) {
            result->unindexed_packs++;
            result->unindexed_bytes += pack->size;
        }
    }
    return 0;
}

static bool is_small(const struct prune_pack *pack, const struct vault_prune_options *options)
{
    return options->repack_small && pack->size < (options->small_bytes ? options->small_bytes : SMALL_PACK);
}

static bool is_candidate(const struct prune_pack *pack, const struct vault_prune_options *options,
                         unsigned version)
{
    if (pack->fate != PRUNE_KEEP || (options->repack_trees_only && !pack->trees))
        return false;
    return pack->unused.blobs > 0 || is_small(pack, options) ||
           (options->repack_uncompressed && version >= 2 && pack->uncompressed);
}

/* Trees first (they are read by every command), then the most wasteful. */
static int by_waste(const void *a, const void *b)
{
    const struct prune_pack *x = *(struct prune_pack *const *)a, *y = *(struct prune_pack *const *)b;
    if (x->trees != y->trees)
        return x->trees ? -1 : 1;
    double left = (double)x->unused.bytes / (double)(x->used.bytes + 1),
           right = (double)y->unused.bytes / (double)(y->used.bytes + 1);
    return left > right ? -1 : left < right ? 1 : memcmp(x->id, y->id, SHA256_SIZE);
}

static uint64_t waste_allowed(const struct vault_prune_options *options, uint64_t used)
{
    switch (options->unused_kind) {
    case VAULT_UNUSED_BYTES:
        return options->unused_bytes;
    case VAULT_UNUSED_UNLIMITED:
        return UINT64_MAX;
    case VAULT_UNUSED_PERCENT:
        break;
    }
    /* The limit is a part of the whole that is left: p % of (used + waste). */
    double part = options->unused_percent / 100;
    return part >= 1 ? UINT64_MAX : (uint64_t)((double)used * part / (1 - part));
}

/* Packs that are there for another reason than their waste. */
static bool is_due(const struct prune_pack *pack, const struct vault_prune_options *options, unsigned version)
{
    return pack->trees || is_small(pack, options) ||
           (options->repack_uncompressed && version >= 2 && pack->uncompressed);
}

static void choose(struct prune_plan *plan, const struct vault_prune_options *options, unsigned version,
                   uint64_t used)
{
    struct prune_pack **list MEM_AUTO = mem_zalloc(plan->count + 1, sizeof(struct prune_pack *));
    size_t candidates = 0;
    uint64_t waste = 0, allowed = waste_allowed(options, used), repacked = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->packs[i].fate == PRUNE_KEEP)
            waste += plan->packs[i].unused.bytes;
        if (is_candidate(&plan->packs[i], options, version))
            list[candidates++] = &plan->packs[i];
    }
    if (candidates)
        qsort(list, candidates, sizeof *list, by_waste);
    for (size_t i = 0; i < candidates; i++) {
        struct prune_pack *pack = list[i];
        if (options->repack_bytes_most && repacked + pack->size > options->repack_bytes_most)
            continue;
        if (!is_due(pack, options, version) && waste <= allowed)
            continue;
        pack->fate = PRUNE_REPACK;
        repacked += pack->size;
        waste -= pack->unused.bytes;
    }
}

static void add_to(struct vault_count *sum, const struct vault_count *more)
{
    sum->blobs += more->blobs;
    sum->bytes += more->bytes;
}

int prune_plan_make(struct prune_plan *plan, const struct vault_prune_options *options, unsigned version,
                    struct vault_prune_result *result)
{
    for (size_t i = 0; i < plan->index->pack_count; i++)
        add(plan, plan->index->packs[i].id)->number = (uint32_t)i;
    merge(plan);
    int err = decide_clear(plan, result);
    if (err)
        return err;
    choose(plan, options, version, result->used.bytes);
    for (size_t i = 0; i < plan->count; i++) {
        const struct prune_pack *pack = &plan->packs[i];
        if (pack->fate == PRUNE_KEEP)
            add_to(&result->wasted, &pack->unused);
        else
            add_to(&result->removed, &pack->unused);
        if (pack->fate == PRUNE_REPACK)
            add_to(&result->repacked, &pack->used);
        result->packs_kept += pack->fate == PRUNE_KEEP;
        result->packs_repacked += pack->fate == PRUNE_REPACK;
        result->packs_removed += pack->fate == PRUNE_REMOVE;
    }
    return 0;
}
