/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands of beffroi-drill. Each gets its own name as argv[0] and returns the exit status: 0 done,
 * 1 failed, 2 wrong use, 3 partly done.
 */
#ifndef DRILL_COMMAND_H
#define DRILL_COMMAND_H

int command_list(int argc, char **argv);
int command_run(int argc, char **argv);
int command_build(int argc, char **argv);
int command_attack(int argc, char **argv);
int command_compare(int argc, char **argv);
int command_undo(int argc, char **argv);

/* Prints the thread's error and hint to standard error, as every command does; returns 1. */
int command_failed(void);

#endif
