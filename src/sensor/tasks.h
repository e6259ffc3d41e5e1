/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tasks that came to the gate lately, with open descriptors of their /proc files: such a descriptor
 * stays bound to its task, so a read that succeeds proves that the thread id was not reused. Used by the gate
 * thread only.
 */
#ifndef SENSOR_TASKS_H
#define SENSOR_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/opener.h"
#include "sensor/procs.h"

struct tasks;

struct task {
    int32_t tid;
    int32_t tgid;   /* 0: not looked at yet */
    uint64_t start; /* of the thread group's leader */
    int syscall_fd, status_fd;
};

struct tasks *tasks_new(size_t most_descriptors);
void tasks_free(struct tasks *t);
/* The intent of the blocked task, INTENT_RUNNING when it did not come to rest in some looks; *out is its
 * entry, or NULL when it cannot be looked at. */
enum intent tasks_ask(struct tasks *t, int32_t tid, struct task **out);
/* Reads who the task is now; false when it cannot be told. */
bool tasks_status(struct task *task, struct proc_status *out);

#endif
