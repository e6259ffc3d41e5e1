/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * File descriptors: whole reads and writes, and closing at the end of a block.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

/* `int fd FD_AUTO = open(...);` is closed at the end of its block when it is not negative. */
void fd_auto_close(int *fd);
#define FD_AUTO __attribute__((cleanup(fd_auto_close)))
/* Closes *fd if it is open and sets it to -1; errno is kept. */
void fd_close(int *fd);
/* Gives the descriptor away: returns it and sets *fd to -1. */
int fd_take(int *fd);

/* Writes everything, through short writes and EINTR. `what` names the file in the error. */
int fd_write_all(int fd, const void *bytes, size_t length, const char *what);
/* Reads until `length` bytes or the end; returns how many, or a negative enum err. */
ssize_t fd_read_full(int fd, void *bytes, size_t length, const char *what);
ssize_t fd_pread_full(int fd, void *bytes, size_t length, uint64_t offset, const char *what);
/* Appends the rest of the file to `b` (its limit holds: ERR_TOO_LARGE). */
int fd_read_all(int fd, struct buf *b, const char *what);
/* Opens and reads a whole file relative to `dirfd` (or AT_FDCWD); refuses more than the limit of `b`. */
int fd_read_file(int dirfd, const char *path, struct buf *b);

#endif
