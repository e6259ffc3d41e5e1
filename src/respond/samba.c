/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Needs: running /usr/bin/smbstatus and /usr/bin/smbcontrol (as root: they open Samba's databases and its
 * message sockets), system calls: pipe2, fork/clone, execve, close_range, poll, wait4, pidfd_open, kill,
 * prctl.
 */
#include "respond/samba.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define ANSWER_MAX (8u << 20)

static const char *find_tool(const char *name, char out[static 64])
{
    static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/local/samba/bin", "/usr/local/bin"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(out, 64, "%s/%s", folders[i], name);
        if (access(out, X_OK) == 0)
            return out;
    }
    return NULL;
}

/* In the child: nothing but system calls until execve. */
static _Noreturn void become(const char *path, char *const argv[], int out)
{
    static char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(out, 1) < 0 || dup2(null, 0) < 0 || dup2(null, 2) < 0)
        _exit(126);
    if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0) /* before Linux 5.9; all of ours close on exec anyway */
        for (int fd = 3; fd < 1024; fd++)
            close(fd);
    execve(path, argv, environment);
    _exit(127);
}

/* Reads until the end, the limit or the time; then the child must end too. */
static int collect(int fd, pid_t child, int timeout_ms, struct buf *out)
{
    int64_t until = clock_system.monotonic_ns(clock_system.self) + timeout_ms * NS_PER_MS;
    int err = 0;
    for (;;) {
        int64_t left = (until - clock_system.monotonic_ns(clock_system.self)) / NS_PER_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        void *place = ready > 0 ? buf_reserve(out, 16384) : NULL;
        if (ready <= 0 || !place) {
            err = err_set(ready > 0 ? ERR_TOO_LARGE : ERR_TIMEOUT,
                          _("Samba's tool did not answer as it should"));
            break;
        }
        ssize_t got = read(fd, place, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        out->length += (size_t)got;
    }
    if (err)
        kill(child, SIGKILL);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!err && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        err = err_set(ERR_SYSTEM, _("Samba's tool failed"));
    return err;
}

static int run_tool(const char *name, const char *const *arguments, int timeout_ms, struct buf *out)
{
    char path[64], *argv[16];
    int ends[2];
    if (!find_tool(name, path))
        return err_set(ERR_NOT_FOUND, _("%s is not installed"), name);
    size_t count = 0;
    argv[count++] = path;
    for (; *arguments && count < 15; arguments++)
        argv[count++] = (char *)*arguments;
    argv[count] = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(_("cannot start %s"), name);
    pid_t child = fork();
    if (child == 0)
        become(path, argv, ends[1]);
    close(ends[1]);
    int fd FD_AUTO = ends[0];
    if (child < 0)
        return err_sys(_("cannot start %s"), name);
    return collect(fd, child, timeout_ms, out);
}

static void copy_text(const json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(out, size, "%s", text ? text : "");
    for (char *at = out; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

/* The process id is written as a string by some versions and as a number by others. */
static int32_t get_pid(const json_t *session)
{
    const json_t *pid = json_object_get(json_object_get(session, "server_id"), "pid");
    long long number =
        json_is_string(pid) ? strtoll(json_string_value(pid), NULL, 10) : json_integer_value(pid);
    return number > 1 && number <= INT32_MAX ? (int32_t)number : 0;
}

int samba_parse(const char *json, size_t length, struct samba_sessions *out)
{
    *out = (struct samba_sessions){0};
    json_error_t error;
    json_t *root = json_loadb(json, length, 0, &error);
    json_t *sessions = json_object_get(root, "sessions"), *session;
    if (!json_is_object(sessions)) {
        json_decref(root);
        return err_set(ERR_CORRUPT, _("smbstatus gave an answer that is not understood"));
    }
    const char *key;
    out->items = mem_zalloc(json_object_size(sessions) + 1, sizeof *out->items);
    json_object_foreach(sessions, key, session)
    {
        struct samba_session *s = &out->items[out->count];
        s->pid = get_pid(session);
        copy_text(session, "username", s->username, sizeof s->username);
        copy_text(session, "remote_machine", s->machine, sizeof s->machine);
        if (s->pid != 0 && out->count < SAMBA_SESSIONS_MAX)
            out->count++;
    }
    json_decref(root);
    return 0;
}

void samba_sessions_free(struct samba_sessions *s)
{
    free(s->items);
    *s = (struct samba_sessions){0};
}

int samba_sessions(const char *config, int timeout_ms, struct samba_sessions *out)
{
    const char *with[] = {"-s", config, "-j", NULL};
    struct buf answer BUF_AUTO;
    buf_init(&answer, ANSWER_MAX);
    int err = run_tool("smbstatus", config ? with : with + 2, timeout_ms, &answer);
    return err ? err : samba_parse((const char *)answer.data, answer.length, out);
}

int samba_kill_client(const char *config, const char *address, int timeout_ms)
{
    const char *with[] = {"-s", config, "smbd", "kill-client-ip", address, NULL};
    struct buf answer BUF_AUTO;
    buf_init(&answer, ANSWER_MAX);
    return run_tool("smbcontrol", config ? with : with + 2, timeout_ms, &answer);
}
