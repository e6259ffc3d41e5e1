/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault unlock
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/unlock.h"

struct view {
    bool quiet;
    size_t removed, bad;
};

static void show_holder(const char *format, const struct lock_file *file)
{
    char when[32];
    vault_common_put_time(file->time_ns, when);
    printf(format, file->username, file->hostname, (long long)file->pid, when);
}

static void on_removed(void *context, const char *name, const struct lock_file *file)
{
    struct view *view = context;
    view->removed++;
    if (view->quiet)
        return;
    if (file)
        show_holder(_("removed the lock of %s on %s (process %lld, since %s)\n"), file);
    else
        printf(_("removed the unreadable lock %.10s\n"), name);
}

static void on_kept(void *context, const char *name, const struct lock_file *file)
{
    struct view *view = context;
    (void)name;
    if (!view->quiet)
        show_holder(_("kept the lock of %s on %s (process %lld, since %s): it is in use\n"), file);
}

static void on_bad(void *context, const char *name, int err)
{
    struct view *view = context;
    (void)name;
    view->bad++;
    cmd_fail(err);
}

static int run(const struct vault_place *place, struct vault_unlock_options *unlock, struct view *view)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    unlock->context = view;
    err = vault_unlock(vault, unlock);
    vault_close(vault);
    if (!err && view->removed == 0 && !view->quiet)
        printf("%s\n", _("no lock was removed"));
    return err ? cmd_fail(err) : view->bad ? CMD_PARTLY : CMD_DONE;
}

int cmd_vault_unlock(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_unlock_options unlock = {.on_removed = on_removed, .on_kept = on_kept, .on_bad = on_bad};
    struct view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"remove-all", 0, OPT_FLAG, &unlock.all, NULL,
         N_("remove all locks, also of programs that are at work")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print errors only")},
        {0},
    };
    const struct opt_command command = {.name = "vault unlock",
                                        .operands = "",
                                        .summary = N_("Removes the locks of programs that are gone."),
                                        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    return run(&place, &unlock, &view);
}
