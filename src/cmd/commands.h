/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The commands: each takes its own words (argv[0] is its name) and returns the exit code (see enum cmd_exit).
 * One file per command in this folder; its manual page is beffroi-NAME.
 */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

int cmd_guard(int argc, char **argv);    /* becomes the daemon, in the foreground */
int cmd_daemon(int argc, char **argv);   /* the daemon, in a program of its own */
int cmd_role_try(int argc, char **argv); /* tries what a role's sandbox refuses, for the tests; hidden */
int cmd_status(int argc, char **argv);   /* what the guard watches and how it is */
int cmd_incident(int argc, char **argv); /* what happened, and what to do about it */
int cmd_vault(int argc, char **argv);    /* backups */
int cmd_journal(int argc, char **argv);  /* the signed record */
int cmd_drill(int argc, char **argv);    /* rehearsals, in a program of their own */

#endif
