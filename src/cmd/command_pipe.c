/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/command_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

#define PIPE_BYTES (1 << 20) /* fewer changes between the two processes than with the usual 64 KiB */

extern char **environ;

int command_pipe_open(struct command_pipe *out, char *const *argv)
{
    int ends[2];
    *out = (struct command_pipe){.name = argv[0], .fd = -1, .pid = -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_sys(_("cannot make a pipe"));
    (void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    errno = posix_spawnp(&out->pid, argv[0], &actions, NULL, argv, environ);
    int err = errno ? err_sys(_("cannot start the command %s"), argv[0]) : 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    out->fd = ends[0];
    if (err) {
        fd_close(&out->fd);
        out->pid = -1;
    }
    return err;
}

static int wait_for(struct command_pipe *pipe)
{
    int status = 0;
    while (waitpid(pipe->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    pipe->pid = -1;
    return status;
}

int command_pipe_end(void *self)
{
    struct command_pipe *pipe = self;
    int status = wait_for(pipe);
    if (WIFSIGNALED(status))
        return err_set(ERR_SYSTEM, _("the command %s was ended by signal %d (%s)"), pipe->name,
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0)
        return err_set(ERR_SYSTEM, _("the command %s failed with exit code %d"), pipe->name,
                       WEXITSTATUS(status));
    return 0;
}

void command_pipe_close(struct command_pipe *pipe)
{
    fd_close(&pipe->fd);
    if (pipe->pid > 0) {
        kill(pipe->pid, SIGTERM);
        wait_for(pipe);
    }
}
