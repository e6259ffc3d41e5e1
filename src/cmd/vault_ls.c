/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault ls
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/folder.h"
#include "vault/gojson.h"

enum sort { SORT_NAME, SORT_SIZE, SORT_MTIME, SORT_ATIME, SORT_CTIME, SORT_EXTENSION };

/* A node that waits to be sorted, with what of it is printed. */
struct kept {
    struct node node;
    char *path;
    size_t number; /* of those that are equal, which came first */
};

struct listing {
    struct vault *vault;
    struct loader *loader;
    char **folders; /* only what is these, or in them */
    size_t folder_count;
    bool json, detailed, human, recursive, reverse;
    enum sort sort;
    struct kept *kept;
    size_t kept_count;
    int bad;
};

static void print_json(const struct node *node, const char *path)
{
    char text[VAULT_MODE_TEXT];
    struct buf out BUF_AUTO;
    buf_init(&out, (size_t)1 << 22);
    buf_printf(&out, "{\"name\":");
    gojson_put_string(&out, node->name, node->name_length);
    buf_printf(&out, ",\"type\":\"%s\",\"path\":", node_type_name(node->type));
    gojson_put_text(&out, path);
    buf_printf(&out, ",\"uid\":%u,\"gid\":%u", node->uid, node->gid);
    if (node->type == NODE_FILE)
        buf_printf(&out, ",\"size\":%llu", (unsigned long long)node->size);
    buf_printf(&out, ",\"mode\":%u,\"permissions\":\"%s\",\"mtime\":", node_mode_to_go(node->mode),
               vault_mode_text(node->mode, text));
    gojson_put_time(&out, node->mtime_ns);
    buf_printf(&out, ",\"atime\":");
    gojson_put_time(&out, node->atime_ns);
    buf_printf(&out, ",\"ctime\":");
    gojson_put_time(&out, node->ctime_ns);
    if (node->inode)
        buf_printf(&out, ",\"inode\":%llu", (unsigned long long)node->inode);
    buf_printf(&out, ",\"message_type\":\"node\",\"struct_type\":\"node\"}");
    vault_common_print(&out);
}

/* Whether the path is in the folder itself. */
static bool is_right_in(const char *folder, const char *path)
{
    const char *last = strrchr(path, '/');
    size_t length = strlen(folder);
    while (length && folder[length - 1] == '/')
        length--;
    return (size_t)(last - path) == length;
}

static bool is_asked(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->folder_count; i++) {
        const char *folder = listing->folders[i];
        if (path_is_within(folder, path) &&
            (listing->recursive || path_is_within(path, folder) || is_right_in(folder, path)))
            return true;
    }
    return listing->folder_count == 0;
}

static bool leads_there(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->folder_count; i++)
        if (path_is_within(path, listing->folders[i]) ||
            (listing->recursive && path_is_within(listing->folders[i], path)))
            return true;
    return listing->folder_count == 0;
}

static void print_node(const struct listing *listing, const char *path, const struct node *node)
{
    if (listing->json)
        print_json(node, path);
    else if (listing->detailed)
        vault_print_node(node, path, listing->human);
    else
        vault_print_path(path);
}

/* ---- in another order ---- */

static bool is_sorted(const struct listing *listing)
{
    return listing->sort != SORT_NAME || listing->reverse;
}

static void keep(struct listing *listing, const char *path, const struct node *node)
{
    size_t count = listing->kept_count;
    if ((count & (count - 1)) == 0) /* full at every power of two */
        listing->kept = mem_resize(listing->kept, count ? 2 * count : 1, sizeof *listing->kept);
    struct kept *one = &listing->kept[listing->kept_count++];
    *one = (struct kept){.node = *node, .path = mem_strdup(path), .number = count};
    one->node.name = mem_dup(node->name, node->name_length + 1);
    one->node.target = mem_strdup(node->target);
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_times(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static const char *extension(const struct kept *one)
{
    const char *dot = strrchr(one->node.name, '.');
    return dot ? dot : "";
}

static int by_wish(const void *a, const void *b, void *context)
{
    const struct kept *x = a, *y = b;
    const struct listing *listing = context;
    int order = 0;
    switch (listing->sort) {
    case SORT_NAME: /* as they came */
        break;
    case SORT_SIZE:
        order = compare(x->node.size, y->node.size);
        break;
    case SORT_MTIME:
        order = compare_times(x->node.mtime_ns, y->node.mtime_ns);
        break;
    case SORT_ATIME:
        order = compare_times(x->node.atime_ns, y->node.atime_ns);
        break;
    case SORT_CTIME:
        order = compare_times(x->node.ctime_ns, y->node.ctime_ns);
        break;
    case SORT_EXTENSION:
        order = strcmp(extension(x), extension(y));
        break;
    }
    if (!order)
        order = compare(x->number, y->number);
    return listing->reverse ? -order : order;
}

static void print_kept(struct listing *listing)
{
    if (listing->kept_count)
        qsort_r(listing->kept, listing->kept_count, sizeof *listing->kept, by_wish, listing);
    for (size_t i = 0; i < listing->kept_count; i++) {
        struct kept *one = &listing->kept[i];
        print_node(listing, one->path, &one->node);
        free((char *)(uintptr_t)one->node.name);
        free((char *)(uintptr_t)one->node.target);
        free(one->path);
    }
    free(listing->kept);
}

static int parse_sort(const char *word, enum sort *out)
{
    static const struct {
        const char *word;
        enum sort sort;
    } words[] = {{"name", SORT_NAME},          {"size", SORT_SIZE},   {"time", SORT_MTIME},
                 {"mtime", SORT_MTIME},        {"atime", SORT_ATIME}, {"ctime", SORT_CTIME},
                 {"extension", SORT_EXTENSION}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].word, word) == 0) {
            *out = words[i].sort;
            return 0;
        }
    return err_set(ERR_INVALID, _("--sort wants name, size, time, atime, ctime or extension, not \"%s\""),
                   word);
}

static int list_node(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    struct listing *listing = context;
    (void)folder;
    if (is_asked(listing, path)) {
        if (is_sorted(listing))
            keep(listing, path, node);
        else
            print_node(listing, path, node);
    }
    return leads_there(listing, path) ? FOLDER_INTO : FOLDER_PASS;
}

static int tell_bad(void *context, const uint8_t *folder, const char *path, int err)
{
    struct listing *listing = context;
    (void)folder;
    (void)path;
    cmd_fail(err);
    listing->bad++;
    return 0;
}

static void print_snapshot(const struct listing *listing, const struct snapshot *snapshot)
{
    struct buf out BUF_AUTO;
    buf_init(&out, (size_t)64 << 20);
    if (!listing->json) {
        buf_printf(&out, "snapshot %.8s ", snapshot->id);
        for (size_t i = 0; i < snapshot->paths.count; i++)
            buf_printf(&out, "%s ", snapshot->paths.items[i]);
        gojson_put_time_text(&out, snapshot->time_ns);
        buf_printf(&out, ":");
    } else {
        snapshot_encode(snapshot, &out);
        out.length--;
        buf_printf(&out,
                   ",\"id\":\"%s\",\"short_id\":\"%.8s\",\"message_type\":\"snapshot\",\"struct_type\":"
                   "\"snapshot\"}",
                   snapshot->id, snapshot->id);
    }
    vault_common_print(&out);
}

static int run(const struct vault_place *place, const char *name, const struct snapshot_filter *filter,
               struct listing *listing)
{
    struct snapshot *snapshot = NULL;
    uint8_t top[SHA256_SIZE];
    int err = vault_common_open(place, &listing->vault);
    if (err)
        return cmd_fail(err);
    err = vault_need_index(listing->vault);
    listing->loader = loader_new(listing->vault);
    if (!err)
        err = folder_find(listing->vault, listing->loader, name, filter, &snapshot, top);
    if (!err) {
        print_snapshot(listing, snapshot);
        const struct folder_visitor visitor = {listing, list_node, tell_bad};
        folder_walk(listing->loader, top, "", &visitor);
        print_kept(listing);
    }
    int code = err ? cmd_fail(err) : listing->bad ? 3 : 0;
    loader_free(listing->loader);
    snapshot_free(snapshot);
    vault_close(listing->vault);
    return code;
}

int cmd_vault_ls(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct listing listing = {0};
    const char *sort = "name";
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"long", 'l', OPT_FLAG, &listing.detailed, NULL, N_("show mode, owner, size and time")},
        {"human-readable", 0, OPT_FLAG, &listing.human, NULL, N_("with --long, sizes such as 1.500 MiB")},
        {"recursive", 0, OPT_FLAG, &listing.recursive, NULL, N_("of a FOLDER, all that lies below")},
        {"sort", 's', OPT_STRING, &sort, N_("WHAT"), N_("by name, size, time, atime, ctime or extension")},
        {"reverse", 0, OPT_FLAG, &listing.reverse, NULL, N_("the last one first")},
        VAULT_LATEST_ROWS(words),
        {"json", 0, OPT_FLAG, &listing.json, NULL, N_("print JSON, one object per line")},
        {0},
    };
    const struct opt_command command = {.name = "vault ls",
                                        .operands = N_("SNAPSHOT[:FOLDER] [FOLDER...]"),
                                        .summary = N_("Lists what a snapshot (an ID or \"latest\") holds."),
                                        .options = options,
                                        .least = 1,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    if (parsed == OPT_GO) {
        struct snapshot_filter filter = vault_common_filter(&words);
        listing.folders = argv + 2;
        listing.folder_count = (size_t)operands - 1;
        int err = parse_sort(sort, &listing.sort);
        code = err ? cmd_fail(err) : run(&place, argv[1], &filter, &listing);
    }
    vault_common_filter_free(&words);
    return code;
}
