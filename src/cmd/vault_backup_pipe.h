/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A command whose output is saved (--stdin-from-command).
 */
#ifndef CMD_VAULT_BACKUP_PIPE_H
#define CMD_VAULT_BACKUP_PIPE_H

#include <sys/types.h>

struct backup_pipe {
    const char *name; /* of the command */
    int fd;           /* what it writes */
    pid_t pid;
};

/* Starts argv (ends with NULL), found through PATH. backup_pipe_close ends it. */
int backup_pipe_open(struct backup_pipe *pipe, char *const *argv);
/* Waits for the end of the command; ERR_SYSTEM when it failed, and how. */
int backup_pipe_end(void *pipe);
/* Stops a command that still runs. */
void backup_pipe_close(struct backup_pipe *pipe);

#endif
