/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs that the drill starts (ip, smbd, pdbedit, the guard): without a shell, in a network namespace of
 * the stage, and never outliving the drill.
 */
#ifndef DRILL_PROCESS_H
#define DRILL_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct process {
    const char *const *argv; /* ends with NULL; argv[0] is looked up in PATH and the sbin folders */
    int netns;               /* network namespace to enter, or -1 */
    const char *const *env;  /* "NAME=value" to add, ends with NULL; may be NULL */
    const char *log;         /* file that gets its output, or NULL: /dev/null */
    struct buf *out;         /* process_run only: gets its standard output instead */
    const char *input;       /* process_run only: its standard input (short), or NULL */
    int signal_at_death;     /* what it gets when the drill dies; 0: SIGKILL */
};

/* Starts it as leader of a session of its own and returns its pid. */
int process_start(const struct process *p);
/* Runs it to its end: its exit status (0 to 255), or a negative enum err when it did not run or was killed.
 */
int process_run(const struct process *p);
/* As process_run, but any status other than 0 is an error with the program's last words. */
int process_must(const struct process *p);
/* Asks it to end, waits up to `patience_ns`, then kills it; *pid becomes 0. Nothing when it is 0. */
void process_stop(pid_t *pid, int64_t patience_ns);
/* Kills all children that the drill has inherited or forgotten, and collects them. */
void process_sweep(void);
/* Makes the drill inherit whatever its programs leave behind, for process_sweep. */
void process_adopt(void);

void process_sleep_ms(int64_t ms);

#endif
