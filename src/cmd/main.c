/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi COMMAND: finds the command and runs it.
 * beffroi: finds the command and runs it.
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
    {"role-try", cmd_role_try, NULL},
#endif
    {0},

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"vault", cmd_vault},
};

int main(int argc, char **argv)
{
    i18n_init();
    if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)) {
        printf("beffroi %s\n", BEFFROI_VERSION);
        return cmd_finish(CMD_DONE);
    }
    return cmd_dispatch("", N_("Guards a town's file servers against ransomware."), commands, argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, _("Usage: beffroi COMMAND [OPTION...]\n"));
    return 2;
}
