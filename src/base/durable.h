/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that must survive a power cut: written beside, synced, renamed, and the folder synced.
 */
#ifndef BASE_DURABLE_H
#define BASE_DURABLE_H

#include <stddef.h>
#include <sys/types.h>

/* Replaces (or makes) `name` in the folder `dirfd` so that after any crash either the old or the new
 * contents stand there whole. */
int durable_write(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode);
/* The same, but fails with ERR_EXISTS when `name` is there already (hard link instead of rename). */
int durable_create(int dirfd, const char *name, const void *bytes, size_t length, mode_t mode);
/* fdatasync of a file; `what` names it in the error. */
int durable_sync(int fd, const char *what);
/* fsync of the folder, which makes renames and new names in it last. */
int durable_sync_folder(int dirfd, const char *what);

#endif
