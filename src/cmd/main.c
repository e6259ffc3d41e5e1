/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi: finds the command and runs it.
 */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cmd/cmd.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"vault", cmd_vault},
};

int main(int argc, char **argv)
{
    i18n_init();
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, _("Usage: beffroi COMMAND [OPTION...]\n"));
    return 2;
}
