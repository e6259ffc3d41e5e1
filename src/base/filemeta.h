/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything about a file but its bytes and its name: owner, mode, times, extended attributes. POSIX ACLs
 * are the attributes system.posix_acl_access and system.posix_acl_default, so they are in it too.
 */
#ifndef BASE_FILEMETA_H
#define BASE_FILEMETA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"

#define FILEMETA_MAX_XATTRS 256
#define FILEMETA_MAX_BYTES                                                                                   \
    (1u << 20) /* of all names and values together; the kernel allows 64 KiB per value */

struct filemeta {
    uint32_t mode; /* st_mode, with the type */
    uint32_t uid, gid;
    int64_t atime_ns, mtime_ns;
    size_t xattr_count;
    struct filemeta_xattr {
        char *name;
        uint8_t *value;
        size_t length;
    } * xattrs; /* owned */
};

/* Reads it from an open file or folder (not O_PATH). Attributes that the file system does not have are none.
 */
int filemeta_read(int fd, struct filemeta *out);
/* Puts it on an open file or folder: owner, attributes (those it has beyond these are removed), mode, then
 * times. Goes on after a failure, so that as much as possible is right; ERR_PARTIAL names the last one. */
int filemeta_apply(int fd, const struct filemeta *meta);
void filemeta_free(struct filemeta *meta); /* frees what it owns; NULL is fine */

void filemeta_encode(const struct filemeta *meta, struct buf *out);
/* A malformed encoding sets r->failed and leaves *out empty. */
void filemeta_decode(struct reader *r, struct filemeta *out);

#endif
