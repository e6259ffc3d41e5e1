/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/stats.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "vault/folder.h"
#include "vault/idset.h"
#include "vault/used.h"

struct counting {
    const struct index *index;
    enum vault_stats_mode mode;
    struct vault_stats *stats;
    struct idset contents; /* of files, all snapshots */
    struct idset paths;    /* of files, and of paths with a blob */
    struct idset links;    /* files with several names, of this snapshot */
};

/* One hash of two things. */
static void hash_of(const void *a, size_t a_length, const void *b, size_t b_length, uint8_t *out)
{
    struct sha256 *state = sha256_new();
    sha256_add(state, a, a_length);
    sha256_add(state, b, b_length);
    sha256_end(state, out);
}

static void count_name(struct counting *c, const struct node *node)
{
    uint8_t id[SHA256_SIZE];
    c->stats->files++;
    hash_of(&node->inode, sizeof node->inode, &node->device_id, sizeof node->device_id, id);
    if (node->links == 1 || node->type == NODE_DIR || node->inode == 0 || idset_add(&c->links, id))
        c->stats->bytes += node->size;
}

static int count_blobs(struct counting *c, const char *path, const struct node *node)
{
    uint8_t file[SHA256_SIZE], both[SHA256_SIZE];
    sha256_of(path, strlen(path), file);
    if (node->content_count && idset_add(&c->paths, file))
        c->stats->files++;
    for (size_t i = 0; i < node->content_count; i++) {
        hash_of(file, sizeof file, node->content[i], SHA256_SIZE, both);
        if (!idset_add(&c->paths, both))
            continue;
        const struct index_entry *entry = index_find(c->index, PACK_DATA, node->content[i]);
        if (!entry)
            return err_hint(err_set(ERR_CORRUPT, _("%s: a part of it is in no index"), path),
                            _("beffroi vault check tells what is damaged"));
        c->stats->bytes += index_plain_length(entry);
        c->stats->blobs++;
    }
    return FOLDER_INTO;
}

static int count_node(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    struct counting *c = context;
    uint8_t id[SHA256_SIZE];
    (void)folder;
    if (c->mode == STATS_RESTORE_SIZE) {
        count_name(c, node);
        return FOLDER_INTO;
    }
    sha256_of(node->content_count ? (const void *)node->content : "", node->content_count * SHA256_SIZE, id);
    if (!idset_add(&c->contents, id))
        return FOLDER_INTO;
    if (c->mode == STATS_BLOBS_PER_FILE)
        return count_blobs(c, path, node);
    c->stats->files++;
    c->stats->bytes += node->size;
    return FOLDER_INTO;
}

static int count_names(struct vault *vault, struct loader *loader, const struct snapshots *snapshots,
                       enum vault_stats_mode mode, struct vault_stats *out)
{
    struct counting c = {.index = vault_index(vault), .mode = mode, .stats = out};
    const struct folder_visitor visitor = {.context = &c, .on_node = count_node};
    int err = 0;
    for (size_t i = 0; !err && i < snapshots->count; i++) {
        err = folder_walk(loader, snapshots->items[i]->tree, "", &visitor);
        if (err)
            err = err_in(err, _("snapshot %.8s"), snapshots->items[i]->id);
        idset_free(&c.links);
    }
    idset_free(&c.contents);
    idset_free(&c.paths);
    return err;
}

static int count_stored(struct vault *vault, const struct snapshots *snapshots, struct vault_stats *out)
{
    const struct index *index = vault_index(vault);
    bool *marks;
    int err = used_mark_of(vault, snapshots, &marks);
    if (err)
        return err;
    for (size_t i = 0; i < index->count; i++) {
        const struct index_entry *entry = &index->entries[i];
        if (!marks[i])
            continue;
        out->blobs++;
        out->bytes += entry->length;
        if (vault_version(vault) < 2)
            continue;
        uint64_t plain = (uint64_t)index_plain_length(entry) + SEAL_OVERHEAD;
        out->plain_bytes += plain;
        if (entry->unpacked) {
            out->packed_bytes += entry->length;
            out->packed_plain_bytes += plain;
        }
    }
    free(marks);
    return 0;
}

int vault_stats(struct vault *vault, struct loader *loader, const struct snapshots *snapshots,
                enum vault_stats_mode mode, struct vault_stats *out)
{
    *out = (struct vault_stats){.snapshots = snapshots->count};
    return mode == STATS_RAW_DATA ? count_stored(vault, snapshots, out)
                                  : count_names(vault, loader, snapshots, mode, out);
}
