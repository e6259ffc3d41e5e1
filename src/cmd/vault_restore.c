/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault restore
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"
#include "vault/restore.h"

#define PROGRESS_NS (200 * NS_PER_MS)

struct view {
    bool json, quiet, terminal;
    int64_t shown_ns;
};

static void show_problem(void *context, const char *path, int err)
{
    const struct view *view = context;
    (void)err;
    if (!view->json) {
        fprintf(stderr, "%sbeffroi: %s\n", view->terminal ? "\r\033[K" : "", err_text());
        return;
    }
    struct buf out BUF_AUTO;
    buf_init(&out, (size_t)1 << 20);
    buf_printf(&out, "{\"message_type\":\"error\",\"error\":{\"message\":");
    gojson_put_text(&out, err_text());
    buf_printf(&out, "},\"during\":\"restore\",\"item\":");
    gojson_put_text(&out, path);
    buf_printf(&out, "}");
    fprintf(stderr, "%s\n", buf_string(&out));
}

static void show_progress(void *context, const struct vault_restore_progress *progress)
{
    struct view *view = context;
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    if (!view->terminal || now - view->shown_ns < PROGRESS_NS)
        return;
    view->shown_ns = now;
    char size[VAULT_SIZE_TEXT];
    fputs("\r\033[K", stderr);
    fprintf(stderr, _("%llu files, %s"), (unsigned long long)progress->files,
            vault_common_size(progress->bytes, size));
}

static void show_summary(const struct view *view, const struct vault_restore_result *result,
                         const char *target)
{
    char size[VAULT_SIZE_TEXT];
    if (view->json)
        printf(
            "{\"message_type\":\"summary\",\"total_files\":%llu,\"files_restored\":%llu,\"total_bytes\":%llu,"
            "\"bytes_restored\":%llu}\n",
            (unsigned long long)(result->files + result->folders + result->others),
            (unsigned long long)(result->files + result->folders + result->others),
            (unsigned long long)result->bytes, (unsigned long long)result->bytes);
    else if (!view->quiet)
        printf(_("restored %llu files, %llu folders, %llu others, %s from snapshot %.8s to %s\n"),
               (unsigned long long)result->files, (unsigned long long)result->folders,
               (unsigned long long)result->others, vault_common_size(result->bytes, size), result->snapshot,
               target);
}

static int run(const struct vault_place *place, struct vault_restore_options *options, struct view *view)
{
    struct vault *vault;
    struct vault_restore_result result;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    view->terminal = isatty(2) && !view->json && !view->quiet;
    options->context = view;
    options->on_problem = show_problem;
    options->on_progress = show_progress;
    err = vault_restore(vault, options, &result);
    if (view->terminal)
        fprintf(stderr, "\r\033[K");
    if (!err || err == ERR_PARTIAL)
        show_summary(view, &result, options->target);
    int code = err ? cmd_fail(err) : 0;
    vault_close(vault);
    return code;
}

int cmd_vault_restore(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_restore_options restore = {0};
    struct opt_list includes = {0}, excludes = {0}, tags = {0}, paths = {0};
    struct view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"target", 't', OPT_STRING, &restore.target, N_("DIR"),
         N_("where to put the files (made if missing)")},
        {"include", 'i', OPT_LIST, &includes, N_("PATTERN"),
         N_("restore only what matches (may be repeated)")},
        {"exclude", 'e', OPT_LIST, &excludes, N_("PATTERN"), N_("leave out what matches (may be repeated)")},
        {"verify", 0, OPT_FLAG, &restore.verify, NULL, N_("read every file again and compare")},
        {"host", 'H', OPT_STRING, &restore.filter.hostname, N_("NAME"), N_("\"latest\" of this host")},
        {"path", 0, OPT_LIST, &paths, N_("PATH"), N_("\"latest\" of this path (may be repeated)")},
        {"tag", 0, OPT_LIST, &tags, N_("TAG"), N_("\"latest\" with this tag (may be repeated)")},
        {"no-lock", 0, OPT_FLAG, &restore.no_lock, NULL, N_("do not lock the repository")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print problems only")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print messages as JSON, one per line")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault restore",
        .operands = N_("SNAPSHOT"),
        .summary = N_("Puts the files of a snapshot (an ID or \"latest\") into a folder."),
        .options = options,
        .least = 1,
        .most = 1};
    int operands, code;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO) {
        code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    } else if (!restore.target || !*restore.target) {
        fprintf(stderr, _("beffroi vault restore: say where to with --target DIR\n"));
        code = 2;
    } else {
        restore.snapshot = argv[1];
        restore.includes = (struct match_list){.patterns = includes.items, .count = includes.count};
        restore.excludes = (struct match_list){.patterns = excludes.items, .count = excludes.count};
        restore.filter.paths = paths.items;
        restore.filter.path_count = paths.count;
        restore.filter.tags = tags.items;
        restore.filter.tag_count = tags.count;
        code = run(&place, &restore, &view);
    }
    opt_list_free(&includes);
    opt_list_free(&excludes);
    opt_list_free(&tags);
    opt_list_free(&paths);
    return code;
}
