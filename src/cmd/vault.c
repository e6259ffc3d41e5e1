/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault: finds the vault command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"init", cmd_vault_init, N_("make a repository")},
    {"backup", cmd_vault_backup, N_("save files and folders in a new snapshot")},
    {"snapshots", cmd_vault_snapshots, N_("list the snapshots")},
    {"ls", cmd_vault_ls, N_("list what a snapshot holds")},
    {"restore", cmd_vault_restore, N_("put the files of a snapshot into a folder")},
    {"check", cmd_vault_check, N_("look for damage in the repository")},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *out)
{
    fprintf(out, _("Usage: beffroi vault COMMAND [OPTION...]\n\nThe vault is a restic repository.\n\n"));
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, _(commands[i].summary));
    fprintf(out, _("\nMore about one: beffroi vault COMMAND --help\n"));
}

int cmd_vault(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1)
        fprintf(stderr, _("beffroi vault: unknown command \"%s\"\n"), argv[1]);
    usage(stderr);
    return 2;
}
