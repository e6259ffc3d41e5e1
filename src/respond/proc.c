/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define PF_KTHREAD 0x00200000u /* include/linux/sched.h; field 9 of /proc/PID/stat */

static ssize_t read_proc(const char *path, char *out, size_t size)
{
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);
    if (got < 0)
        return -1;
    out[got] = '\0';
    return got;
}

/* The command name is in parentheses and may hold anything, also parentheses: the last one ends it. */
static bool parse_stat(char *text, struct proc *out)
{
    char *open_mark = strchr(text, '('), *close_mark = strrchr(text, ')');
    if (!open_mark || !close_mark || close_mark < open_mark)
        return false;
    *close_mark = '\0';
    snprintf(out->comm, sizeof out->comm, "%.16s", open_mark + 1);
    unsigned flags = 0;
    unsigned long long start = 0;
    int parent = 0;
    /* fields 3 state, 4 ppid, 9 flags, 22 starttime: proc(5) */
    if (sscanf(close_mark + 1,
               " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &out->state,
               &parent, &flags, &start) != 4)
        return false;
    out->parent = parent;
    out->start = start;
    out->kernel = flags & PF_KTHREAD;
    return true;
}

bool proc_read(int32_t pid, struct proc *out)
{
    char path[48], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    out->pid = pid;
    return read_proc(path, text, sizeof text) > 0 && parse_stat(text, out);
}

bool proc_open(int32_t pid, uint64_t start, struct proc *out)
{
    *out = (struct proc){.pidfd = -1};
    if (pid <= 0)
        return false;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return false;
    if (!proc_read(pid, out) || (start != 0 && out->start != start) || out->state == 'Z' ||
        out->state == 'X') {
        close(fd);
        return false;
    }
    out->pidfd = fd;
    out->was_stopped = out->state == 'T';
    return true;
}

void proc_close(struct proc *p)
{
    fd_close(&p->pidfd);
}

bool proc_signal(const struct proc *p, int signal)
{
    return syscall(SYS_pidfd_send_signal, p->pidfd, signal, NULL, 0) == 0;
}

static bool thread_is_stopped(int32_t pid, const char *thread, bool *waiting)
{
    char path[96], text[1024];
    struct proc p;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", pid, thread);
    if (read_proc(path, text, sizeof text) <= 0 || !parse_stat(text, &p))
        return true; /* it has ended */
    if (p.state == 'D')
        *waiting = true;
    return strchr("TtZXxD", p.state) != NULL;
}

bool proc_is_stopped(int32_t pid, bool *waiting)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (!folder)
        return true;
    bool stopped = true;
    struct dirent *entry;
    while (stopped && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            stopped = thread_is_stopped(pid, entry->d_name, waiting);
    closedir(folder);
    return stopped;
}

bool proc_wait_gone(const struct proc *p, int64_t until_ns)
{
    struct pollfd poll_fd = {.fd = p->pidfd, .events = POLLIN};
    for (;;) {
        int64_t left = until_ns - clock_system.monotonic_ns(clock_system.self);
        int got = poll(&poll_fd, 1, left > 0 ? (int)(left / NS_PER_MS) + 1 : 0);
        if (got > 0)
            return true;
        if (got == 0 && left <= 0)
            return false;
        if (got < 0 && errno != EINTR)
            return false;
    }
}

void proc_exe(int32_t pid, char *out, size_t size)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t length = readlink(path, out, size - 1);
    out[length > 0 ? length : 0] = '\0';
}

static bool thread_children(int32_t pid, const char *thread, void (*each)(int32_t, void *), void *self)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno != ENOENT || access("/proc/thread-self/children", F_OK) == 0;
    int child;
    while (fscanf(file, "%d", &child) == 1)
        each(child, self);
    fclose(file);
    return true;
}

bool proc_children(int32_t pid, void (*each)(int32_t child, void *self), void *self)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (!folder)
        return true; /* gone, and its children with other parents */
    bool known = true;
    struct dirent *entry;
    while (known && (entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            known = thread_children(pid, entry->d_name, each, self);
    closedir(folder);
    return known;
}

void proc_all(void (*each)(int32_t pid, void *self), void *self)
{
    DIR *folder = opendir("/proc");
    if (!folder)
        return;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (!*end && pid > 0 && pid <= INT32_MAX)
            each((int32_t)pid, self);
    }
    closedir(folder);
}
