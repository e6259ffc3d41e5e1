/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault mount
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "mount/mount.h"

static void tell_ready(void *context)
{
    const struct mount_options *options = context;
    printf(_("The snapshots are in %s now. To end it: Ctrl-C here, or fusermount3 -u %s\n"),
           options->mountpoint, options->mountpoint);
    fflush(stdout);
}

static int run(const struct vault_place *place, struct mount_options *options)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    log_init("beffroi vault mount", LOG_LEVEL_INFO);
    options->context = options;
    options->on_ready = tell_ready;
    err = mount_serve(vault, options);
    vault_close(vault);
    return err ? cmd_fail(err) : 0;
}

int cmd_vault_mount(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct opt_list templates = {0};
    struct mount_options mount = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_FILTER_ROWS(words),
        {"path-template", 0, OPT_LIST, &templates, N_("TEMPLATE"),
         N_("where snapshots show up: %T time, %t tags, %i and %I short\nand long ID, %u user, %h host (may "
            "be "
            "repeated)")},
        {"time-template", 0, OPT_STRING, &mount.time_template, N_("TEMPLATE"),
         N_("how %T writes Mon Jan 2 15:04:05 -0700 MST 2006\n(default: 2006-01-02T15:04:05Z07:00)")},
        {"allow-other", 0, OPT_FLAG, &mount.allow_other, NULL, N_("let other users in, too")},
        {"no-default-permissions", 0, OPT_FLAG, &mount.no_default_permissions, NULL,
         N_("with --allow-other: let them read every file")},
        {"owner-root", 0, OPT_FLAG, &mount.owner_root, NULL, N_("let everything belong to root")},
        {"no-lock", 0, OPT_FLAG, &mount.no_lock, NULL, N_("do not lock the repository")},
        {0},
    };
    const struct opt_command command = {.name = "vault mount",
                                        .operands = N_("MOUNTPOINT"),
                                        .summary =
                                            N_("Shows the snapshots as folders, read-only, until it is "
                                               "unmounted or interrupted."),
                                        .options = options,
                                        .least = 1,
                                        .most = 1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    if (parsed == OPT_GO) {
        mount.mountpoint = argv[1];
        mount.filter = vault_common_filter(&words);
        mount.path_templates = templates.items;
        mount.path_template_count = templates.count;
        code = run(&place, &mount);
    }
    vault_common_filter_free(&words);
    opt_list_free(&templates);
    return code;
}
