/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault copy
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/copy.h"

struct view {
    bool quiet, verbose;
};

static void on_skipped(void *context, const struct snapshot *snapshot, const char *as)
{
    const struct view *view = context;
    if (view->verbose)
        printf(_("snapshot %.8s is there already as %.8s\n"), snapshot->id, as);
}

static void on_start(void *context, const struct snapshot *snapshot)
{
    const struct view *view = context;
    if (!view->verbose)
        return;
    printf(_("copying snapshot %.8s\n"), snapshot->id);
    fflush(stdout);
}

static void on_saved(void *context, const char *old_id, const struct snapshot *saved)
{
    const struct view *view = context;
    if (!view->quiet)
        printf(_("snapshot %.8s is copied as %.8s\n"), old_id, saved->id);
}

static void show_result(const struct vault_copy_result *r)
{
    char plain[VAULT_SIZE_TEXT], stored[VAULT_SIZE_TEXT];
    printf(_("snapshots: %llu copied, %llu there already\n"), (unsigned long long)r->copied,
           (unsigned long long)r->skipped);
    printf(_("moved:     %llu blobs of files, %llu of folders, %s (%s stored)\n"),
           (unsigned long long)r->data_blobs, (unsigned long long)r->tree_blobs,
           vault_common_size(r->plain_bytes, plain), vault_common_size(r->stored_bytes, stored));
}

static int run(const struct vault_place *place, const struct vault_place *source,
               struct vault_copy_options *copy, struct view *view)
{
    struct vault *to = NULL, *from = NULL;
    struct vault_copy_result result;
    int err = vault_common_open_from(source, &from);
    if (!err)
        err = vault_common_open(place, &to);
    if (!err) {
        copy->context = view;
        copy->on_skipped = on_skipped;
        copy->on_start = on_start;
        copy->on_saved = on_saved;
        err = vault_copy(from, to, copy, &result);
    }
    if (!err && !view->quiet)
        show_result(&result);
    int code = err ? cmd_fail(err) : CMD_DONE;
    vault_close(from);
    vault_close(to);
    return code;
}

int cmd_vault_copy(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_place from = {0};
    struct vault_filter_words words = {0};
    struct view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_FROM_ROWS(from),
        VAULT_FILTER_ROWS(words),
        VAULT_PACKING_ROWS(place),
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print errors only")},
        {"verbose", 'v', OPT_FLAG, &view.verbose, NULL, N_("name also those that are there already")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault copy",
        .operands = N_("[ID...]"),
        .summary = N_("Copies the named snapshots, or all that match, from another repository."),
        .options = options,
        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        struct vault_copy_options copy = {.ids = (const char *const *)argv + 1,
                                          .id_count = (size_t)operands,
                                          .filter = vault_common_filter(&words)};
        code = run(&place, &from, &copy, &view);
    }
    vault_common_filter_free(&words);
    return code;
}
