/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The line of progress of vault commands, on standard error:
 *
 *     [0:12] 41.0%  9 of 22 packs read, 35.120 MiB/s, 0:17 left  /srv/mairie/budget.ods
 *
 * On a terminal one line is written over and over. Elsewhere there is none, unless RESTIC_PROGRESS_FPS says
 * how often: then each is a line of its own.
 */
#ifndef CMD_VAULT_LINE_H
#define CMD_VAULT_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct vault_line {
    bool on;       /* something is to be shown, as a line or by the caller as JSON */
    bool terminal; /* the line stands on a terminal and is cleared before anything else is written */
    int64_t started_ns, shown_ns, every_ns;
};

/* `json`: the caller shows messages instead of lines. */
void vault_line_begin(struct vault_line *line, bool quiet, bool json);
/* Whether it is time for the next one. */
bool vault_line_due(struct vault_line *line);
int64_t vault_line_elapsed_ns(const struct vault_line *line);
/* Shows `what` is done (a text of the caller's); `part` of all, from 0 to 1, or less than 0 when that is not
 * known; the rate of `bytes`, 0: none; what is being worked on, or NULL. */
void vault_line_show(const struct vault_line *line, const char *what, double part, uint64_t bytes,
                     const char *path);
/* Takes the line away. */
void vault_line_end(const struct vault_line *line);

#endif
