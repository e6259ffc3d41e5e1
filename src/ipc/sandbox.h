/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a role may still do once it has opened what it needs: user, capabilities, files (landlock), system
 * calls (seccomp, which kills the process at the first call that is not listed). Entered once, by the only
 * thread of the process; threads made later inherit it.
 */
#ifndef IPC_SANDBOX_H
#define IPC_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What may be done below a path. */
enum sandbox_access {
    SANDBOX_READ = 1,  /* open for reading, list */
    SANDBOX_WRITE = 2, /* also write, truncate, make, rename, link and remove (no devices) */
    SANDBOX_EXEC = 4,
};

struct sandbox_path {
    const char *path; /* one that does not exist is left out */
    unsigned access;
};

/* Groups of system calls. The loop is always allowed: memory, time, reading and writing of what is open,
 * channels, timers, leaving. */
enum sandbox_calls {
    CALLS_THREADS = 1,
    CALLS_READ_FILES = 2,  /* open and stat; whether for reading only, landlock or the user decides */
    CALLS_WRITE_FILES = 4, /* make, rename, remove, sync, attributes */
    CALLS_OWNERS = 8,      /* chown, and chmod to any mode */
    CALLS_SERVE = 16,      /* accept clients of a socket that is open */
    CALLS_SOCKETS = 32,    /* make and connect sockets */
    CALLS_KILL = 64,       /* signals to other processes, pidfds */
    CALLS_EXEC = 128,      /* start programs: also all that a small program does when it starts */
    CALLS_FANOTIFY = 256,
    CALLS_FORK = 1024,         /* copies of itself, and waiting for them */
    CALLS_DENY_SOCKETS = 2048, /* socket() is refused without killing: looking up a user's name tries it */
    CALLS_NETWORKS = 4096,     /* enter another network namespace; one of another kind not */
    CALLS_ALIVE = 8192,        /* ask whether a process is there: kill with signal 0, and no other */
    CALLS_NO_CODE = 512,       /* not a group: memory can no longer be made executable */
};

#define SANDBOX_MAX_PATHS 160

struct sandbox {
    bool drop_user; /* become uid and gid; else stay root without more than `capabilities` */
    uid_t uid;
    gid_t gid;
    uint64_t capabilities; /* bits 1 << CAP_...; also the limit for programs that are started */
    bool files;    /* landlock: only `paths`; where the kernel can also no TCP and no signals to others */
    bool connects; /* TCP to others is allowed all the same; to accept it is not */
    struct sandbox_path paths[SANDBOX_MAX_PATHS];
    size_t path_count;
    unsigned calls; /* enum sandbox_calls */
};

#define SANDBOX_CAP(cap) (UINT64_C(1) << (cap))

/* Adds a path (borrowed) to an allow-list; paths beyond SANDBOX_MAX_PATHS are not allowed. NULL is ignored.
 */
void sandbox_allow(struct sandbox *s, const char *path, unsigned access);

/* Enters it, for good. `note` (of `size` bytes) gets "" or what this kernel could not do. On an error the
 * process must not go on. */
int sandbox_enter(const struct sandbox *s, char *note, size_t size);

/* The user the unprivileged roles run as: `name`, or when it is NULL beffroi, or else nobody. ERR_NOT_FOUND
 * when there is no such user, ERR_INVALID when it is root. */
int sandbox_user(const char *name, uid_t *uid, gid_t *gid);

#endif
