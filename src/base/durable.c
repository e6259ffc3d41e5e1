/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

int durable_sync(int fd, const char *what)
{
    return fdatasync(fd) == 0 ? 0 : err_sys(_("cannot write %s to the disk"), what);
}

int durable_sync_folder(int dirfd, const char *what)
{
    /* An O_PATH descriptor cannot be synced; the folder is opened anew through it. */
    int fd FD_AUTO = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_sys(_("cannot write the folder of %s to the disk"), what);
    return 0;
}

/* Writes the bytes to a new temporary name; removes it again on failure. */
static int write_beside(int dirfd, const char *temporary, const char *name, const void *bytes, size_t length,
                        mode_t mode)
{
    /* A process with our number that was killed, before a reboot say, may have left one behind. */
    unlinkat(dirfd, temporary, 0);
    int fd FD_AUTO = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot create %s"), name);
    int err = fd_write_all(fd, bytes, length, name);
    if (!err && fchmod(fd, mode) != 0)
        err = err_sys(_("cannot set the mode of %s"), name);
    if (!err)
        err = durable_sync(fd, name);
    if (err)
        unlinkat(dirfd, temporary, 0);
    return err;
}

static int put(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode, int replace)
{
    static atomic_uint counter;
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".tmp-%d-%u", (int)getpid(), atomic_fetch_add(&counter, 1));
    int err = write_beside(dirfd, temporary, name, bytes, length, mode);
    if (err)
        return err;
    int failed = replace ? renameat(dirfd, temporary, dirfd, name) : linkat(dirfd, temporary, dirfd, name, 0);
    if (failed)
        err = err_sys(_("cannot create %s"), name);
    if (failed || !replace)
        unlinkat(dirfd, temporary, 0);
    return err ? err : durable_sync_folder(dirfd, name);
}

int durable_write(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode)
{
    return put(dirfd, name, bytes, length, mode, 1);
}

int durable_create(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode)
{
    return put(dirfd, name, bytes, length, mode, 0);
}
