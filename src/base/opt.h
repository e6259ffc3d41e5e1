/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Command lines. One row per option makes the parser, the default and `--help`; the manual pages are
 * checked against the same rows by a test. Options may stand before or after the operands; "--" ends them.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind {
    OPT_FLAG,   /* no value;             `into` is bool * */
    OPT_STRING, /* borrowed from argv;   `into` is const char ** */
    OPT_LIST,   /* may be repeated;      `into` is struct opt_list * */
    OPT_NUMBER, /* a whole number >= 0;  `into` is int64_t * */
    OPT_COUNT,  /* "-vv", "--verbose=2": how often, or how much; `into` is int64_t * */
};

struct opt_list {
    const char **items; /* owned by the list, strings borrowed from argv */
    size_t count;
};

struct opt {
    const char *name; /* without the dashes: "json" */
    char letter;      /* 'c' for -c, or 0 */
    enum opt_kind kind;
    void *into;           /* keeps its value (the default) when the option is absent */
    const char *argument; /* N_("FILE"), or NULL for a flag */
    const char *help;     /* N_("...") one line, or several with \n; NULL: taken, not shown, and gives way
                             to a row of the same name or letter that is shown */
};

struct opt_command {
    const char *name;          /* "vault backup" */
    const char *operands;      /* N_("PATH...") or "" */
    const char *summary;       /* N_("...") one sentence */
    const struct opt *options; /* ends with a row whose name is NULL; may be NULL */
    int least, most;           /* how many operands; most < 0: any number */
};

/* What opt_parse made of the command line. */
enum opt_result { OPT_GO, OPT_HELP_SHOWN, OPT_WRONG };

/* Parses argv[1..argc). Operands are moved to the front of argv[1..]: *operands is how many. `--help` and
 * `-h` print the help to stdout (OPT_HELP_SHOWN); a mistake prints one line and a pointer to --help on
 * stderr (OPT_WRONG: exit with 2). */
enum opt_result opt_parse(const struct opt_command *command, int argc, char **argv, int *operands);

void opt_help(const struct opt_command *command, FILE *out);
void opt_list_free(struct opt_list *list);

#endif
