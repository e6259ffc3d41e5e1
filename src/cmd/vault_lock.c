/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault lock-extend, beffroi vault undelete: what a bucket with Object Lock is for
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"
#include "vault/guarded.h"

static void show_extended(const struct vault_extend_result *result, bool json)
{
    unsigned long long objects = result->objects, extended = result->extended;
    if (json)
        printf("{\"message_type\":\"lock_extend\",\"objects\":%llu,\"extended\":%llu}\n", objects, extended);
    else
        printf(_("%llu objects are locked; of %llu the lock was extended\n"), objects, extended);
}

int cmd_vault_lock_extend(int argc, char **argv)
{
    struct vault_place place = {0};
    bool json = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"json", 0, OPT_FLAG, &json, NULL, N_("print the result as JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault lock-extend",
                                        .operands = "",
                                        .summary =
                                            N_("Locks for longer what a bucket with Object Lock holds."),
                                        .options = options};
    struct vault_extend_result result;
    const char *location;
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    int err = vault_common_path(&place, &location);
    if (!err)
        err = vault_extend_locks(location, &result);
    if (err)
        return cmd_fail(err);
    show_extended(&result, json);
    return CMD_DONE;
}

struct undelete {
    bool json, dry_run, quiet;
    unsigned long long count;
};

static int show_undeleted(void *context, const char *path, bool overwritten)
{
    struct undelete *view = context;
    view->count++;
    if (view->json) {
        struct buf out BUF_AUTO;
        buf_init(&out, 65536);
        buf_printf(&out, "{\"message_type\":\"undelete\",\"overwritten\":%s,\"path\":",
                   overwritten ? "true" : "false");
        gojson_put_text(&out, path);
        buf_printf(&out, "}");
        vault_common_print(&out);
    } else if (!view->quiet) {
        printf("%s: ", overwritten ? _("was overwritten") : _("was deleted"));
        cmd_put(stdout, path, false);
        printf("\n");
    }
    return 0;
}

static void show_summary(const struct undelete *view)
{
    if (view->json)
        return;
    if (view->dry_run)
        printf(P_("%llu object would be brought back\n", "%llu objects would be brought back\n", view->count),
               view->count);
    else
        printf(P_("%llu object was brought back\n", "%llu objects were brought back\n", view->count),
               view->count);
}

static int parse_since(const char *text, int64_t *out)
{
    *out = 0;
    if (!text || vault_common_parse_time(text, out) == 0)
        return 0;
    return err_hint(err_set(ERR_INVALID, _("--since wants a time, not \"%s\""), text),
                    _("for example: \"2026-11-22 16:54:00\", or 2026-11-22T16:54:00+01:00"));
}

int cmd_vault_undelete(int argc, char **argv)
{
    struct vault_place place = {0};
    struct undelete view = {0};
    const char *since = NULL;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"since", 0, OPT_STRING, &since, N_("TIME"),
         N_("only what was deleted or overwritten since then\n(default: all of it, also what forget and "
            "prune "
            "removed)")},
        {"dry-run", 'n', OPT_FLAG, &view.dry_run, NULL, N_("only tell what would be done")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("do not name the objects")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print JSON, one object per line")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault undelete",
        .operands = "",
        .summary = N_("Brings back what was deleted from a bucket that keeps versions."),
        .options = options};
    const char *location;
    int64_t since_ns;
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    int err = parse_since(since, &since_ns);
    if (err) {
        cmd_fail(err);
        return CMD_USAGE;
    }
    err = vault_common_path(&place, &location);
    if (!err)
        err = vault_undelete(location, since_ns, view.dry_run, show_undeleted, &view);
    if (err)
        return cmd_fail(err);
    show_summary(&view);
    return CMD_DONE;
}
