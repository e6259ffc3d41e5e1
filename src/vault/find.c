/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/folder.h"
#include "vault/idset.h"

/* ---- names ---- */

struct name_search {
    const struct vault_find_names *wanted;
    const struct snapshot *snapshot;
};

static int look_at_name(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    const struct name_search *search = context;
    const struct vault_find_names *wanted = search->wanted;
    (void)folder;
    if (match_any(&wanted->patterns, path) && (!wanted->has_oldest || node->mtime_ns >= wanted->oldest_ns) &&
        node->mtime_ns <= wanted->newest_ns)
        wanted->on_found(wanted->context, search->snapshot, path, node);
    return match_may_be_below(&wanted->patterns, path) ? FOLDER_INTO : FOLDER_PASS;
}

static int bad_names(void *context, const uint8_t *folder, const char *path, int err)
{
    const struct name_search *search = context;
    (void)folder;
    search->wanted->on_bad(search->wanted->context, search->snapshot, path, err);
    return 0;
}

int vault_find_names(struct loader *loader, const struct snapshots *snapshots,
                     const struct vault_find_names *wanted)
{
    struct name_search search = {.wanted = wanted};
    const struct folder_visitor visitor = {&search, look_at_name, bad_names};
    int err = 0;
    for (size_t i = 0; !err && i < snapshots->count; i++) {
        search.snapshot = snapshots->items[i];
        err = folder_walk(loader, search.snapshot->tree, "", &visitor);
    }
    return err;
}

/* ---- blobs, trees and packs ---- */

/* What is looked for of one type: beginnings, and the sorted IDs that a pack holds. */
struct ids {
    const char *const *beginnings;
    size_t beginning_count;
    uint8_t (*whole)[SHA256_SIZE];
    size_t whole_count, room;
};

struct id_search {
    const struct vault_find_ids *wanted;
    struct ids data, trees;
    struct idset told; /* trees, of this snapshot */
    const struct snapshot *snapshot;
};

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_SIZE);
}

static bool begins(const char *beginning, const uint8_t *id)
{
    char name[2 * SHA256_SIZE + 1];
    hex_encode(id, SHA256_SIZE, name);
    return strncasecmp(name, beginning, strlen(beginning)) == 0;
}

static bool is_wanted(const struct ids *ids, const uint8_t *id)
{
    for (size_t i = 0; i < ids->beginning_count; i++)
        if (begins(ids->beginnings[i], id))
            return true;
    return ids->whole_count && bsearch(id, ids->whole, ids->whole_count, SHA256_SIZE, by_bytes);
}

static bool wants_any(const struct ids *ids)
{
    return ids->beginning_count + ids->whole_count > 0;
}

static void want(struct ids *ids, const uint8_t *id)
{
    if (ids->whole_count == ids->room) {
        ids->room = ids->room ? 2 * ids->room : 64;
        ids->whole = mem_resize(ids->whole, ids->room, sizeof *ids->whole);
    }
    memcpy(ids->whole[ids->whole_count++], id, SHA256_SIZE);
}

static void look_at_tree(struct id_search *search, const char *path, const uint8_t *id)
{
    const struct vault_find_ids *wanted = search->wanted;
    if (is_wanted(&search->trees, id) && idset_add(&search->told, id))
        wanted->on_found(wanted->context, search->snapshot, path, id, NULL);
}

static int look_at_ids(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    struct id_search *search = context;
    const struct vault_find_ids *wanted = search->wanted;
    if (node->type == NODE_DIR && wants_any(&search->trees))
        look_at_tree(search, path, node->subtree);
    if (node->type != NODE_FILE || !wants_any(&search->data))
        return FOLDER_INTO;
    for (size_t i = 0; i < node->content_count; i++)
        if (is_wanted(&search->data, node->content[i]))
            wanted->on_found(wanted->context, search->snapshot, path, node->content[i], folder);
    return FOLDER_INTO;
}

static int bad_ids(void *context, const uint8_t *folder, const char *path, int err)
{
    const struct id_search *search = context;
    (void)folder;
    search->wanted->on_bad(search->wanted->context, search->snapshot, path, err);
    return 0;
}

/* Notes what a pack holds, by the index. */
static int open_pack(struct id_search *search, const struct index *index, const char *beginning)
{
    bool found = false;
    for (size_t i = 0; i < index->pack_count; i++) {
        const struct index_pack *pack = &index->packs[i];
        if (!begins(beginning, pack->id))
            continue;
        found = true;
        for (uint32_t n = 0; n < pack->count; n++) {
            const struct index_entry *entry = &index->entries[pack->first + n];
            want(entry->type == PACK_TREE ? &search->trees : &search->data, entry->id);
        }
    }
    return found ? 0 : err_set(ERR_NOT_FOUND, _("no index names a pack \"%s\""), beginning);
}

static int prepare(struct id_search *search, const struct index *index)
{
    const struct vault_find_ids *wanted = search->wanted;
    int err = 0;
    for (size_t i = 0; !err && i < wanted->id_count; i++) {
        size_t length = strlen(wanted->ids[i]);
        if (length == 0 || length > 2 * SHA256_SIZE ||
            strspn(wanted->ids[i], "0123456789abcdefABCDEF") != length)
            err = err_set(ERR_INVALID, _("\"%s\" is not the beginning of an ID"), wanted->ids[i]);
        else if (wanted->kind == FIND_PACK)
            err = open_pack(search, index, wanted->ids[i]);
    }
    struct ids *ids = wanted->kind == FIND_TREE ? &search->trees : &search->data;
    if (wanted->kind != FIND_PACK) {
        ids->beginnings = wanted->ids;
        ids->beginning_count = wanted->id_count;
    }
    if (search->data.whole_count)
        qsort(search->data.whole, search->data.whole_count, SHA256_SIZE, by_bytes);
    if (search->trees.whole_count)
        qsort(search->trees.whole, search->trees.whole_count, SHA256_SIZE, by_bytes);
    return err;
}

int vault_find_ids(struct vault *vault, struct loader *loader, const struct snapshots *snapshots,
                   const struct vault_find_ids *wanted)
{
    struct id_search search = {.wanted = wanted};
    const struct folder_visitor visitor = {&search, look_at_ids, bad_ids};
    int err = prepare(&search, vault_index(vault));
    for (size_t i = 0; !err && i < snapshots->count; i++) {
        search.snapshot = snapshots->items[i];
        if (wants_any(&search.trees))
            look_at_tree(&search, "/", search.snapshot->tree);
        err = folder_walk(loader, search.snapshot->tree, "", &visitor);
        idset_free(&search.told);
    }
    free(search.data.whole);
    free(search.trees.whole);
    return err;
}
