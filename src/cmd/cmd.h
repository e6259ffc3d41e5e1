/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands of the program `beffroi`. Each takes its own command line (argv[0] is its name) and returns
 * the exit status: 0 done, 1 failed, 2 wrong usage, 3 done in part.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

int cmd_guard(int argc, char **argv);
int cmd_role(int argc, char **argv);     /* hidden: the supervisor starts its roles with it */
int cmd_role_try(int argc, char **argv); /* hidden: tests try what a role's sandbox refuses */

/* Prints the current error text and its hint on stderr; returns the exit status for `err`. */
int cmd_fail(int err);

#endif
