/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all commands share: finding the subcommand, exit codes, errors on standard error, and printing for
 * people: tables that line up in UTF-8, sizes, counts and local times in the reader's language, colors only
 * on a terminal.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"

/* Exit codes, the same for every command. */
enum cmd_exit {
    CMD_DONE = 0,
    CMD_FAILED = 1,
    CMD_USAGE = 2,     /* the command line is wrong */
    CMD_PARTLY = 3,    /* done in part; what was not was said */
    CMD_INCIDENT = 10, /* `status`: an incident is open */
};

/* One command or subcommand. argv[0] is its own name; what it returns is the exit code. */
struct cmd_row {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary; /* N_("..."), one line; NULL: not shown in the help */
};

/* Runs the row that argv[1] names, with argv moved on by one. `group` is what stands after "beffroi"
 * ("incident"), or "" for the program itself. `--help` lists the rows (exit 0); no word or an unknown one is
 * CMD_USAGE, with the nearest name suggested. The table ends with a row whose name is NULL. */
int cmd_dispatch(const char *group, const char *summary, const struct cmd_row *rows, int argc, char **argv);
/* The name in the table nearest to `word` (edit distance at most 2, and less than the word), or NULL. */
const char *cmd_nearest(const struct cmd_row *rows, const char *word);

/* The exit codes that a group of commands has beside: for an error of the thread, this code. */
struct cmd_code {
    int err; /* 0 ends the table */
    int code;
};
/* From now on cmd_fail returns them; the table is kept. */
void cmd_set_codes(const struct cmd_code *table);
/* Prints "beffroi: TEXT" and the hint of the thread's error to stderr; returns CMD_FAILED, CMD_PARTLY for
 * ERR_PARTIAL, or what the table of cmd_set_codes says. */
int cmd_fail(int err);
/* Flushes stdout and tells whether all was written: the last thing a command does before its exit code.
 * Returns `code`, or CMD_FAILED with a message. A closed pipe is not an error worth a message. */
int cmd_finish(int code);

/* Columns that `text` takes on a terminal, in the current locale; bytes that are not text count one each. */
size_t cmd_width(const char *text);
/* Prints `text` with control characters and bytes that are not UTF-8 replaced by "?", so that a hostile file
 * name cannot write to the terminal. A line feed is kept when `lines` is true. */
void cmd_put(FILE *out, const char *text, bool lines);

#define CMD_TEXT_SIZE 64
/* "1.5 GiB"; bytes below 1 KiB stand alone: "812 B". */
void cmd_size(uint64_t bytes, char out[static CMD_TEXT_SIZE]);
/* Local date and time to the second, as the language writes it; "-" for 0. */
void cmd_time(int64_t wall_ns, char out[static CMD_TEXT_SIZE]);
/* Local time of day with milliseconds: "16:28:03.250". */
void cmd_clock(int64_t wall_ns, char out[static CMD_TEXT_SIZE]);
/* A length of time for people: "3 ms", "1.25 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
void cmd_duration(int64_t ns, char out[static CMD_TEXT_SIZE]);

enum cmd_color { CMD_PLAIN, CMD_BOLD, CMD_DIM, CMD_RED, CMD_GREEN, CMD_YELLOW };
/* The escape sequence, or "" when `out` is no terminal or NO_COLOR is set (no-color.org). CMD_PLAIN ends a
 * color. */
const char *cmd_color(FILE *out, enum cmd_color color);

/* A table: columns as wide as their widest cell, two spaces between them. */
struct cmd_table;
/* `alignment` has one letter per column: l or r. `titles` has that many texts, already translated. */
struct cmd_table *cmd_table_new(const char *alignment, const char *const *titles);
/* Copies one cell per column. */
void cmd_table_add(struct cmd_table *table, const char *const *cells);
void cmd_table_print(const struct cmd_table *table, FILE *out);
void cmd_table_free(struct cmd_table *table); /* NULL is fine */

#endif
