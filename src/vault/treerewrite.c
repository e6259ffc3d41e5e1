/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/treerewrite.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

/* A slot of a table by the first bytes of `id`; an unused one has `used` false. */
struct treerewrite_known {
    bool used;
    uint8_t id[SHA256_SIZE], made[SHA256_SIZE];
};

static struct treerewrite_known *slot_of(const struct treerewrite *r, const uint8_t *id)
{
    uint64_t hash;
    memcpy(&hash, id, sizeof hash);
    size_t slot = (size_t)hash & (r->known_room - 1);
    while (r->known[slot].used && memcmp(r->known[slot].id, id, SHA256_SIZE) != 0)
        slot = (slot + 1) & (r->known_room - 1);
    return &r->known[slot];
}

static void grow(struct treerewrite *r)
{
    struct treerewrite_known *old = r->known;
    size_t room = r->known_room;
    r->known_room = room ? 2 * room : 1024;
    r->known = mem_zalloc(r->known_room, sizeof *r->known);
    for (size_t i = 0; i < room; i++)
        if (old[i].used)
            *slot_of(r, old[i].id) = old[i];
    free(old);
}

static void remember(struct treerewrite *r, const uint8_t *id, const uint8_t *made)
{
    if (r->by_path)
        return;
    if (2 * r->known_count >= r->known_room)
        grow(r);
    struct treerewrite_known *known = slot_of(r, id);
    r->known_count += !known->used;
    known->used = true;
    memcpy(known->id, id, SHA256_SIZE);
    memcpy(known->made, made, SHA256_SIZE);
}

static bool recall(const struct treerewrite *r, const uint8_t *id, uint8_t *made)
{
    const struct treerewrite_known *known = r->by_path || !r->known ? NULL : slot_of(r, id);
    if (!known || !known->used)
        return false;
    memcpy(made, known->made, SHA256_SIZE);
    return true;
}

void treerewrite_end(struct treerewrite *r)
{
    free(r->known);
    r->known = NULL;
    r->known_count = r->known_room = 0;
}

static int save(struct treerewrite *r, struct buf *text, uint8_t *made)
{
    buf_put(text, "]}\n", 3);
    if (text->overflowed)
        return err_set(ERR_TOO_LARGE, _("a folder of the snapshot is too large"));
    if (r->writer)
        return writer_add(r->writer, PACK_TREE, mem_dup(text->data, text->length), text->length, made, NULL);
    sha256_of(text->data, text->length, made);
    return 0;
}

/* One folder: its bytes, its nodes, and what it is made into. */
struct folder {
    const uint8_t *id;
    const char *path; /* "" for the root */
    unsigned depth;
    uint8_t *bytes;
    struct tree *tree;
    struct buf text;
    bool changed;
};

static int load(struct treerewrite *r, struct folder *f)
{
    const uint8_t *bytes;
    size_t length;
    int err = loader_load(r->loader, PACK_TREE, f->id, &bytes, &length);
    if (err)
        return err;
    f->bytes = mem_dup(bytes, length);
    return tree_decode(f->bytes, length, &f->tree);
}

static int rewrite(struct treerewrite *r, const uint8_t *id, const char *path, unsigned depth, uint8_t *made);

static int do_node(struct treerewrite *r, struct folder *f, const struct node *node)
{
    uint8_t subtree[SHA256_SIZE];
    char *path MEM_AUTO = mem_printf("%s/%s", f->path, node->name);
    struct nodetext_change change = {0};
    if (!r->keep(r->context, node, path, &change)) {
        f->changed = true;
        return 0;
    }
    if (node->type == NODE_FILE) {
        r->files++;
        r->bytes += node->size;
    }
    if (node->type == NODE_DIR) {
        static const uint8_t none[SHA256_SIZE];
        const uint8_t *before = node->has_subtree ? node->subtree : none;
        int err = rewrite(r, before, path, f->depth + 1, subtree);
        if (err)
            return err;
        if (memcmp(subtree, before, SHA256_SIZE) != 0)
            change.subtree = subtree;
    }
    if (f->text.data[f->text.length - 1] != '[')
        buf_put_u8(&f->text, ',');
    if (change.subtree || change.new_content) {
        f->changed = true;
        nodetext_put(&f->text, node, &change);
    } else {
        buf_put(&f->text, node->text, node->text_length);
    }
    return 0;
}

static int do_folder(struct treerewrite *r, struct folder *f, uint8_t *made)
{
    buf_init(&f->text, (size_t)1 << 30);
    buf_put(&f->text, "{\"nodes\":[", 10);
    int err = load(r, f);
    if (err) {
        f->changed = r->on_lost && r->on_lost(r->context, *f->path ? f->path : "/", err);
        if (!f->changed)
            return err_in(err, "%s", *f->path ? f->path : "/");
        if (f->depth == 0) {
            memset(made, 0, SHA256_SIZE);
            return 0;
        }
    }
    for (size_t i = 0; f->tree && i < f->tree->count; i++) {
        err = do_node(r, f, &f->tree->nodes[i]);
        if (err)
            return err;
    }
    if (f->changed)
        return save(r, &f->text, made);
    memcpy(made, f->id, SHA256_SIZE);
    return 0;
}

/* Depth of recursion: that of the folders, which is limited. */
static int rewrite(struct treerewrite *r, const uint8_t *id, const char *path, unsigned depth, uint8_t *made)
{
    struct folder f = {.id = id, .path = path, .depth = depth};
    if (depth > TREEREWRITE_MAX_DEPTH)
        return err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path);
    /* A root that is lost is no empty folder, so roots are always looked at. */
    if (depth > 0 && recall(r, id, made))
        return 0;
    int err = do_folder(r, &f, made);
    tree_free(f.tree);
    free(f.bytes);
    buf_free(&f.text);
    if (!err && depth > 0)
        remember(r, id, made);
    return err;
}

int treerewrite_run(struct treerewrite *r, const uint8_t id[static SHA256_SIZE],
                    uint8_t made[static SHA256_SIZE])
{
    r->files = r->bytes = 0;
    return rewrite(r, id, "", 0, made);
}
