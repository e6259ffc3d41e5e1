/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

void process_sleep_ms(int64_t ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * NS_PER_MS};
    nanosleep(&t, NULL);
}

/* In the child, between fork and exec. */
static void become(const struct process *p, int in, int out)
{
    prctl(PR_SET_PDEATHSIG, p->signal_at_death ? p->signal_at_death : SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    setsid();
    int log = open(p->log ? p->log : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (p->netns >= 0 && setns(p->netns, CLONE_NEWNET) < 0)
        _exit(126);
    dup2(in, 0);
    dup2(out >= 0 ? out : log, 1);
    dup2(log, 2);
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    for (size_t i = 0; p->env && p->env[i]; i++)
        putenv((char *)(uintptr_t)p->env[i]);
    execvp(p->argv[0], (char *const *)(uintptr_t)p->argv);
    dprintf(2, "%s: %s\n", p->argv[0], strerror(errno));
    _exit(127);
}

static int spawn(const struct process *p, int in, int out)
{
    int null FD_AUTO = in < 0 ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
    pid_t pid = fork();
    if (pid == 0)
        become(p, in < 0 ? null : in, out);
    return pid < 0 ? err_sys(_("cannot start %s"), p->argv[0]) : pid;
}

int process_start(const struct process *p)
{
    return spawn(p, -1, -1);
}

int process_run(const struct process *p)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, status = 0;
    if ((p->input && pipe2(in, O_CLOEXEC) < 0) || (p->out && pipe2(out, O_CLOEXEC) < 0))
        return err_sys(_("cannot start %s"), p->argv[0]);
    int code = spawn(p, in[0], out[1]);
    fd_close(&in[0]);
    fd_close(&out[1]);
    if (code > 0) {
        pid_t pid = code;
        code = p->input ? fd_write_all(in[1], p->input, strlen(p->input), p->argv[0]) : 0;
        fd_close(&in[1]);
        if (p->out && fd_read_all(out[0], p->out, p->argv[0]) < 0)
            code = ERR_SYSTEM;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    fd_close(&in[1]);
    fd_close(&out[0]);
    if (code < 0)
        return code;
    if (!WIFEXITED(status))
        return err_set(ERR_SYSTEM, _("%s was killed"), p->argv[0]);
    return WEXITSTATUS(status);
}

/* The last line of a log, for an error text; "" when there is none. */
static void last_line(const char *path, char out[static 300])
{
    struct buf b BUF_AUTO;
    buf_init(&b, 1 << 20);
    out[0] = 0;
    if (!path || fd_read_file(AT_FDCWD, path, &b) < 0)
        return;
    const char *text = buf_string(&b), *at = text + strlen(text);
    while (at > text && at[-1] == '\n')
        at--;
    const char *end = at;
    while (at > text && at[-1] != '\n')
        at--;
    snprintf(out, 300, "%.*s", (int)(end - at), at);
}

int process_must(const struct process *p)
{
    int status = process_run(p);
    if (status <= 0)
        return status;
    char line[300];
    last_line(p->log, line);
    return err_set(ERR_SYSTEM, _("%s failed with status %d: %s"), p->argv[0], status, line);
}

void process_stop(pid_t *pid, int64_t patience_ns)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGTERM);
    pid_t got = 0;
    for (int64_t waited = 0; got == 0 && waited < patience_ns; waited += 10 * NS_PER_MS) {
        got = waitpid(*pid, NULL, WNOHANG);
        if (got == 0)
            process_sleep_ms(10);
    }
    if (got == 0) {
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

void process_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* The parent of a process, or 0: the second field behind the name's last parenthesis. */
static pid_t parent_of(const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC), parent = 0;
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (got <= 0)
        return 0;
    text[got] = 0;
    const char *at = strrchr(text, ')');
    return at && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

void process_sweep(void)
{
    /* Killing one hands its children to us, so look again until none is left; bounded all the same. */
    for (int round = 0; round < 100; round++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        DIR *dir = opendir("/proc");
        int found = 0;
        for (struct dirent *d; dir && (d = readdir(dir));)
            if (isdigit((unsigned char)d->d_name[0]) && parent_of(d->d_name) == getpid()) {
                kill((pid_t)atoi(d->d_name), SIGKILL);
                found++;
            }
        if (dir)
            closedir(dir);
        if (!found)
            return;
        process_sleep_ms(10);
    }
}
