/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"

void fd_auto_close(int *fd)
{
    fd_close(fd);
}

void fd_close(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -1;
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

int fd_write_all(int fd, const void *bytes, size_t length, const char *what)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        ssize_t done = write(fd, at, length);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return err_sys(_("cannot write %s"), what);
        }
        at += done;
        length -= (size_t)done;
    }
    return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t length, const char *what)
{
    uint8_t *at = bytes;
    size_t total = 0;
    while (total < length) {
        ssize_t done = read(fd, at + total, length - total);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return err_sys(_("cannot read %s"), what);
        }
        if (done == 0)
            break;
        total += (size_t)done;
    }
    return (ssize_t)total;
}

ssize_t fd_pread_full(int fd, void *bytes, size_t length, uint64_t offset, const char *what)
{
    uint8_t *at = bytes;
    size_t total = 0;
    while (total < length) {
        ssize_t done = pread(fd, at + total, length - total, (off_t)(offset + total));
        if (done < 0) {
            if (errno == EINTR)
                continue;
            return err_sys(_("cannot read %s"), what);
        }
        if (done == 0)
            break;
        total += (size_t)done;
    }
    return (ssize_t)total;
}

int fd_read_all(int fd, struct buf *b, const char *what)
{
    for (;;) {
        size_t room = b->limit - b->length;
        uint8_t extra;
        if (room == 0) {
            ssize_t more = fd_read_full(fd, &extra, 1, what);
            if (more < 0)
                return (int)more;
            if (more > 0)
                return err_set(ERR_TOO_LARGE, _("%s is larger than the limit of %zu bytes"), what, b->limit);
            return 0;
        }
        size_t step = room < 65536 ? room : 65536;
        void *place = buf_reserve(b, step);
        ssize_t done = fd_read_full(fd, place, step, what);
        if (done < 0)
            return (int)done;
        b->length += (size_t)done;
        if ((size_t)done < step)
            return 0;
    }
}

int fd_read_file(int dirfd, const char *path, struct buf *b)
{
    int fd FD_AUTO = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(_("cannot open %s"), path);
    return fd_read_all(fd, b, path);
}
