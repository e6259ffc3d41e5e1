/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/used.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/tree.h"

/* Folders that are needed and not yet looked into. */
struct marking {
    const struct index *index;
    struct loader *loader;
    bool *marks;
    uint8_t (*waiting)[SHA256_SIZE];
    size_t count, room;
    const char *snapshot; /* for texts */
};

static int missing(const struct marking *m, enum pack_type type, const uint8_t *id)
{
    char name[VAULT_ID_TEXT];
    hex_encode(id, SHA256_SIZE, name);
    return err_hint(err_set(ERR_CORRUPT, _("snapshot %.8s needs the %s blob %.10s, which no index names"),
                            m->snapshot, type == PACK_TREE ? "tree" : "data", name),
                    _("beffroi vault check tells what is damaged"));
}

/* Marks a blob; *fresh says whether it was not marked before. */
static int mark(struct marking *m, enum pack_type type, const uint8_t *id, bool *fresh)
{
    const struct index_entry *entry = index_find(m->index, type, id);
    if (!entry)
        return missing(m, type, id);
    size_t number = (size_t)(entry - m->index->entries);
    *fresh = !m->marks[number];
    m->marks[number] = true;
    return 0;
}

static int mark_tree(struct marking *m, const uint8_t *id)
{
    bool fresh = false;
    int err = mark(m, PACK_TREE, id, &fresh);
    if (err || !fresh)
        return err;
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 64;
        m->waiting = mem_resize(m->waiting, m->room, sizeof *m->waiting);
    }
    memcpy(m->waiting[m->count++], id, SHA256_SIZE);
    return 0;
}

static int mark_node(struct marking *m, const struct node *node)
{
    int err = 0;
    bool fresh;
    if (node->type == NODE_DIR && node->has_subtree)
        return mark_tree(m, node->subtree);
    for (size_t i = 0; !err && i < node->content_count; i++)
        err = mark(m, PACK_DATA, node->content[i], &fresh);
    return err;
}

/* Looks into the folder that waits last. */
static int mark_below(struct marking *m)
{
    uint8_t id[SHA256_SIZE];
    const uint8_t *bytes;
    size_t length;
    struct tree *tree;
    memcpy(id, m->waiting[--m->count], SHA256_SIZE);
    int err = loader_load(m->loader, PACK_TREE, id, &bytes, &length);
    if (!err)
        err = tree_decode(bytes, length, &tree);
    if (err)
        return err_in(err, _("a folder of snapshot %.8s"), m->snapshot);
    for (size_t i = 0; !err && i < tree->count; i++)
        err = mark_node(m, &tree->nodes[i]);
    tree_free(tree);
    return err;
}

int used_mark_of(struct vault *vault, const struct snapshots *snapshots, bool **marks)
{
    struct marking m = {.index = vault_index(vault), .loader = loader_new(vault)};
    m.marks = mem_zalloc(m.index->count + 1, sizeof *m.marks);
    int err = 0;
    for (size_t i = 0; !err && i < snapshots->count; i++) {
        m.snapshot = snapshots->items[i]->id;
        err = mark_tree(&m, snapshots->items[i]->tree);
        while (!err && m.count > 0)
            err = mark_below(&m);
    }
    loader_free(m.loader);
    free(m.waiting);
    if (err)
        free(m.marks);
    else
        *marks = m.marks;
    return err;
}

int used_mark(struct vault *vault, bool **marks)
{
    struct snapshots list;
    int err = snapshot_read_all(vault, NULL, NULL, &list);
    if (err)
        return err;
    err = used_mark_of(vault, &list, marks);
    snapshot_free_all(&list);
    return err;
}
