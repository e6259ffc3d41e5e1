/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names that this libseccomp or this processor does not have are left out: they cannot be called by that
 * name either. A build with -DBEFFROI_SANDBOX_DEBUG names the call that was refused on standard error.
 */
#include "ipc/syscalls.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "ipc/sandbox.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

static const char *const loop_calls[] = {"read",
                                         "write",
                                         "readv",
                                         "writev",
                                         "pread64",
                                         "pwrite64",
                                         "preadv",
                                         "preadv2",
                                         "pwritev2",
                                         "pwritev",
                                         "close",
                                         "lseek",
                                         "dup",
                                         "dup3",
                                         "fcntl",
                                         "fstat",
                                         "recvmsg",
                                         "sendmsg",
                                         "recvfrom",
                                         "sendto",
                                         "poll",
                                         "ppoll",
                                         "select",
                                         "pselect6",
                                         "epoll_create1",
                                         "epoll_ctl",
                                         "epoll_wait",
                                         "epoll_pwait",
                                         "epoll_pwait2",
                                         "eventfd2",
                                         "timerfd_create",
                                         "timerfd_settime",
                                         "timerfd_gettime",
                                         "signalfd4",
                                         "clock_gettime",
                                         "clock_getres",
                                         "clock_nanosleep",
                                         "nanosleep",
                                         "gettimeofday",
                                         "time",
                                         "brk",
                                         "munmap",
                                         "mremap",
                                         "madvise",
                                         "futex",
                                         "set_robust_list",
                                         "rseq",
                                         "membarrier",
                                         "mlock",
                                         "munlock",
                                         "sched_yield",
                                         "getrandom",
                                         "getpid",
                                         "gettid",
                                         "getppid",
                                         "getuid",
                                         "geteuid",
                                         "getgid",
                                         "getegid",
                                         "rt_sigaction",
                                         "rt_sigprocmask",
                                         "rt_sigreturn",
                                         "rt_sigtimedwait",
                                         "sigaltstack",
                                         "restart_syscall",
                                         "exit",
                                         "exit_group",
                                         "uname",
                                         "sysinfo",
                                         "getrusage",
                                         "times",
                                         "sched_getaffinity",
                                         "prlimit64",
                                         "getrlimit",
                                         NULL};

static const char *const thread_calls[] = {"clone",
                                           "clone3",
                                           "set_tid_address",
                                           "sched_setscheduler",
                                           "sched_getscheduler",
                                           "sched_setparam",
                                           "sched_getparam",
                                           "sched_get_priority_min",
                                           "sched_get_priority_max",
                                           "setpriority",
                                           "getpriority",
                                           "ioprio_set",
                                           NULL};

static const char *const read_calls[] = {"open",
                                         "openat",
                                         "openat2",
                                         "stat",
                                         "lstat",
                                         "newfstatat",
                                         "statx",
                                         "fstatfs",
                                         "statfs",
                                         "access",
                                         "faccessat",
                                         "faccessat2",
                                         "readlink",
                                         "readlinkat",
                                         "getdents64",
                                         "getdents",
                                         "getcwd",
                                         "chdir",
                                         "fchdir",
                                         "fadvise64",
                                         "readahead",
                                         "getxattr",
                                         "lgetxattr",
                                         "fgetxattr",
                                         "listxattr",
                                         "llistxattr",
                                         "flistxattr",
                                         "flock",
                                         "sendfile",
                                         "splice",
                                         "copy_file_range",
                                         "umask",
                                         "inotify_init1",
                                         "inotify_add_watch",
                                         "inotify_rm_watch",
                                         "name_to_handle_at",
                                         "open_by_handle_at",
                                         "pipe2",
                                         NULL};

static const char *const write_calls[] = {
    "creat",        "mkdir",     "mkdirat",   "rename",    "renameat",        "renameat2",   "link",
    "linkat",       "symlink",   "symlinkat", "unlink",    "unlinkat",        "rmdir",       "ftruncate",
    "truncate",     "fallocate", "fsync",     "fdatasync", "sync_file_range", "syncfs",      "msync",
    "utimensat",    "futimesat", "setxattr",  "lsetxattr", "fsetxattr",       "removexattr", "lremovexattr",
    "fremovexattr", "fchmod",    "ioctl",     "chmod",     "fchmodat",        NULL};

static const char *const owner_calls[] = {"chown", "fchown", "lchown", "fchownat", "mknod", "mknodat", NULL};

static const char *const serve_calls[] = {"accept",     "accept4",     "getsockopt",
                                          "setsockopt", "getsockname", "getpeername",
                                          "shutdown",   "listen",      NULL};

static const char *const socket_calls[] = {
    "socket",     "connect",     "bind",        "socketpair", "sendmmsg", "recvmmsg", "getsockopt",
    "setsockopt", "getsockname", "getpeername", "shutdown",   "listen",   "accept4",  NULL};

static const char *const kill_calls[] = {
    "kill", "tkill", "tgkill", "pidfd_open", "pidfd_send_signal", "rt_sigqueueinfo", NULL};

static const char *const fork_calls[] = {"clone",      "clone3",          "fork",
                                         "vfork",      "wait4",           "waitid",
                                         "kill",       "pidfd_open",      "pidfd_send_signal",
                                         "socketpair", "set_tid_address", NULL};

/* What Debian's small programs (smbstatus, smbcontrol, loginctl) do besides reading, writing and talking. */
static const char *const exec_calls[] = {"execve",
                                         "execveat",
                                         "fork",
                                         "vfork",
                                         "wait4",
                                         "waitid",
                                         "pipe",
                                         "dup2",
                                         "arch_prctl",
                                         "set_tid_address",
                                         "getpgid",
                                         "getpgrp",
                                         "setpgid",
                                         "setsid",
                                         "getgroups",
                                         "setgroups",
                                         "getresuid",
                                         "getresgid",
                                         "setresuid",
                                         "setresgid",
                                         "setreuid",
                                         "setregid",
                                         "setuid",
                                         "setgid",
                                         "setfsuid",
                                         "setfsgid",
                                         "capget",
                                         "capset",
                                         "alarm",
                                         "setitimer",
                                         "getitimer",
                                         "shmget",
                                         "shmat",
                                         "shmdt",
                                         "shmctl",
                                         "setrlimit",
                                         "close_range",
                                         "pause",
                                         "timer_create",
                                         "timer_settime",
                                         "timer_delete",
                                         "rt_sigsuspend",
                                         "rt_sigpending",
                                         "memfd_create",
                                         "mlock",
                                         "munlock",
                                         "fchown",
                                         "getcpu",
                                         "epoll_create",
                                         "eventfd",
                                         NULL};

/* process_vm_readv: the flags of an openat2 lie in the memory of the program that waits. The timer is the
 * gate's beat. */
static const char *const fanotify_calls[] = {
    "fanotify_init",    "fanotify_mark",     "pidfd_open", "preadv2",
    "process_vm_readv", "pidfd_send_signal", "ioctl",      "timer_create",
    "timer_settime",    "timer_delete",      NULL};

#ifdef SANITIZED
static const char *const sanitizer_calls[] = {"open",     "openat", "stat",   "newfstatat",
                                              "readlink", "ioctl",  "getcwd", "sched_getaffinity",
                                              "prctl",    NULL};
#endif

static int allow(scmp_filter_ctx filter, const char *const *names)
{
    for (; *names; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number == __NR_SCMP_ERROR)
            continue;
        int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        if (code < 0 && code != -EEXIST)
            return code;
    }
    return 0;
}

/* mmap and mprotect, with executable memory or without. */
static int allow_memory(scmp_filter_ctx filter, bool code_too)
{
    const int numbers[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    for (size_t i = 0; i < 2; i++) {
        int code = code_too ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbers[i], 0)
                            : seccomp_rule_add(filter, SCMP_ACT_ALLOW, numbers[i], 1,
                                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (code < 0)
            return code;
    }
    return 0;
}

/* abort() signals its own thread; names of threads may be set. */
static int allow_own(scmp_filter_ctx filter)
{
    int code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    const unsigned options[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_SET_VMA};
    for (size_t i = 0; code >= 0 && i < sizeof options / sizeof options[0]; i++)
        code =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, options[i], 0));
    return code;
}

static int allow_all(scmp_filter_ctx filter, unsigned calls)
{
    static const struct {
        unsigned group;
        const char *const *names;
    } groups[] = {
        {CALLS_THREADS, thread_calls}, {CALLS_READ_FILES, read_calls}, {CALLS_WRITE_FILES, write_calls},
        {CALLS_OWNERS, owner_calls},   {CALLS_SERVE, serve_calls},     {CALLS_SOCKETS, socket_calls},
        {CALLS_KILL, kill_calls},      {CALLS_EXEC, exec_calls},       {CALLS_FANOTIFY, fanotify_calls},
        {CALLS_FORK, fork_calls},
    };
    bool code_too = !(calls & CALLS_NO_CODE);
    int code = allow(filter, loop_calls);
#ifdef SANITIZED
    if (code >= 0)
        code = allow(filter, sanitizer_calls);
    code_too = true;
#endif
    for (size_t i = 0; code >= 0 && i < sizeof groups / sizeof groups[0]; i++)
        if (calls & groups[i].group)
            code = allow(filter, groups[i].names);
    if (code >= 0 && (calls & CALLS_DENY_SOCKETS))
        code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0);
    if (code >= 0 && (calls & CALLS_NETWORKS))
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setns), 1,
                                SCMP_A1(SCMP_CMP_EQ, CLONE_NEWNET, 0));
    if (code >= 0 && (calls & CALLS_ALIVE))
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A1(SCMP_CMP_EQ, 0, 0));
    if (code >= 0)
        code = allow_memory(filter, code_too);
    if (code >= 0 && (calls & CALLS_EXEC)) /* programs set what they like of themselves */
        code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0);
    else if (code >= 0)
        code = allow_own(filter);
    return code == -EEXIST ? 0 : code;
}

#ifdef BEFFROI_SANDBOX_DEBUG
static void tell(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    char line[64];
    int length = snprintf(line, sizeof line, "sandbox: system call %d refused\n", info->si_syscall);
    ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);
    (void)ignored;
    _exit(159);
}

static uint32_t refusal(void)
{
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSYS, &action, NULL);
    return SCMP_ACT_TRAP;
}
#else
static uint32_t refusal(void)
{
    return SCMP_ACT_KILL_PROCESS;
}
#endif

int syscalls_enter(unsigned calls)
{
    scmp_filter_ctx filter = seccomp_init(refusal());
    if (!filter)
        return err_set(ERR_UNSUPPORTED, _("cannot make a list of allowed system calls"));
    int code = allow_all(filter, calls);
    if (code >= 0)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (code >= 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    if (code >= 0)
        return 0;
    errno = -code;
    return err_sys(_("cannot enter the list of allowed system calls"));
}
