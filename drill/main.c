/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "drill/command.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"list", command_list, N_("list the scenarios")},
    {"run", command_run, N_("re-enact a scenario and tell what happened")},
    {"build", command_build, N_("make a town's share to try things on")},
    {"attack", command_attack, N_("let a simulator loose on such a share")},
    {"compare", command_compare, N_("tell what differs from the share as it was made")},
    {"undo", command_undo, N_("give an attacked share back")},
};

#define COMMANDS (sizeof commands / sizeof *commands)

int command_failed(void)
{
    fprintf(stderr, "beffroi-drill: %s\n", err_text());
    if (*err_hint_text())
        fprintf(stderr, "  %s\n", err_hint_text());
    return 1;
}

static int usage(FILE *out)
{
    fprintf(out, "%s", _("usage: beffroi-drill COMMAND [OPTION...]\n\n"));
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, _(commands[i].summary));
    fprintf(out, "%s", _("\n'beffroi-drill COMMAND --help' tells more about each.\n"));
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    i18n_init();
    if (argc < 2)
        return usage(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout);
    if (strcmp(argv[1], "--version") == 0) {
        printf("beffroi-drill %s\n", BEFFROI_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, _("beffroi-drill: there is no command '%s'\n"), argv[1]);
    return usage(stderr);
}
