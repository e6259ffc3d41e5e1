/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside of prune: which packs stay, go, or are packed anew. Pure logic on an index, marks and a list of
 * files.
 */
#ifndef VAULT_PRUNEPLAN_H
#define VAULT_PRUNEPLAN_H

#include "vault/prune.h"

enum prune_fate {
    PRUNE_KEEP,
    PRUNE_REPACK,
    PRUNE_REMOVE,
    PRUNE_FORGET /* an index names it, and it is gone */
};

/* One pack, whatever the number of index files that name it. */
struct prune_pack {
    uint8_t id[SHA256_SIZE];
    uint32_t number; /* among the index's packs, or UINT32_MAX: no index names it */
    bool present;    /* the file is there */
    bool trees, uncompressed;
    uint64_t size; /* of the file */
    struct vault_count used, unused;
    enum prune_fate fate;
};

struct prune_plan {
    const struct index *index;
    const bool *marks;
    struct prune_pack *packs; /* by id */
    size_t count, room;
};

/* A file of the repository; call for each, before prune_plan_make. */
void prune_plan_add_file(struct prune_plan *plan, const uint8_t id[static SHA256_SIZE], uint64_t size);
/* Decides. ERR_CORRUPT when a pack that holds what is needed is missing. Fills *result but for what is done
 * later. */
int prune_plan_make(struct prune_plan *plan, const struct vault_prune_options *options, unsigned version,
                    struct vault_prune_result *result);
/* Whether this entry of the pack is the copy that is in use. */
bool prune_plan_is_used(const struct prune_plan *plan, const struct prune_pack *pack,
                        const struct index_entry *entry);
void prune_plan_free(struct prune_plan *plan);

#endif
