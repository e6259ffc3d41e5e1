/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define SOCKET_BYTES (1 << 20)
#define PATIENCE_MS  2000
#define STEP_MS      10

extern char **environ;

/* Passwords of repositories are none of the program's business. */
static bool is_secret(const char *variable)
{
    static const char *const ours[] = {"RESTIC_", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN="};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strncmp(variable, ours[i], strlen(ours[i])) == 0)
            return true;
    return false;
}

/* The variables themselves stay environ's. */
static char **environment_without_secrets(void)
{
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    char **out = mem_zalloc(count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++)
        if (!is_secret(environ[i]))
            out[kept++] = environ[i];
    return out;
}

static int spawn(char *const argv[], int socket, int errors, pid_t *pid)
{
    char **environment = environment_without_secrets();
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    errno = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
    /* Not "not found": it is not the repository that is missing. */
    int err = errno ? err_set(ERR_SYSTEM, _("cannot start the program %s: %s"), argv[0], strerror(errno)) : 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(environment);
    return err;
}

/* Ours does not block; that of the program does, as it expects. */
static int unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ? err_sys(_("cannot make a pipe")) : 0;
}

int sftp_process_start(char *const argv[], struct sftp_process *out)
{
    int sockets[2] = {-1, -1}, errors[2] = {-1, -1}, err = 0;
    *out = (struct sftp_process){-1, -1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 || pipe2(errors, O_CLOEXEC) != 0)
        err = err_sys(_("cannot make a pipe"));
    out->socket = sockets[0];
    out->errors = errors[0];
    const int size = SOCKET_BYTES; /* as much as the system grants */
    for (int i = 0; !err && i < 2; i++)
        (void)setsockopt(sockets[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (!err)
        err = unblock(out->socket);
    if (!err)
        err = unblock(out->errors);
    if (!err)
        err = spawn(argv, sockets[1], errors[1], &out->pid);
    fd_close(&sockets[1]);
    fd_close(&errors[1]);
    return err;
}

static void describe(int status, char *how, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(how, size, _("it was ended by signal %d (%s)"), WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(how, size, _("it ended with exit code %d"), WEXITSTATUS(status));
}

bool sftp_process_reap(struct sftp_process *process, unsigned ms, char *how, size_t size)
{
    for (unsigned waited = 0; process->pid > 0; waited += STEP_MS) {
        int status;
        pid_t got = waitpid(process->pid, &status, WNOHANG);
        if (got == process->pid) {
            describe(status, how, size);
            process->pid = -1;
            return true;
        }
        if (got < 0 && errno != EINTR)
            process->pid = -1; /* somebody else waited for it */
        if (waited >= ms)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
    }
    return false;
}

void sftp_process_kill(struct sftp_process *process)
{
    shutdown(process->socket, SHUT_RDWR);
    if (process->pid > 0)
        kill(process->pid, SIGTERM);
}

void sftp_process_end(struct sftp_process *process)
{
    char how[128];
    if (process->socket >= 0)
        sftp_process_kill(process);
    fd_close(&process->socket);
    fd_close(&process->errors);
    sftp_process_reap(process, PATIENCE_MS, how, sizeof how);
    if (process->pid > 0) {
        kill(process->pid, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        process->pid = -1;
    }
}
