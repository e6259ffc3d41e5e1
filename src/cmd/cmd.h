/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all commands share. A command is `int cmd_NAME(int argc, char **argv)`, argv[0] its own name, and
 * returns the exit code: 0 done, 1 failed, 2 usage, 3 partly done.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

/* Prints "beffroi: <err_text>" and the hint to standard error; returns the exit code for `err`. */
int cmd_fail(int err);

int cmd_vault(int argc, char **argv);

#endif
