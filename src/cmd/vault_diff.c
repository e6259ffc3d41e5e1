/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault diff
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/diff.h"
#include "vault/folder.h"
#include "vault/gojson.h"

struct view {
    bool json, quiet;
};

static void print_change(const char *path, const char *letters)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    buf_printf(&out, "{\"message_type\":\"change\",\"path\":");
    gojson_put_text(&out, path);
    buf_printf(&out, ",\"modifier\":\"%s\"}", letters);
    vault_common_print(&out);
}

static void on_change(void *context, const char *path, unsigned change)
{
    const struct view *view = context;
    char letters[8];
    diff_letters(change, letters);
    if (view->quiet)
        return;
    if (view->json) {
        print_change(path, letters);
    } else {
        printf("%-5s", letters);
        vault_print_path(path);
    }
}

static void on_problem(void *context, const char *path, int err)
{
    (void)context;
    (void)path;
    cmd_fail(err);
}

static void put_count(struct buf *out, const char *key, const struct vault_diff_count *count)
{
    buf_printf(
        out, ",\"%s\":{\"files\":%llu,\"dirs\":%llu,\"others\":%llu,\"data_blobs\":%llu,\"tree_blobs\":%llu",
        key, (unsigned long long)count->files, (unsigned long long)count->folders,
        (unsigned long long)count->others, (unsigned long long)count->data_blobs,
        (unsigned long long)count->tree_blobs);
    buf_printf(out, ",\"bytes\":%llu}", (unsigned long long)count->bytes);
}

static void print_json(const struct vault_diff_result *result, char *const names[2])
{
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    buf_printf(&out, "{\"message_type\":\"statistics\",\"source_snapshot\":");
    gojson_put_text(&out, names[0]);
    buf_printf(&out, ",\"target_snapshot\":");
    gojson_put_text(&out, names[1]);
    buf_printf(&out, ",\"changed_files\":%llu", (unsigned long long)result->changed_files);
    put_count(&out, "added", &result->added);
    put_count(&out, "removed", &result->removed);
    buf_printf(&out, "}");
    vault_common_print(&out);
}

static void print_row(const char *what, uint64_t added, uint64_t removed)
{
    printf(_("%s%5llu new, %5llu removed\n"), what, (unsigned long long)added, (unsigned long long)removed);
}

static void print_result(const struct vault_diff_result *r)
{
    char size[VAULT_SIZE_TEXT];
    printf(_("\nFiles:       %5llu new, %5llu removed, %5llu changed\n"), (unsigned long long)r->added.files,
           (unsigned long long)r->removed.files, (unsigned long long)r->changed_files);
    print_row(_("Folders:     "), r->added.folders, r->removed.folders);
    print_row(_("Others:      "), r->added.others, r->removed.others);
    print_row(_("Data blobs:  "), r->added.data_blobs, r->removed.data_blobs);
    print_row(_("Tree blobs:  "), r->added.tree_blobs, r->removed.tree_blobs);
    printf(_("  Added:     %s\n"), vault_common_size(r->added.bytes, size));
    printf(_("  Removed:   %s\n"), vault_common_size(r->removed.bytes, size));
}

static int compare(struct vault_reading *reading, const struct vault_diff_options *options,
                   char *const names[2], struct vault_diff_result *result)
{
    const struct view *view = options->context;
    struct snapshot *snapshots[2] = {NULL, NULL};
    uint8_t ids[2][SHA256_SIZE];
    int err = 0;
    for (int i = 0; !err && i < 2; i++)
        err = folder_find(reading->vault, reading->loader, names[i], NULL, &snapshots[i], ids[i]);
    if (!err && !view->json && !view->quiet)
        printf(_("comparing snapshot %.8s to %.8s:\n\n"), snapshots[0]->id, snapshots[1]->id);
    if (!err)
        err = vault_diff(reading->vault, ids[0], ids[1], options, result);
    snapshot_free(snapshots[0]);
    snapshot_free(snapshots[1]);
    return err;
}

static int run(const struct vault_place *place, bool no_lock, const struct vault_diff_options *options,
               char *const names[2])
{
    const struct view *view = options->context;
    struct vault_reading reading;
    struct vault_diff_result result;
    int err = vault_reading_begin(place, no_lock, &reading);
    if (!err)
        err = compare(&reading, options, names, &result);
    if ((!err || err == ERR_PARTIAL) && view->json)
        print_json(&result, names);
    else if (!err || err == ERR_PARTIAL)
        print_result(&result);
    int code = err ? cmd_fail(err) : CMD_DONE;
    vault_reading_end(&reading);
    return cmd_finish(code);
}

int cmd_vault_diff(int argc, char **argv)
{
    struct vault_place place = {0};
    struct view view = {0};
    struct vault_diff_options diff = {.context = &view, .on_change = on_change, .on_problem = on_problem};
    bool no_lock = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"metadata", 0, OPT_FLAG, &diff.metadata, NULL, N_("show changes of mode, owner, times..., too")},
        VAULT_NO_LOCK_ROW(no_lock),
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print JSON, one object per line")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print the numbers only")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault diff",
        .operands = N_("SNAPSHOT[:FOLDER] SNAPSHOT[:FOLDER]"),
        .summary = N_("Shows what is different in the second snapshot (an ID or \"latest\")."),
        .options = options,
        .least = 2,
        .most = 2};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    return run(&place, no_lock, &diff, argv + 1);
}
