/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * POSIX access lists as Linux keeps them in the attributes system.posix_acl_access and _default.
 *
 *     u32 version (2) | entry...          entry: u16 tag | u16 permissions (r 4, w 2, x 1) | u32 user or
 * group
 *
 * Integers are little-endian. Source: Linux, include/uapi/linux/posix_acl_xattr.h.
 */
#ifndef VAULT_ACL_H
#define VAULT_ACL_H

#include <stddef.h>
#include <stdint.h>

#define ACL_MAX_ENTRIES 8192 /* what 64 KiB hold */

enum acl_tag {
    ACL_OWNER = 0x01,
    ACL_USER = 0x02,
    ACL_OWNING_GROUP = 0x04,
    ACL_GROUP = 0x08,
    ACL_MASK_TAG = 0x10,
    ACL_OTHERS = 0x20
};

struct acl_item {
    enum acl_tag tag;
    unsigned permissions;
    uint32_t id; /* of ACL_USER and ACL_GROUP */
};

/* Reads a list; *items is the caller's to free. ERR_CORRUPT when it is malformed. */
int acl_decode(const void *bytes, size_t length, struct acl_item **items, size_t *count);

#endif
