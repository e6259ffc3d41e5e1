/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/tasks.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

/* Looks at a task that is not yet at rest. It runs on another processor and is on its way there; to take it
 * for a writer is safe but dear. The number is a choice, not measured. */
#define RETRIES 40

struct tasks {
    size_t size; /* a power of two; a thread id has one place */
    struct task places[];
};

struct tasks *tasks_new(size_t most_descriptors)
{
    size_t size = 16;
    while (size * 4 <= most_descriptors && size < 1024)
        size *= 2;
    struct tasks *t = mem_zalloc(1, sizeof *t + size * sizeof *t->places);
    t->size = size;
    for (size_t i = 0; i < size; i++)
        t->places[i].syscall_fd = t->places[i].status_fd = -1;
    return t;
}

static void forget(struct task *task)
{
    fd_close(&task->syscall_fd);
    fd_close(&task->status_fd);
    *task = (struct task){.syscall_fd = -1, .status_fd = -1};
}

void tasks_free(struct tasks *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->size; i++)
        forget(&t->places[i]);
    free(t);
}

static int open_proc(int32_t tid, const char *name)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static struct task *find(struct tasks *t, int32_t tid)
{
    struct task *task = &t->places[(size_t)tid & (t->size - 1)];
    if (task->tid == tid)
        return task;
    forget(task);
    task->tid = tid;
    task->syscall_fd = open_proc(tid, "syscall");
    if (task->syscall_fd >= 0)
        return task;
    forget(task);
    return NULL;
}

enum intent tasks_ask(struct tasks *t, int32_t tid, struct task **out)
{
    enum intent intent = INTENT_WRITE;
    struct task *task = find(t, tid);
    int gone = 0;
    for (int tries = 0; task && tries < RETRIES; tries++) {
        intent = opener_ask(task->syscall_fd, tid, &gone);
        if (gone) { /* the id belongs to another task now */
            forget(task);
            task = find(t, tid);
        } else if (intent != INTENT_RUNNING) {
            break;
        } else {
            sched_yield();
        }
    }
    *out = task;
    return intent;
}

bool tasks_status(struct task *task, struct proc_status *out)
{
    char text[1024];
    struct proc_stat stat;
    if (task->status_fd < 0)
        task->status_fd = open_proc(task->tid, "status");
    ssize_t got = task->status_fd < 0 ? -1 : pread(task->status_fd, text, sizeof text, 0);
    if (got <= 0 || !procs_parse_status(text, (size_t)got, out))
        return false;
    if (task->tgid == 0) {
        got = procs_read(out->tgid, "stat", text, sizeof text);
        if (got <= 0 || !procs_parse_stat(text, (size_t)got, &stat))
            return false;
        task->tgid = out->tgid;
        task->start = stat.start;
    }
    return true;
}
