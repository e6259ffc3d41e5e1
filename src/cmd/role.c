/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hidden command: what the tests try the sandboxes of the roles with.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/yml.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "guard/roles.h"

static int try_open(void)
{
    return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static int try_write(void)
{
    return open("/etc/beffroi-was-here", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int try_execve(void)
{
    char *arguments[] = {"true", NULL}, *environment[] = {NULL};
    return execve("/bin/true", arguments, environment);
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_ATTACH, 1, NULL, NULL) < 0 ? -1 : 0;
}

static int try_kill(void)
{
    return kill(1, 0);
}

static int try_mount(void)
{
    return mount("none", "/proc", "tmpfs", 0, NULL);
}

static int try_setns(void)
{
    int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : setns(fd, CLONE_NEWUTS);
}

static int try_setuid(void)
{
    return setuid(0);
}

static int try_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 0;
}

static int try_nothing(void)
{
    return 0;
}

static const struct {
    const char *name;
    int (*call)(void);
} tries[] = {
    {"open", try_open},     {"write", try_write}, {"socket", try_socket},   {"execve", try_execve},
    {"ptrace", try_ptrace}, {"kill", try_kill},   {"mount", try_mount},     {"setuid", try_setuid},
    {"code", try_code},     {"setns", try_setns}, {"nothing", try_nothing},
};

static int enter(enum role role, const char *file)
{
    struct buf text BUF_AUTO;
    struct config *config = NULL;
    buf_init(&text, YML_MAX_BYTES);
    int err = fd_read_file(AT_FDCWD, file, &text);
    if (!err)
        err = config_parse(buf_string(&text), text.length, file, &config);
    return err ? err : role_confine(role, config);
}

/* role-try ROLE CALL FILE: 0 the call was let through, 10 it gave EPERM or EACCES, 11 another error; the
 * process is killed (SIGSYS) when the list of calls refuses it. */
int cmd_role_try(int argc, char **argv)
{
    enum role role = argc == 4 ? roles_find(argv[1]) : ROLE_COUNT;
    if (role == ROLE_COUNT || role == ROLE_SUPERVISOR)
        return 2;
    log_init("role-try", LOG_LEVEL_INFO);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (strcmp(tries[i].name, argv[2]) != 0)
            continue;
        int err = enter(role, argv[3]);
        if (err)
            return cmd_fail(err);
        if (tries[i].call() >= 0)
            _exit(0);
        _exit(errno == EPERM || errno == EACCES ? 10 : 11);
    }
    return 2;
}
