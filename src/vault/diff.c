/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/folder.h"

/* Marks of a blob: which side needs it; and whether a folder that both have does. */
enum { BEFORE = 1, AFTER = 2, COMMON = 4 };

struct diff {
    const struct index *index;
    struct loader *loader;
    const struct vault_diff_options *options;
    struct vault_diff_result *result;
    uint8_t *marks;                 /* one per entry of the index */
    uint8_t (*common)[SHA256_SIZE]; /* folders that both sides have */
    size_t common_count, common_room;
};

/* One of the two sides, when a folder is only there. */
struct side {
    unsigned change;
    uint8_t mark;
    struct vault_diff_count *count;
};

static void problem(struct diff *diff, const char *path, int err)
{
    diff->result->problems++;
    diff->options->on_problem(diff->options->context, path, err);
}

/* ---- comparing nodes ---- */

static bool same_content(const struct node *a, const struct node *b)
{
    return a->content_count == b->content_count &&
           (a->content_count == 0 || memcmp(a->content, b->content, a->content_count * SHA256_SIZE) == 0);
}

static bool has_xattr(const struct node *node, const struct node_xattr *wanted)
{
    for (size_t i = 0; i < node->xattr_count; i++) {
        const struct node_xattr *one = &node->xattrs[i];
        if (strcmp(one->name, wanted->name) == 0)
            return one->length == wanted->length &&
                   (one->length == 0 || memcmp(one->value, wanted->value, one->length) == 0);
    }
    return false;
}

/* In any order: file systems list them as they like. */
static bool same_xattrs(const struct node *a, const struct node *b)
{
    if (a->xattr_count != b->xattr_count)
        return false;
    for (size_t i = 0; i < a->xattr_count; i++)
        if (!has_xattr(b, &a->xattrs[i]))
            return false;
    return true;
}

/* All but the name and the content. */
static bool same_facts(const struct node *a, const struct node *b)
{
    return a->type == b->type && a->mode == b->mode && a->mtime_ns == b->mtime_ns &&
           a->atime_ns == b->atime_ns && a->ctime_ns == b->ctime_ns && a->uid == b->uid && a->gid == b->gid &&
           strcmp(a->user, b->user) == 0 && strcmp(a->group, b->group) == 0 && a->inode == b->inode &&
           a->device_id == b->device_id && a->size == b->size && a->links == b->links &&
           a->target_length == b->target_length && memcmp(a->target, b->target, a->target_length) == 0 &&
           a->device == b->device && same_xattrs(a, b) && a->has_subtree == b->has_subtree &&
           memcmp(a->subtree, b->subtree, SHA256_SIZE) == 0;
}

unsigned diff_nodes(const struct node *before, const struct node *after)
{
    unsigned change = before->type != after->type ? DIFF_TYPE : 0;
    bool files = before->type == NODE_FILE && after->type == NODE_FILE;
    if (files && !same_content(before, after))
        change |= same_facts(before, after) ? DIFF_CONTENT | DIFF_BITROT : DIFF_CONTENT;
    else if (!same_facts(before, after) || !same_content(before, after))
        change |= DIFF_METADATA;
    return change;
}

void diff_letters(unsigned change, char out[static 8])
{
    static const char letters[] = "+-TM?U";
    for (unsigned i = 0; i < sizeof letters - 1; i++)
        if (change & (1u << i))
            *out++ = letters[i];
    *out = '\0';
}

/* ---- the blobs of both sides ---- */

static void mark(struct diff *diff, enum pack_type type, const uint8_t *id, uint8_t bits, const char *path)
{
    const struct index_entry *entry = index_find(diff->index, type, id);
    char name[VAULT_ID_TEXT];
    if (entry) {
        diff->marks[entry - diff->index->entries] |= bits;
        return;
    }
    hex_encode(id, SHA256_SIZE, name);
    problem(diff, path,
            err_hint(err_set(ERR_NOT_FOUND, _("%s: no index names the blob %.10s"), path, name),
                     _("beffroi vault check says what is missing")));
}

static void mark_node(struct diff *diff, const struct node *node, uint8_t bits, const char *path)
{
    if (node->type == NODE_DIR)
        mark(diff, PACK_TREE, node->subtree, bits, path);
    for (size_t i = 0; node->type == NODE_FILE && i < node->content_count; i++)
        mark(diff, PACK_DATA, node->content[i], bits, path);
}

static void remember_common(struct diff *diff, const uint8_t *id)
{
    if (diff->common_count == diff->common_room) {
        diff->common_room = diff->common_room ? 2 * diff->common_room : 64;
        diff->common = mem_resize(diff->common, diff->common_room, sizeof *diff->common);
    }
    memcpy(diff->common[diff->common_count++], id, SHA256_SIZE);
}

static bool on_one_side(uint8_t marks)
{
    return marks == BEFORE || marks == AFTER;
}

static int common_node(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    struct diff *diff = context;
    (void)folder;
    const struct index_entry *entry =
        node->type == NODE_DIR ? index_find(diff->index, PACK_TREE, node->subtree) : NULL;
    bool seen = entry && diff->marks[entry - diff->index->entries] & COMMON;
    mark_node(diff, node, COMMON, path);
    return seen ? FOLDER_PASS : FOLDER_INTO;
}

static int common_bad(void *context, const uint8_t *folder, const char *path, int err)
{
    (void)folder;
    problem(context, path, err);
    return 0;
}

/* A blob that one side alone has in what differs may also lie in a folder that both have: then it is neither
 * new nor gone. Only when there is such a blob, the folders that both have are looked through, each once. */
static void mark_common(struct diff *diff)
{
    const struct folder_visitor visitor = {.context = diff, .on_node = common_node, .on_bad = common_bad};
    size_t i = 0;
    while (i < diff->index->count && !on_one_side(diff->marks[i]))
        i++;
    if (i == diff->index->count)
        return;
    for (size_t n = 0; n < diff->common_count; n++) {
        const struct index_entry *entry = index_find(diff->index, PACK_TREE, diff->common[n]);
        if (entry && diff->marks[entry - diff->index->entries] & COMMON)
            continue;
        mark(diff, PACK_TREE, diff->common[n], COMMON, "/");
        folder_walk(diff->loader, diff->common[n], "", &visitor);
    }
}

static void count_blobs(struct diff *diff)
{
    for (size_t i = 0; i < diff->index->count; i++) {
        const struct index_entry *entry = &diff->index->entries[i];
        if (!on_one_side(diff->marks[i]))
            continue;
        struct vault_diff_count *count =
            diff->marks[i] == BEFORE ? &diff->result->removed : &diff->result->added;
        *(entry->type == PACK_TREE ? &count->tree_blobs : &count->data_blobs) += 1;
        count->bytes += index_plain_length(entry);
    }
}

/* ---- walking through both ---- */

static char *path_of(const char *prefix, const struct node *node)
{
    return mem_printf("%s%s%s", prefix, node->name, node->type == NODE_DIR ? "/" : "");
}

static void one_node(struct diff *diff, const struct side *side, const char *path, const struct node *node)
{
    diff->options->on_change(diff->options->context, path, side->change);
    *(node->type == NODE_FILE  ? &side->count->files
      : node->type == NODE_DIR ? &side->count->folders
                               : &side->count->others) += 1;
    mark_node(diff, node, side->mark, path);
}

static void one_side(struct diff *diff, const struct side *side, const char *prefix, const struct node *node,
                     unsigned depth)
{
    char *path MEM_AUTO = path_of(prefix, node);
    struct tree *tree;
    one_node(diff, side, path, node);
    if (node->type != NODE_DIR)
        return;
    int err = depth > FOLDER_MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path)
                                       : folder_load(diff->loader, node->subtree, &tree);
    if (err) {
        problem(diff, path, err_in(err, "%s", path));
        return;
    }
    for (size_t i = 0; i < tree->count; i++)
        one_side(diff, side, path, &tree->nodes[i], depth + 1);
    tree_free(tree);
}

static int both_folders(struct diff *diff, const char *prefix, const uint8_t *before, const uint8_t *after,
                        unsigned depth);

static void both(struct diff *diff, const char *prefix, const struct node *before, const struct node *after,
                 unsigned depth)
{
    char *path MEM_AUTO = path_of(prefix, after);
    unsigned change = diff_nodes(before, after);
    mark_node(diff, before, BEFORE, path);
    mark_node(diff, after, AFTER, path);
    if (!diff->options->metadata)
        change &= ~(unsigned)DIFF_METADATA;
    diff->result->changed_files += (change & DIFF_CONTENT) != 0;
    if (change)
        diff->options->on_change(diff->options->context, path, change);
    if (before->type != NODE_DIR || after->type != NODE_DIR)
        return;
    if (memcmp(before->subtree, after->subtree, SHA256_SIZE) == 0) {
        remember_common(diff, after->subtree);
        return;
    }
    int err = both_folders(diff, path, before->subtree, after->subtree, depth + 1);
    if (err)
        problem(diff, path, err_in(err, "%s", path));
}

static void merge(struct diff *diff, const char *prefix, const struct tree *before, const struct tree *after,
                  unsigned depth)
{
    const struct side removed = {DIFF_REMOVED, BEFORE, &diff->result->removed};
    const struct side added = {DIFF_ADDED, AFTER, &diff->result->added};
    size_t i = 0, j = 0;
    while (i < before->count || j < after->count) {
        const struct node *old = i < before->count ? &before->nodes[i] : NULL;
        const struct node *new = j < after->count ? &after->nodes[j] : NULL;
        int order = !old   ? 1
                    : !new ? -1
                           : tree_compare(old->name, old->name_length, new->name, new->name_length);
        if (order < 0)
            one_side(diff, &removed, prefix, old, depth + 1);
        else if (order > 0)
            one_side(diff, &added, prefix, new, depth + 1);
        else
            both(diff, prefix, old, new, depth);
        i += order <= 0;
        j += order >= 0;
    }
}

static int both_folders(struct diff *diff, const char *prefix, const uint8_t *before, const uint8_t *after,
                        unsigned depth)
{
    struct tree *old = NULL, *new = NULL;
    int err = depth > FOLDER_MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("folders are nested too deep"))
                                       : folder_load(diff->loader, before, &old);
    if (!err)
        err = folder_load(diff->loader, after, &new);
    if (!err)
        merge(diff, prefix, old, new, depth);
    tree_free(old);
    tree_free(new);
    return err;
}

int vault_diff(struct vault *vault, const uint8_t before[static SHA256_SIZE],
               const uint8_t after[static SHA256_SIZE], const struct vault_diff_options *options,
               struct vault_diff_result *result)
{
    *result = (struct vault_diff_result){0};
    struct diff diff = {
        .index = vault_index(vault), .loader = loader_new(vault), .options = options, .result = result};
    diff.marks = mem_zalloc(diff.index->count + 1, 1);
    mark(&diff, PACK_TREE, before, BEFORE, "/");
    mark(&diff, PACK_TREE, after, AFTER, "/");
    int err = both_folders(&diff, "/", before, after, 0);
    if (!err) {
        mark_common(&diff);
        count_blobs(&diff);
    }
    loader_free(diff.loader);
    free(diff.marks);
    free(diff.common);
    if (!err && result->problems)
        return err_set(ERR_PARTIAL, _("%llu things could not be compared"),
                       (unsigned long long)result->problems);
    return err;
}
