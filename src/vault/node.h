/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A node: one name in a folder of a snapshot, with all that is known about it but the bytes.
 *
 *     {"name","type","mode"?,"mtime","atime","ctime","uid","gid","user"?,"group"?,"inode"?,"device_id"?,"size"?,
 *      "links"?,"linktarget"?,"linktarget_raw"?,"extended_attributes"?[{"name","value"}],"device"?,"content",
 *      "subtree"?}
 *
 * Fields marked ? are left out when empty or zero. `mode` is Go's FileMode. Source: restic's
 * internal/restic/node.go as read by its versions 0.14 and 0.19.
 */
#ifndef VAULT_NODE_H
#define VAULT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/sha256.h"
#include "vault/arena.h"
#include "vault/jsonread.h"

enum node_type {
    NODE_OTHER,
    NODE_FILE,
    NODE_DIR,
    NODE_SYMLINK,
    NODE_DEV,
    NODE_CHARDEV,
    NODE_FIFO,
    NODE_SOCKET
};

#define NODE_MAX_NAME    4096        /* the kernel allows 255; other systems' names are longer in UTF-8 */
#define NODE_MAX_STRING  (1u << 20)  /* link targets, user names, attribute names */
#define NODE_MAX_CONTENT (64u << 20) /* chunks of one file */
#define NODE_MAX_XATTRS  4096

struct node_xattr {
    const char *name;
    const uint8_t *value;
    size_t length;
};

struct node {
    const char *name; /* raw bytes with a NUL behind, no NUL inside, no slash, neither "." nor ".." */
    size_t name_length;
    enum node_type type;
    uint32_t mode; /* as st_mode, with the type */
    int64_t mtime_ns, atime_ns, ctime_ns;
    uint32_t uid, gid;
    const char *user, *group; /* "" when unknown */
    uint64_t inode, device_id, size, links;
    const char *target; /* of a symlink, raw bytes; "" for others */
    size_t target_length;
    const struct node_xattr *xattrs;
    size_t xattr_count;
    uint64_t device;                       /* st_rdev of a device */
    const uint8_t (*content)[SHA256_SIZE]; /* the chunks of a file */
    size_t content_count;
    bool has_subtree;
    uint8_t subtree[SHA256_SIZE]; /* of a folder */
    const char *text; /* its JSON, in the bytes that it was read from, and as long as they are there */
    size_t text_length;
};

/* "file", "dir", ... and back (NODE_OTHER for an unknown word). */
const char *node_type_name(enum node_type type);
enum node_type node_type_of_mode(uint32_t st_mode);

/* Go's os.FileMode and st_mode. What has no counterpart is dropped. */
uint32_t node_mode_to_go(uint32_t st_mode);
uint32_t node_mode_from_go(uint32_t go_mode, enum node_type type);

/* Appends the JSON of a node. */
void node_encode(const struct node *node, struct buf *out);
/* Reads one node; its strings and lists live in `arena`. A malformed node, or one with a name that could lead
 * out of its folder, makes the reader fail. `scratch` is any initialized buffer with a limit of at least
 * NODE_MAX_STRING. */
void node_decode(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node *out);

#endif
