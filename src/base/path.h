/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Paths: joining, comparing, making, and opening beneath a folder without following anything out of it.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* "a/b" from "a" and "b" (one slash between); the caller frees it. An empty part is left out. */
char *path_join(const char *folder, const char *name);
/* True when `path` is `folder` or lies below it. Both absolute and normalized; compares whole names. */
bool path_is_within(const char *folder, const char *path);
/* What follows the last slash. */
const char *path_base(const char *path);
/* Makes the folder and its missing parents with `mode`; fine if it exists. */
int path_make_folders(const char *path, mode_t mode);
/* Opens `relative` below the folder `dirfd`, with openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS): a hostile name cannot lead out. Returns the fd or a negative enum err. */
int path_open_beneath(int dirfd, const char *relative, int flags, mode_t mode);
/* The parent of `relative` below `dirfd`, opened O_PATH as above; *name is set to the last part, inside
 * `relative`. For unlinkat, renameat and their like. */
int path_open_parent(int dirfd, const char *relative, const char **name);
/* A relative path that stays inside: not empty, no leading slash, no empty, "." or ".." part. */
bool path_is_plain(const char *relative);
/* Removes a folder and everything in it (never crossing to another file system, never following links). */
int path_remove_tree(int dirfd, const char *name);

#endif
