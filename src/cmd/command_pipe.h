/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A command whose output is read: what is to be saved, or a password.
 */
#ifndef CMD_COMMAND_PIPE_H
#define CMD_COMMAND_PIPE_H

#include <sys/types.h>

struct command_pipe {
    const char *name; /* of the command */
    int fd;           /* what it writes */
    pid_t pid;
};

/* Starts argv (ends with NULL), found through PATH. command_pipe_close ends it. */
int command_pipe_open(struct command_pipe *pipe, char *const *argv);
/* Waits for the end of the command; ERR_SYSTEM when it failed, and how. */
int command_pipe_end(void *pipe);
/* Stops a command that still runs. */
void command_pipe_close(struct command_pipe *pipe);

#endif
