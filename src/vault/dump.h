/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing a file or folder of a snapshot to a descriptor: a file as it is, a folder as an archive. Nothing of
 * it ever lies unpacked on this machine.
 *
 * A tar archive has pax headers: times to the nanosecond, owners by name and number, extended attributes as
 * SCHILY.xattr.*, access lists as SCHILY.acl.*. A zip archive has times, modes and links.
 */
#ifndef VAULT_DUMP_H
#define VAULT_DUMP_H

#include "vault/node.h"
#include "vault/vault.h"

enum dump_format { DUMP_TAR, DUMP_ZIP };

struct vault_dump_options {
    enum dump_format format;
    int fd;
    void *context;
    /* Something cannot be in such an archive, or not all that is known of it; err_text() says what. The
     * archive goes on.
     */
    void (*on_problem)(void *context, const char *path, int err);
};

/* Writes the bytes of a file; `path` is for texts. */
int dump_file(struct loader *loader, const struct node *node, const char *path, int fd);
/* Writes all that lies in the folder `id`, which is at `path` of the snapshot ("" for its root), with paths
 * from that root and without the first slash. 0; ERR_PARTIAL when problems were told; with any other error
 * the archive is not whole. */
int dump_folder(struct loader *loader, const uint8_t id[static SHA256_SIZE], const char *path,
                const struct vault_dump_options *options);

#endif
