/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Processes, named for good by (pid, start): a pidfd is opened first and the start time read after, so that
 * a signal never reaches another process that got the same pid. Inside of respond/ only.
 */
#ifndef RESPOND_PROC_H
#define RESPOND_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROC_COMM_SIZE 16

struct proc {
    int32_t pid;
    int pidfd; /* -1: not opened, or given back */
    int32_t parent;
    uint64_t start;
    char state; /* of /proc/PID/stat: R S D T t Z X I */
    bool kernel;
    char comm[PROC_COMM_SIZE + 1];
    bool was_stopped; /* before anybody of us touched it */
};

/* Reads /proc/PID/stat; false when there is no such process. Leaves pidfd alone. */
bool proc_read(int32_t pid, struct proc *out);
/* Opens the process and checks its start time (0: any). False when it is gone or another one. */
bool proc_open(int32_t pid, uint64_t start, struct proc *out);
void proc_close(struct proc *p);
bool proc_signal(const struct proc *p, int signal);
/* Every thread is stopped, dead, or waits in the kernel with the stop pending (then *waiting is counted up).
 */
bool proc_is_stopped(int32_t pid, bool *waiting);
/* Waits until the process is gone, at most until the monotonic time. */
bool proc_wait_gone(const struct proc *p, int64_t until_ns);
/* The path of its program, "" when it cannot be read. */
void proc_exe(int32_t pid, char *out, size_t size);
/* The children of a process, of all its threads; false when this kernel does not list them. */
bool proc_children(int32_t pid, void (*each)(int32_t child, void *self), void *self);
/* All processes. */
void proc_all(void (*each)(int32_t pid, void *self), void *self);

#endif
