/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/words.h"

const char *cmd_nearest(const struct cmd_row *rows, const char *word)
{
    size_t length = strlen(word);
    if (length == 0)
        return NULL;
    const char *nearest = NULL;
    size_t best = length < 3 ? length : 3;
    for (const struct cmd_row *row = rows; row->name; row++) {
        if (!row->summary)
            continue;
        size_t d = words_distance(word, row->name);
        if (d < best) {
            best = d;
            nearest = row->name;
        }
    }
    return nearest;
}

static void print_rows(const char *group, const char *summary, const struct cmd_row *rows)
{
    const char *space = *group ? " " : "";
    printf(_("Usage: beffroi%s%s COMMAND [OPTION...]\n\n%s\n\nCommands:\n"), space, group, _(summary));
    for (const struct cmd_row *row = rows; row->name; row++)
        if (row->summary)
            printf("  %-12s %s\n", row->name, _(row->summary));
    printf(_("\nEach command explains itself: beffroi%s%s COMMAND --help\n"), space, group);
    if (!*group)
        printf("%s", _("The version: beffroi --version. The manual: man beffroi\n"));
}

static int wrong_word(const char *group, const struct cmd_row *rows, const char *word)
{
    const char *space = *group ? " " : "";
    if (word) {
        fprintf(stderr, _("beffroi%s%s: there is no command \""), space, group);
        cmd_put(stderr, word, false);
        fprintf(stderr, "\"\n");
        const char *nearest = cmd_nearest(rows, word);
        if (nearest)
            fprintf(stderr, _("Did you mean: beffroi%s%s %s\n"), space, group, nearest);
    } else {
        fprintf(stderr, _("beffroi%s%s: a command is missing\n"), space, group);
    }
    fprintf(stderr, _("All commands: beffroi%s%s --help\n"), space, group);
    return CMD_USAGE;
}

int cmd_dispatch(const char *group, const char *summary, const struct cmd_row *rows, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)) {
        print_rows(group, summary, rows);
        return cmd_finish(CMD_DONE);
    }
    for (const struct cmd_row *row = rows; word && row->name; row++)
        if (strcmp(row->name, word) == 0)
            return row->run(argc - 1, argv + 1);
    return wrong_word(group, rows, word);
}

static const struct cmd_code *codes;

void cmd_set_codes(const struct cmd_code *table)
{
    codes = table;
}

static int code_of(int err)
{
    for (const struct cmd_code *row = codes; row && row->err; row++)
        if (row->err == err)
            return row->code;
    return err == ERR_PARTIAL ? CMD_PARTLY : CMD_FAILED;
}

int cmd_fail(int err)
{
    fflush(stdout);
    fprintf(stderr, "%sbeffroi:%s ", cmd_color(stderr, CMD_RED), cmd_color(stderr, CMD_PLAIN));
    cmd_put(stderr, *err_text() ? err_text() : err_name(err), true);
    fprintf(stderr, "\n");
    if (*err_hint_text()) {
        cmd_put(stderr, err_hint_text(), true);
        fprintf(stderr, "\n");
    }
    return code_of(err);
}

int cmd_finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (errno != EPIPE)
        fprintf(stderr, _("beffroi: cannot write the output: %s\n"), strerror(errno));
    return CMD_FAILED;
}
