/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi COMMAND: finds the command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"

static const struct cmd_row commands[] = {
#ifdef WITH_GUARD
    {"guard", cmd_guard, N_("guard this machine's files (needs root)")},
#endif
    {"status", cmd_status, N_("what is guarded, and whether all is well")},
    {"incident", cmd_incident, N_("what happened, and what to do about it")},
#ifdef WITH_VAULT
    {"vault", cmd_vault, N_("backups: make, list, restore, check")},
#endif
#ifdef WITH_JOURNAL
    {"journal", cmd_journal, N_("the signed record of all that happened")},
#endif
    {"drill", cmd_drill, N_("rehearse an attack, safely")},
#ifdef WITH_ROLE
    {"role", cmd_role, NULL},
#endif
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
