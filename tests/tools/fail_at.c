/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A library that is loaded into a program of a test (LD_PRELOAD): at one of the program's changes below a
 * folder it lets happen what happens to programs. Changes are: making, linking, renaming and removing files
 * and folders, changing their mode or length, writing, and syncing. The environment says
 *
 *     FAIL_BELOW   the folder, an absolute path without links
 *     FAIL_AT      at which change, counted from 1
 *     FAIL_HOW     what happens then
 *     FAIL_MARK    a file, outside of the folder, that is made when it came to that
 *
 * What happens is one of
 *
 *     kill    the program ends before the change
 *     power   the change is made, then the power fails; what was not synced is lost: a file that was written
 *             is empty, one that was renamed has its old name again (and what it replaced is there again),
 * and a folder that was made is gone half    only half is written, then the program ends (only writes count)
 *     fail    the change fails: no room for what needs room, an error of the disk for the rest
 *
 * It knows the calls that this project's programs make (those for files of 64 bits). Nothing is really synced
 * below the folder: the machine goes on, and the tests are faster.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_UNSYNCED 512

/* What would be lost if the power failed now. */
struct unsynced {
    bool renamed;            /* or written */
    char path[PATH_MAX];     /* what was written; the name it has now */
    char old[PATH_MAX];      /* the name it had */
    char replaced[PATH_MAX]; /* what had its name before, out of the way; or "" */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static const char *below, *how, *mark;
static long at, seen;
static struct unsynced unsynced[MAX_UNSYNCED];
static unsigned unsynced_count;

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* Calls the function of that name that would have been called without this library. */
#define REAL(type, name, parameters, ...)                                                                    \
    ({                                                                                                       \
        type(*real) parameters;                                                                              \
        *(void **)&real = next(name);                                                                        \
        real(__VA_ARGS__);                                                                                   \
    })
#define REAL_OPENAT(fd, path, flags, mode)                                                                   \
    REAL(int, "openat", (int, const char *, int, ...), fd, path, flags, mode)
#define REAL_WRITE(fd, bytes, length) REAL(ssize_t, "write", (int, const void *, size_t), fd, bytes, length)

__attribute__((constructor)) static void read_environment(void)
{
    const char *number = getenv("FAIL_AT");
    below = getenv("FAIL_BELOW");
    how = getenv("FAIL_HOW");
    mark = getenv("FAIL_MARK");
    at = number ? strtol(number, NULL, 10) : 0;
    if (!how || !mark)
        below = NULL;
}

static bool is_below(const char *path)
{
    size_t length = below ? strlen(below) : 0;
    return length && strncmp(path, below, length) == 0 && (path[length] == '/' || !path[length]);
}

static bool path_of_fd(int fd, char out[static PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = below ? readlink(link, out, PATH_MAX - 1) : -1;
    out[length < 0 ? 0 : length] = '\0';
    return length >= 0 && is_below(out);
}

/* The absolute path of a name in a folder; whether it is below ours. */
static bool path_at(int folder, const char *name, char out[static PATH_MAX])
{
    char start[PATH_MAX] = "";
    if (!below)
        return false;
    if (*name != '/' && folder == AT_FDCWD && !getcwd(start, sizeof start))
        return false;
    if (*name != '/' && folder != AT_FDCWD)
        path_of_fd(folder, start);
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    int length = snprintf(out, PATH_MAX, "%s%s%s", start, *start ? "/" : "", name);
    return length < PATH_MAX && is_below(out);
}

/* ---- what would be lost ---- */

static void remember(bool renamed, const char *path, const char *old)
{
    for (unsigned i = 0; i < unsynced_count; i++)
        if (!renamed && !unsynced[i].renamed && strcmp(unsynced[i].path, path) == 0)
            return;
    if (unsynced_count == MAX_UNSYNCED)
        abort();
    struct unsynced *one = &unsynced[unsynced_count++];
    one->renamed = renamed;
    snprintf(one->path, sizeof one->path, "%s", path);
    snprintf(one->old, sizeof one->old, "%s", old);
    *one->replaced = '\0';
}

static bool is_in(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/');
}

/* A file that is synced keeps its contents, a folder that is synced the names in it. */
static void forget_synced(const char *path)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < unsynced_count; i++) {
        const struct unsynced *one = &unsynced[i];
        if (one->renamed ? !is_in(one->path, path) : strcmp(one->path, path) != 0)
            unsynced[kept++] = *one;
    }
    unsynced_count = kept;
}

/* A file that is renamed takes along what it has not synced. */
static void follow_rename(const char *old, const char *path)
{
    for (unsigned i = 0; i < unsynced_count; i++)
        if (strcmp(unsynced[i].path, old) == 0)
            snprintf(unsynced[i].path, sizeof unsynced[i].path, "%s", path);
}

static void lose_unsynced(void)
{
    for (unsigned i = unsynced_count; i-- > 0;) {
        const struct unsynced *one = &unsynced[i];
        if (!one->renamed && truncate(one->path, 0) != 0)
            continue; /* it was removed meanwhile */
        if (one->renamed)
            REAL(int, "rename", (const char *, const char *), one->path, one->old);
        if (*one->replaced)
            REAL(int, "rename", (const char *, const char *), one->replaced, one->path);
    }
}

/* ---- the change ---- */

enum kind { NEEDS_ROOM, WRITES, NEEDS_NONE };
enum fate { IT_HAPPENS, IT_FAILS, HALF, THEN_POWER };

static void come_to_it(void)
{
    int fd = REAL_OPENAT(AT_FDCWD, mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static void end(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a change; the mutex is held until after() that follows it. */
static enum fate before(enum kind kind)
{
    pthread_mutex_lock(&mutex);
    if (strcmp(how, "half") == 0 && kind != WRITES)
        return IT_HAPPENS;
    if (++seen != at)
        return IT_HAPPENS;
    come_to_it();
    if (strcmp(how, "kill") == 0)
        end();
    if (strcmp(how, "fail") == 0)
        errno = kind == NEEDS_NONE ? EIO : ENOSPC;
    return strcmp(how, "fail") == 0 ? IT_FAILS : strcmp(how, "half") == 0 ? HALF : THEN_POWER;
}

static void after(enum fate fate)
{
    int saved = errno;
    if (fate == THEN_POWER) {
        lose_unsynced();
        end();
    }
    pthread_mutex_unlock(&mutex);
    errno = saved;
}

static int failed(void)
{
    int saved = errno;
    pthread_mutex_unlock(&mutex);
    errno = saved;
    return -1;
}

static int open_at(int folder, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    struct stat st;
    bool changes = (flags & O_TRUNC) || ((flags & O_CREAT) && fstatat(folder, name, &st, 0) != 0);
    if (!changes || (flags & O_TMPFILE) == O_TMPFILE || !path_at(folder, name, path))
        return REAL_OPENAT(folder, name, flags, mode);
    enum fate fate = before(NEEDS_ROOM);
    if (fate == IT_FAILS)
        return failed();
    int fd = REAL_OPENAT(folder, name, flags, mode);
    if (fd >= 0)
        remember(false, path, "");
    after(fate);
    return fd;
}

#define MODE_OF(flags)                                                                                       \
    ({                                                                                                       \
        mode_t given = 0;                                                                                    \
        if ((flags) & (O_CREAT | O_TMPFILE)) {                                                               \
            va_list list;                                                                                    \
            va_start(list, flags);                                                                           \
            given = va_arg(list, mode_t);                                                                    \
            va_end(list);                                                                                    \
        }                                                                                                    \
        given;                                                                                               \
    })

int open(const char *name, int flags, ...)
{
    return open_at(AT_FDCWD, name, flags, MODE_OF(flags));
}
int openat(int folder, const char *name, int flags, ...)
{
    return open_at(folder, name, flags, MODE_OF(flags));
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    char path[PATH_MAX];
    if (!path_of_fd(fd, path))
        return REAL_WRITE(fd, bytes, length);
    enum fate fate = before(WRITES);
    if (fate == IT_FAILS)
        return failed();
    ssize_t done = REAL_WRITE(fd, bytes, fate == HALF ? length / 2 : length);
    if (fate == HALF)
        end();
    if (done > 0)
        remember(false, path, "");
    after(fate);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t place)
{
    char path[PATH_MAX];
    if (!path_of_fd(fd, path))
        return REAL(ssize_t, "pwrite", (int, const void *, size_t, off_t), fd, bytes, length, place);
    enum fate fate = before(WRITES);
    if (fate == IT_FAILS)
        return failed();
    ssize_t done = REAL(ssize_t, "pwrite", (int, const void *, size_t, off_t), fd, bytes,
                        fate == HALF ? length / 2 : length, place);
    if (fate == HALF)
        end();
    if (done > 0)
        remember(false, path, "");
    after(fate);
    return done;
}

static int sync_fd(int fd, const char *name)
{
    char path[PATH_MAX];
    if (!path_of_fd(fd, path))
        return REAL(int, name, (int), fd);
    enum fate fate = before(NEEDS_NONE);
    if (fate == IT_FAILS)
        return failed();
    forget_synced(path);
    after(fate);
    return 0;
}
int fsync(int fd)
{
    return sync_fd(fd, "fsync");
}
int fdatasync(int fd)
{
    return sync_fd(fd, "fdatasync");
}

/* Keeps what a rename will replace at another place, as the power may fail. */
static void keep_replaced(const char *path, char out[static PATH_MAX])
{
    snprintf(out, PATH_MAX, "%s.replaced-%u", mark, unsynced_count);
    if (REAL(int, "linkat", (int, const char *, int, const char *, int), AT_FDCWD, path, AT_FDCWD, out, 0) !=
        0)
        *out = '\0';
}

int renameat(int from, const char *old, int to, const char *name)
{
    char path[PATH_MAX], old_path[PATH_MAX], replaced[PATH_MAX] = "";
    bool ours = path_at(to, name, path);
    ours = path_at(from, old, old_path) && ours;
    enum fate fate = ours ? before(NEEDS_NONE) : IT_HAPPENS;
    if (fate == IT_FAILS)
        return failed();
    if (ours)
        keep_replaced(path, replaced);
    int done = REAL(int, "renameat", (int, const char *, int, const char *), from, old, to, name);
    if (ours) {
        if (done == 0) {
            follow_rename(old_path, path);
            remember(true, path, old_path);
            memcpy(unsynced[unsynced_count - 1].replaced, replaced, PATH_MAX);
        }
        after(fate);
    }
    return done;
}
int rename(const char *old, const char *name)
{
    return renameat(AT_FDCWD, old, AT_FDCWD, name);
}

/* The changes of which nothing is taken back: they are made, or they fail. */
#define CHANGE(kind, ours, call)                                                                             \
    do {                                                                                                     \
        if (!(ours))                                                                                         \
            return call;                                                                                     \
        enum fate fate = before(kind);                                                                       \
        if (fate == IT_FAILS)                                                                                \
            return failed();                                                                                 \
        int done = call;                                                                                     \
        after(fate);                                                                                         \
        return done;                                                                                         \
    } while (0)

int linkat(int from, const char *old, int to, const char *name, int flags)
{
    char path[PATH_MAX];
    CHANGE(NEEDS_ROOM, path_at(to, name, path),
           REAL(int, "linkat", (int, const char *, int, const char *, int), from, old, to, name, flags));
}
int unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    CHANGE(NEEDS_NONE, path_at(folder, name, path),
           REAL(int, "unlinkat", (int, const char *, int), folder, name, flags));
}
int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}
int rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

/* What would bring the folder to where nobody looks for it, with all that is in it. */
static void remember_folder(const char *path)
{
    char lost[PATH_MAX];
    snprintf(lost, sizeof lost, "%s.lost-%u", mark, unsynced_count);
    remember(true, path, lost);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    struct stat st;
    if (!path_at(folder, name, path) || fstatat(folder, name, &st, 0) == 0)
        return REAL(int, "mkdirat", (int, const char *, mode_t), folder, name, mode);
    enum fate fate = before(NEEDS_ROOM);
    if (fate == IT_FAILS)
        return failed();
    int done = REAL(int, "mkdirat", (int, const char *, mode_t), folder, name, mode);
    if (done == 0)
        remember_folder(path);
    after(fate);
    return done;
}
int mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}
int fchmod(int fd, mode_t mode)
{
    char path[PATH_MAX];
    CHANGE(NEEDS_NONE, path_of_fd(fd, path), REAL(int, "fchmod", (int, mode_t), fd, mode));
}
int ftruncate(int fd, off_t length)
{
    char path[PATH_MAX];
    CHANGE(NEEDS_NONE, path_of_fd(fd, path), REAL(int, "ftruncate", (int, off_t), fd, length));
}
