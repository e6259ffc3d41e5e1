/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault rewrite, and how snapshots that are made anew are told of
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "cmd/vault_lists.h"
#include "vault/rewrite.h"

/* ---- what was made anew (for repair snapshots too) ---- */

void vault_remake_start(void *context, const struct snapshot *snapshot)
{
    const struct vault_remake_view *view = context;
    char when[32];
    if (view->quiet)
        return;
    vault_common_put_time(snapshot->time_ns, when);
    printf(_("snapshot %.8s of %s, %s:"), snapshot->id, snapshot->hostname, when);
    for (size_t i = 0; i < snapshot->paths.count; i++) {
        putchar(' ');
        cmd_put(stdout, snapshot->paths.items[i], false);
    }
    printf("\n");
}

static void show_new(const struct vault_remake_view *view, const char *old_id, const char *id)
{
    if (view->dry_run)
        printf(view->forget ? _("snapshot %.8s would be replaced\n")
                            : _("snapshot %.8s would be made anew\n"),
               old_id);
    else
        printf(view->forget ? _("snapshot %.8s is replaced by %.8s\n")
                            : _("snapshot %.8s is made anew as %.8s\n"),
               old_id, id);
}

void vault_remake_done(void *context, const char *old_id, enum vault_remade what, const struct snapshot *now)
{
    struct vault_remake_view *view = context;
    view->changed += what == VAULT_REMADE_NEW || what == VAULT_REMADE_GONE;
    view->lost += what == VAULT_REMADE_LOST;
    if (what == VAULT_REMADE_LOST)
        fprintf(stderr, _("nothing can be read of snapshot %.8s; --forget removes it\n"), old_id);
    if (view->quiet)
        return;
    if (what == VAULT_REMADE_NEW)
        show_new(view, old_id, now->id);
    else if (what == VAULT_REMADE_GONE)
        printf(view->dry_run ? _("nothing can be read of snapshot %.8s: it would be removed\n")
                             : _("nothing can be read of snapshot %.8s: it is removed\n"),
               old_id);
}

int vault_remake_end(const struct vault_remake_view *view)
{
    if (!view->quiet)
        printf(P_("%zu snapshot changed\n", "%zu snapshots changed\n", view->changed), view->changed);
    if (!view->quiet && view->dry_run)
        printf("%s\n", _("nothing was changed (--dry-run)"));
    return view->lost ? CMD_PARTLY : CMD_DONE;
}

/* ---- rewrite ---- */

struct wish {
    struct vault_patterns excludes;
    struct vault_filter_words words;
    const char *time;
};

static void on_excluded(void *context, const char *path)
{
    const struct vault_remake_view *view = context;
    if (!view->verbose)
        return;
    printf("- ");
    cmd_put(stdout, path, false);
    printf("\n");
}

static int understand(struct wish *wish, struct vault_rewrite_options *out)
{
    int err = vault_patterns_compile(&wish->excludes, &out->excludes);
    if (!err && wish->time) {
        err = vault_common_parse_time(wish->time, &out->new_time_ns);
        out->has_new_time = true;
    }
    return err;
}

static int run(const struct vault_place *place, struct wish *wish, struct vault_rewrite_options *rewrite,
               struct vault_remake_view *view)
{
    struct vault *vault;
    int err = understand(wish, rewrite);
    if (!err)
        err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    view->dry_run = rewrite->which.dry_run;
    view->forget = rewrite->which.forget;
    rewrite->which.context = view;
    rewrite->which.on_start = vault_remake_start;
    rewrite->which.on_done = vault_remake_done;
    rewrite->on_excluded = on_excluded;
    err = vault_rewrite(vault, rewrite);
    int code = err ? cmd_fail(err) : vault_remake_end(view);
    vault_close(vault);
    return code;
}

int cmd_vault_rewrite(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_rewrite_options rewrite = {0};
    struct wish wish = {0};
    struct vault_remake_view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_EXCLUDE_ROWS(wish.excludes),
        {"forget", 0, OPT_FLAG, &rewrite.which.forget, NULL, N_("remove the old snapshots")},
        {"dry-run", 'n', OPT_FLAG, &rewrite.which.dry_run, NULL,
         N_("change nothing, tell what would be done")},
        {"new-host", 0, OPT_STRING, &rewrite.new_host, N_("NAME"), N_("change the host name")},
        {"new-time", 0, OPT_STRING, &wish.time, N_("TIME"), N_("change the time (\"2026-11-22 16:54:00\")")},
        VAULT_FILTER_ROWS(wish.words),
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print errors only")},
        {"verbose", 'v', OPT_FLAG, &view.verbose, NULL, N_("name all that is taken out")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault rewrite",
        .operands = N_("[ID...]"),
        .summary = N_(
            "Takes files out of the named snapshots, or of all that match, or changes their host and time."),
        .options = options,
        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        rewrite.which.ids = (const char *const *)argv + 1;
        rewrite.which.id_count = (size_t)operands;
        rewrite.which.filter = vault_common_filter(&wish.words);
        code = run(&place, &wish, &rewrite, &view);
    }
    vault_common_filter_free(&wish.words);
    match_free(&rewrite.excludes);
    vault_patterns_free(&wish.excludes);
    return code;
}
