/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi: finds the command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"

static const struct cmd_row commands[] = {
    {"guard", cmd_guard, N_("guard this machine's files (needs root)")},
    {"status", cmd_status, N_("what is guarded, and whether all is well")},
    {"incident", cmd_incident, N_("what happened, and what to do about it")},
    {"vault", cmd_vault, N_("backups: make, list, restore, check")},
    {"journal", cmd_journal, N_("the signed record of all that happened")},
    {"drill", cmd_drill, N_("rehearse an attack, safely")},
    {"role-try", cmd_role_try, NULL},
    {0},
};

int main(int argc, char **argv)
{
    i18n_init();
    if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)) {
        printf("beffroi %s\n", BEFFROI_VERSION);
        return cmd_finish(CMD_DONE);
    }
    return cmd_dispatch("", N_("Guards a town's file servers against ransomware."), commands, argc, argv);
}
