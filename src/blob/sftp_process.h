/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program that carries an SFTP connection: started, watched and ended.
 */
#ifndef BLOB_SFTP_PROCESS_H
#define BLOB_SFTP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sftp_process {
    int socket; /* its standard input and output; does not block */
    int errors; /* its standard error; does not block */
    pid_t pid;  /* -1 once it was waited for */
};

/* Starts argv (found through PATH, ends with NULL) with our environment but for RESTIC_... and the secret
 * halves of AWS_..., and with the usual signals. sftp_process_end ends it, also after a failure. */
int sftp_process_start(char *const argv[], struct sftp_process *out);
/* Waits up to `ms` for its end; then `how` says in words how that was. */
bool sftp_process_reap(struct sftp_process *process, unsigned ms, char *how, size_t size);
/* Asks it to end and shuts the socket down, which wakes whoever waits for it. */
void sftp_process_kill(struct sftp_process *process);
/* Closes the descriptors and sees to its end, by force after two seconds. */
void sftp_process_end(struct sftp_process *process);

#endif
