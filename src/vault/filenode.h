/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A node from a file, and a file's metadata from a node.
 */
#ifndef VAULT_FILENODE_H
#define VAULT_FILENODE_H

#include <sys/stat.h>

#include "vault/node.h"
#include "vault/owner.h"

/* Fills everything but name, content and subtree. `fd` is the open file, or -1 when it is not open (symlinks,
 * devices); then `path` is used for the attributes. What does not last beyond `arena` and
 * the next call for `names` is copied by nobody. An error leaves a node without attributes, and says why. */
int filenode_read(int fd, const char *path, const struct stat *st, struct owner_names *names,
                  struct arena *arena, struct node *out);

/* The same of a file whose ctime is that of `before`: nothing about it has changed since, so its attributes
 * are taken from there (and live as long). */
void filenode_unchanged(const struct stat *st, struct owner_names *names, const struct node *before,
                        struct node *out);

/* Puts owner, attributes, mode and times of a node on what `name` in `dirfd` is, never following a link. `fd`
 * is the same thing open, or -1 (symlinks, special files). With `skip_owner`, owners are left as they are
 * (not root). Goes on after a failure; ERR_PARTIAL names the last. */
int filenode_apply(int dirfd, const char *name, int fd, const struct node *node, bool skip_owner);

int64_t filenode_ns(struct timespec time);
struct timespec filenode_timespec(int64_t ns); /* and back */

#endif
