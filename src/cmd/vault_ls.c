/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault ls
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/folder.h"
#include "vault/gojson.h"

struct listing {
    struct vault *vault;
    struct loader *loader;
    char **folders; /* only what is or lies below these */
    size_t folder_count;
    bool json, detailed;
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

static bool is_asked(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->folder_count; i++)
        if (path_is_within(listing->folders[i], path))
            return true;
    return listing->folder_count == 0;
}

static bool leads_there(const struct listing *listing, const char *path)
{
    for (size_t i = 0; i < listing->folder_count; i++)
        if (path_is_within(path, listing->folders[i]))
            return true;
    return is_asked(listing, path);
}

static int list_node(void *context, const uint8_t *folder, const char *path, const struct node *node)
{
    const struct listing *listing = context;
    (void)folder;
    if (is_asked(listing, path)) {
        if (listing->json)
            print_json(node, path);
        else if (listing->detailed)
            vault_print_node(node, path, false);
        else
            vault_print_path(path);
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
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"long", 'l', OPT_FLAG, &listing.detailed, NULL, N_("show mode, owner, size and time")},
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
        code = run(&place, argv[1], &filter, &listing);
    }
    vault_common_filter_free(&words);
    return code;
}
