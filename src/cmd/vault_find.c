/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault find
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/choose.h"
#include "vault/find.h"
#include "vault/gojson.h"
#include "vault/when.h"

/* What the command line says. */
struct wish {
    const char *oldest, *newest;
    struct opt_list snapshots;
    struct vault_filter_words choice;
    bool blob, tree, pack, show_pack;
    bool ignore_case, detailed, human, reverse, json, no_lock;
    const char *const *words; /* patterns, or IDs */
    size_t word_count;
};

struct view {
    const struct wish *wish;
    const struct index *index;
    const struct snapshot *last; /* in which something was found */
    uint64_t hits;               /* in it, or of all IDs */
    bool begun;
    uint64_t bad;
};

/* ---- what is shown ---- */

static void end_snapshot(const struct view *view)
{
    if (view->last)
        printf("],\"hits\":%llu,\"snapshot\":\"%s\"}", (unsigned long long)view->hits, view->last->id);
}

static void put_node(struct view *view, const struct snapshot *snapshot, const char *path,
                     const struct node *node)
{
    char mode[VAULT_MODE_TEXT];
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    if (view->last != snapshot) {
        end_snapshot(view);
        buf_printf(&out, "%s{\"matches\":[", view->last ? "," : "[");
        view->hits = 0;
    }
    buf_printf(&out, "%s{\"path\":", view->hits++ ? "," : "");
    gojson_put_text(&out, path);
    buf_printf(&out, ",\"permissions\":\"%s\"", vault_mode_text(node->mode, mode));
    node_put_facts(node, &out);
    buf_put_u8(&out, '}');
    fwrite(out.data, 1, out.length, stdout);
}

static void found_name(void *context, const struct snapshot *snapshot, const char *path,
                       const struct node *node)
{
    struct view *view = context;
    if (view->wish->json) {
        put_node(view, snapshot, path, node);
    } else {
        char when[32];
        vault_common_put_time(snapshot->time_ns, when);
        if (view->last != snapshot)
            printf(_("%sFound in snapshot %.8s of %s:\n"), view->last ? "\n" : "", snapshot->id, when);
        if (view->wish->detailed)
            vault_print_node(node, path, view->wish->human);
        else
            vault_print_path(path);
    }
    view->last = snapshot;
    view->begun = true;
}

static void put_object(struct view *view, const struct snapshot *snapshot, const char *path,
                       const uint8_t *id, const uint8_t *parent)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    buf_printf(&out, "%s{\"object_type\":\"%s\",\"id\":", view->hits++ ? "," : "[", parent ? "blob" : "tree");
    gojson_put_hex(&out, id, SHA256_SIZE);
    buf_printf(&out, ",\"path\":");
    gojson_put_text(&out, path);
    if (parent) {
        buf_printf(&out, ",\"parent_tree\":");
        gojson_put_hex(&out, parent, SHA256_SIZE);
    }
    buf_printf(&out, ",\"snapshot\":\"%s\",\"time\":", snapshot->id);
    gojson_put_time(&out, snapshot->time_ns);
    buf_put_u8(&out, '}');
    fwrite(out.data, 1, out.length, stdout);
}

static void print_pack(const struct view *view, const uint8_t *id, bool tree)
{
    char name[VAULT_ID_TEXT];
    const struct index_entry *entry = index_find(view->index, tree ? PACK_TREE : PACK_DATA, id);
    if (!entry) {
        printf("%s\n", _("  no index names it"));
        return;
    }
    hex_encode(view->index->packs[entry->pack].id, SHA256_SIZE, name);
    printf(_("  in the pack %s\n"), name);
}

static void found_id(void *context, const struct snapshot *snapshot, const char *path, const uint8_t *id,
                     const uint8_t *parent)
{
    struct view *view = context;
    char name[VAULT_ID_TEXT], when[32];
    view->begun = true;
    if (view->wish->json) {
        put_object(view, snapshot, path, id, parent);
        return;
    }
    hex_encode(id, SHA256_SIZE, name);
    vault_common_put_time(snapshot->time_ns, when);
    printf(parent ? _("Found the blob %s\n  in the file ") : _("Found the tree %s\n  of the folder "), name);
    vault_print_path(path);
    if (parent) {
        hex_encode(parent, SHA256_SIZE, name);
        printf(_("  (of the tree %s)\n"), name);
    }
    printf(_("  in snapshot %.8s of %s\n"), snapshot->id, when);
    if (view->wish->show_pack)
        print_pack(view, id, !parent);
}

static void on_bad(void *context, const struct snapshot *snapshot, const char *path, int err)
{
    struct view *view = context;
    view->bad++;
    cmd_fail(err_in(err, _("%s in snapshot %.8s"), *path ? path : "/", snapshot->id));
}

/* ---- what was asked for ---- */

static int understand(const struct wish *wish, struct vault_find_names *names)
{
    int err = 0;
    if (wish->blob + wish->tree + wish->pack > 1)
        return err_set(ERR_INVALID, _("--blob, --tree and --pack: one of them at a time"));
    if (wish->oldest) {
        err = when_parse(wish->oldest, &names->oldest_ns);
        names->has_oldest = true;
    }
    if (!err && wish->newest)
        err = when_parse(wish->newest, &names->newest_ns);
    bool ids = wish->blob || wish->tree || wish->pack;
    for (size_t i = 0; !err && !ids && i < wish->word_count; i++)
        err = match_add(&names->patterns, wish->words[i], wish->ignore_case);
    if (!err && names->has_oldest && names->oldest_ns > names->newest_ns)
        err = err_set(ERR_INVALID, _("--oldest is after --newest"));
    return err;
}

static int newest_first(const void *a, const void *b)
{
    const struct snapshot *x = *(struct snapshot *const *)a, *y = *(struct snapshot *const *)b;
    return x->time_ns > y->time_ns ? -1 : x->time_ns < y->time_ns;
}

static int oldest_first(const void *a, const void *b)
{
    return newest_first(b, a);
}

static int search(struct vault_reading *reading, const struct wish *wish, struct vault_find_names *names,
                  struct view *view)
{
    struct snapshots list;
    const struct snapshot_filter filter = vault_common_filter(&wish->choice);
    int err = snapshots_choose(reading->vault, &filter, wish->snapshots.items, wish->snapshots.count, &list);
    if (err)
        return err;
    if (list.count)
        qsort(list.items, list.count, sizeof *list.items, wish->reverse ? oldest_first : newest_first);
    if (wish->blob || wish->tree || wish->pack) {
        const struct vault_find_ids ids = {.kind = wish->blob   ? FIND_BLOB
                                                   : wish->tree ? FIND_TREE
                                                                : FIND_PACK,
                                           .ids = wish->words,
                                           .id_count = wish->word_count,
                                           .context = view,
                                           .on_found = found_id,
                                           .on_bad = on_bad};
        err = vault_find_ids(reading->vault, reading->loader, &list, &ids);
    } else {
        err = vault_find_names(reading->loader, &list, names);
    }
    if (!err && wish->json) {
        end_snapshot(view);
        puts(view->begun ? "]" : "[]");
    }
    view->last = NULL;
    snapshot_free_all(&list);
    return err;
}

static int run(const struct vault_place *place, const struct wish *wish)
{
    struct view view = {.wish = wish};
    struct vault_find_names names = {
        .newest_ns = INT64_MAX, .context = &view, .on_found = found_name, .on_bad = on_bad};
    struct vault_reading reading = {0};
    int err = understand(wish, &names);
    if (!err)
        err = vault_reading_begin(place, wish->no_lock, &reading);
    if (!err) {
        view.index = vault_index(reading.vault);
        err = search(&reading, wish, &names, &view);
    }
    int code = err ? cmd_fail(err) : view.bad ? CMD_PARTLY : CMD_DONE;
    match_free(&names.patterns);
    vault_reading_end(&reading);
    return cmd_finish(code);
}

int cmd_vault_find(int argc, char **argv)
{
    struct vault_place place = {0};
    struct wish wish = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"oldest", 'O', OPT_STRING, &wish.oldest, N_("DATE"), N_("only what was modified then or later")},
        {"newest", 'N', OPT_STRING, &wish.newest, N_("DATE"), N_("only what was modified then or earlier")},
        {"snapshot", 's', OPT_LIST, &wish.snapshots, N_("ID"), N_("look in this one (may be repeated)")},
        VAULT_FILTER_ROWS(wish.choice),
        {"blob", 0, OPT_FLAG, &wish.blob, NULL, N_("the words are blob IDs: which files need them")},
        {"tree", 0, OPT_FLAG, &wish.tree, NULL, N_("the words are tree IDs: which folders they are")},
        {"pack", 0, OPT_FLAG, &wish.pack, NULL, N_("the words are pack IDs: what needs their blobs")},
        {"show-pack-id", 0, OPT_FLAG, &wish.show_pack, NULL, N_("show in which pack a blob or tree is")},
        {"ignore-case", 'i', OPT_FLAG, &wish.ignore_case, NULL, N_("capital letters are as small ones")},
        {"reverse", 'R', OPT_FLAG, &wish.reverse, NULL, N_("the oldest snapshot first")},
        {"long", 'l', OPT_FLAG, &wish.detailed, NULL, N_("show mode, owner, size and time")},
        {"human-readable", 0, OPT_FLAG, &wish.human, NULL, N_("show sizes in KiB, MiB...")},
        VAULT_NO_LOCK_ROW(wish.no_lock),
        {"json", 0, OPT_FLAG, &wish.json, NULL, N_("print JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault find",
                                        .operands = N_("PATTERN..."),
                                        .summary = N_("Finds files and folders in the snapshots."),
                                        .options = options,
                                        .least = 1,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        wish.words = (const char *const *)argv + 1;
        wish.word_count = (size_t)operands;
        code = run(&place, &wish);
    }
    opt_list_free(&wish.snapshots);
    vault_common_filter_free(&wish.choice);
    return code;
}
