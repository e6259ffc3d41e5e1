/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The content of a file, from its chunks back to a file.
 */
#ifndef VAULT_CONTENT_H
#define VAULT_CONTENT_H

#include "vault/node.h"
#include "vault/vault.h"

/* Writes the chunks into the empty file `fd`; chunks of zeros become holes. ERR_CORRUPT when they do not add
 * up to the node's size. `path` is for texts. */
int content_write(struct loader *loader, const struct node *node, int fd, const char *path);
/* Brings the file `fd`, which has some content, to the node's: chunks that are there already are not written
 * again, and the file gets its length. Before the first change it gets mode 0600, so that a half-written file
 * is not taken for a whole one. *written counts the bytes. With `dry_run` it counts alone. */
int content_update(const struct vault *vault, struct loader *loader, const struct node *node, int fd,
                   bool dry_run, const char *path, uint64_t *written);
/* Reads the file again and compares each chunk with its name. ERR_CORRUPT when one differs. */
int content_verify(const struct vault *vault, const struct node *node, int fd, const char *path);

#endif
