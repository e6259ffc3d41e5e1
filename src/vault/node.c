/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/mem.h"
#include "vault/gojson.h"
#include "vault/utf8.h"

#define GO_DIR     (1u << 31)
#define GO_SYMLINK (1u << 27)
#define GO_DEVICE  (1u << 26)
#define GO_FIFO    (1u << 25)
#define GO_SOCKET  (1u << 24)
#define GO_SETUID  (1u << 23)
#define GO_SETGID  (1u << 22)
#define GO_CHAR    (1u << 21)
#define GO_STICKY  (1u << 20)

static const struct kind {
    const char *name;
    uint32_t st_mode, go;
} kinds[] = {
    [NODE_OTHER] = {"", 0, 0},
    [NODE_FILE] = {"file", S_IFREG, 0},
    [NODE_DIR] = {"dir", S_IFDIR, GO_DIR},
    [NODE_SYMLINK] = {"symlink", S_IFLNK, GO_SYMLINK},
    [NODE_DEV] = {"dev", S_IFBLK, GO_DEVICE},
    [NODE_CHARDEV] = {"chardev", S_IFCHR, GO_DEVICE | GO_CHAR},
    [NODE_FIFO] = {"fifo", S_IFIFO, GO_FIFO},
    [NODE_SOCKET] = {"socket", S_IFSOCK, GO_SOCKET},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const char *node_type_name(enum node_type type)
{
    return kinds[type].name;
}

enum node_type node_type_of_mode(uint32_t st_mode)
{
    for (size_t i = 1; i < KIND_COUNT; i++)
        if ((st_mode & S_IFMT) == kinds[i].st_mode)
            return (enum node_type)i;
    return NODE_OTHER;
}

uint32_t node_mode_to_go(uint32_t st_mode)
{
    uint32_t go = (st_mode & 0777) | kinds[node_type_of_mode(st_mode)].go;
    go |= st_mode & S_ISUID ? GO_SETUID : 0;
    go |= st_mode & S_ISGID ? GO_SETGID : 0;
    go |= st_mode & S_ISVTX ? GO_STICKY : 0;
    return go;
}

uint32_t node_mode_from_go(uint32_t go_mode, enum node_type type)
{
    uint32_t mode = (go_mode & 0777) | kinds[type].st_mode;
    mode |= go_mode & GO_SETUID ? S_ISUID : 0;
    mode |= go_mode & GO_SETGID ? S_ISGID : 0;
    mode |= go_mode & GO_STICKY ? S_ISVTX : 0;
    return mode;
}

#define PUT(out, literal) buf_put(out, literal, sizeof(literal) - 1)

static void put_count(struct buf *out, const char *key, uint64_t value)
{
    buf_put(out, key, strlen(key));
    gojson_put_u64(out, value);
}

static void put_optional(struct buf *out, const char *key, uint64_t value)
{
    if (value)
        put_count(out, key, value);
}

static void put_word(struct buf *out, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    buf_put(out, key, strlen(key));
    gojson_put_text(out, value);
}

static void put_xattrs(const struct node *node, struct buf *out)
{
    if (node->xattr_count == 0)
        return;
    PUT(out, ",\"extended_attributes\":[");
    for (size_t i = 0; i < node->xattr_count; i++) {
        PUT(out, "{\"name\":");
        gojson_put_text(out, node->xattrs[i].name);
        PUT(out, ",\"value\":\"");
        base64_encode(node->xattrs[i].value, node->xattrs[i].length, out);
        buf_put(out, "\"},", i + 1 < node->xattr_count ? 3 : 2);
    }
    PUT(out, "]");
}

static void put_raw_target(const struct node *node, struct buf *out)
{
    if (utf8_is_valid((const uint8_t *)node->target, node->target_length))
        return;
    PUT(out, ",\"linktarget_raw\":\"");
    base64_encode(node->target, node->target_length, out);
    PUT(out, "\"");
}

static void put_content(const struct node *node, struct buf *out)
{
    if (node->type != NODE_FILE) {
        PUT(out, ",\"content\":null");
        return;
    }
    PUT(out, ",\"content\":[");
    for (size_t i = 0; i < node->content_count; i++) {
        if (i)
            PUT(out, ",");
        gojson_put_hex(out, node->content[i], SHA256_SIZE);
    }
    PUT(out, "]");
}

void node_put_facts(const struct node *node, struct buf *out)
{
    PUT(out, ",\"type\":");
    gojson_put_text(out, node_type_name(node->type));
    put_optional(out, ",\"mode\":", node_mode_to_go(node->mode));
    PUT(out, ",\"mtime\":");
    gojson_put_time(out, node->mtime_ns);
    PUT(out, ",\"atime\":");
    gojson_put_time(out, node->atime_ns);
    PUT(out, ",\"ctime\":");
    gojson_put_time(out, node->ctime_ns);
    put_count(out, ",\"uid\":", node->uid);
    put_count(out, ",\"gid\":", node->gid);
    put_word(out, ",\"user\":", node->user);
    put_word(out, ",\"group\":", node->group);
    put_optional(out, ",\"inode\":", node->inode);
    put_optional(out, ",\"device_id\":", node->device_id);
    put_optional(out, ",\"size\":", node->size);
    put_optional(out, ",\"links\":", node->links);
    if (node->target_length == 0)
        return;
    PUT(out, ",\"linktarget\":");
    gojson_put_string(out, node->target, node->target_length);
}

void node_encode(const struct node *node, struct buf *out)
{
    PUT(out, "{\"name\":");
    gojson_put_name(out, node->name, node->name_length);
    node_put_facts(node, out);
    put_raw_target(node, out);
    put_xattrs(node, out);
    put_optional(out, ",\"device\":", node->device);
    put_content(node, out);
    if (node->has_subtree) {
        PUT(out, ",\"subtree\":");
        gojson_put_hex(out, node->subtree, SHA256_SIZE);
    }
    PUT(out, "}");
}

static void bad(struct jsonread *j)
{
    j->failed = true;
    j->at = j->end;
}

/* A string into the arena; a NUL inside is refused, for it would end the name early. */
static const char *text(struct jsonread *j, struct arena *arena, struct buf *scratch, size_t *length)
{
    jsonread_string(j, scratch);
    if (scratch->length > NODE_MAX_STRING ||
        memchr(scratch->data ? scratch->data : (uint8_t *)"x", 0, scratch->length))
        bad(j);
    if (j->failed)
        return "";
    if (length)
        *length = scratch->length;
    return arena_copy(arena, scratch->data, scratch->length);
}

static void read_name(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node *out)
{
    jsonread_string(j, scratch);
    if (j->failed || scratch->length == 0 || scratch->length > 4 * NODE_MAX_NAME) {
        bad(j);
        return;
    }
    long length = gojson_unquote((char *)scratch->data, scratch->length);
    const char *bytes = (const char *)scratch->data;
    if (length < 1 || length > NODE_MAX_NAME || memchr(bytes, '/', (size_t)length) ||
        memchr(bytes, 0, (size_t)length) || (length == 1 && bytes[0] == '.') ||
        (length == 2 && bytes[0] == '.' && bytes[1] == '.')) {
        bad(j);
        return;
    }
    out->name = arena_copy(arena, bytes, (size_t)length);
    out->name_length = (size_t)length;
}

static int64_t read_time(struct jsonread *j, struct buf *scratch)
{
    int64_t ns = 0;
    jsonread_string(j, scratch);
    if (scratch->length && !gojson_time((const char *)scratch->data, scratch->length, &ns))
        bad(j);
    return ns;
}

static uint32_t read_u32(struct jsonread *j)
{
    uint64_t value = jsonread_u64(j);
    if (value > UINT32_MAX)
        bad(j);
    return (uint32_t)value;
}

static enum node_type read_type(struct jsonread *j, struct buf *scratch)
{
    jsonread_string(j, scratch);
    for (size_t i = 1; i < KIND_COUNT; i++)
        if (strlen(kinds[i].name) == scratch->length &&
            memcmp(kinds[i].name, scratch->data, scratch->length) == 0)
            return (enum node_type)i;
    return NODE_OTHER;
}

static const uint8_t *read_base64(struct jsonread *j, struct arena *arena, struct buf *scratch,
                                  size_t *length)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, NODE_MAX_STRING);
    jsonread_string(j, scratch);
    *length = 0;
    if (scratch->length && base64_decode((const char *)scratch->data, scratch->length, &plain) != 0)
        bad(j);
    if (j->failed || plain.overflowed)
        return (const uint8_t *)"";
    *length = plain.length;
    return (const uint8_t *)arena_copy(arena, plain.data, plain.length);
}

static void read_xattr(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node_xattr *out)
{
    struct jsonread_key key;
    *out = (struct node_xattr){.name = "", .value = (const uint8_t *)""};
    jsonread_object(j);
    while (jsonread_key(j, &key)) {
        if (jsonread_is(key, "name"))
            out->name = text(j, arena, scratch, NULL);
        else if (jsonread_is(key, "value"))
            out->value = read_base64(j, arena, scratch, &out->length);
        else
            jsonread_skip(j);
    }
}

static void read_xattrs(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node *out)
{
    if (jsonread_null(j))
        return;
    struct node_xattr *list = NULL;
    size_t count = 0;
    jsonread_array(j);
    while (jsonread_element(j)) {
        if (count >= NODE_MAX_XATTRS) {
            bad(j);
            break;
        }
        if ((count & (count - 1)) == 0)
            list = mem_resize(list, count ? 2 * count : 1, sizeof *list);
        read_xattr(j, arena, scratch, &list[count++]);
    }
    if (count) {
        struct node_xattr *kept = arena_take(arena, count * sizeof *kept);
        memcpy(kept, list, count * sizeof *kept);
        out->xattrs = kept;
        out->xattr_count = count;
    }
    free(list);
}

static void read_content(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node *out)
{
    if (jsonread_null(j))
        return;
    buf_clear(scratch);
    uint8_t(*list)[SHA256_SIZE] = NULL;
    size_t count = 0, room = 0;
    jsonread_array(j);
    while (jsonread_element(j)) {
        if (count == room) {
            room = room ? 2 * room : 4;
            list = mem_resize(list, room, sizeof *list);
        }
        jsonread_hex(j, list[count++], SHA256_SIZE);
    }
    out->content = (const uint8_t(*)[SHA256_SIZE])(void *)arena_copy(arena, list, count * SHA256_SIZE);
    out->content_count = count;
    free(list);
}

/* One member of the node's object; false when the key is none that matters. */
static bool read_number(struct jsonread *j, struct jsonread_key key, struct node *out)
{
    if (jsonread_is(key, "uid"))
        out->uid = read_u32(j);
    else if (jsonread_is(key, "gid"))
        out->gid = read_u32(j);
    else if (jsonread_is(key, "inode"))
        out->inode = jsonread_u64(j);
    else if (jsonread_is(key, "device_id"))
        out->device_id = jsonread_u64(j);
    else if (jsonread_is(key, "size"))
        out->size = jsonread_u64(j);
    else if (jsonread_is(key, "links"))
        out->links = jsonread_u64(j);
    else if (jsonread_is(key, "device"))
        out->device = jsonread_u64(j);
    else
        return false;
    return true;
}

static bool read_text(struct jsonread *j, struct jsonread_key key, struct arena *arena, struct buf *scratch,
                      struct node *out, const char **raw, size_t *raw_length)
{
    if (jsonread_is(key, "name"))
        read_name(j, arena, scratch, out);
    else if (jsonread_is(key, "type"))
        out->type = read_type(j, scratch);
    else if (jsonread_is(key, "mtime"))
        out->mtime_ns = read_time(j, scratch);
    else if (jsonread_is(key, "atime"))
        out->atime_ns = read_time(j, scratch);
    else if (jsonread_is(key, "ctime"))
        out->ctime_ns = read_time(j, scratch);
    else if (jsonread_is(key, "user"))
        out->user = text(j, arena, scratch, NULL);
    else if (jsonread_is(key, "group"))
        out->group = text(j, arena, scratch, NULL);
    else if (jsonread_is(key, "linktarget"))
        out->target = text(j, arena, scratch, &out->target_length);
    else if (jsonread_is(key, "linktarget_raw"))
        *raw = (const char *)read_base64(j, arena, scratch, raw_length);
    else
        return false;
    return true;
}

void node_decode(struct jsonread *j, struct arena *arena, struct buf *scratch, struct node *out)
{
    struct jsonread_key key;
    struct node node = {.name = "", .user = "", .group = "", .target = ""};
    const char *raw = NULL;
    size_t raw_length = 0;
    uint32_t go_mode = 0;
    jsonread_object(j);
    while (jsonread_key(j, &key)) {
        if (read_text(j, key, arena, scratch, &node, &raw, &raw_length) || read_number(j, key, &node))
            continue;
        if (jsonread_is(key, "mode"))
            go_mode = read_u32(j);
        else if (jsonread_is(key, "content"))
            read_content(j, arena, scratch, &node);
        else if (jsonread_is(key, "extended_attributes"))
            read_xattrs(j, arena, scratch, &node);
        else if (jsonread_is(key, "subtree") && !jsonread_null(j)) {
            jsonread_hex(j, node.subtree, SHA256_SIZE);
            node.has_subtree = true;
        } else if (!jsonread_is(key, "subtree"))
            jsonread_skip(j);
    }
    if (raw && raw_length && !memchr(raw, 0, raw_length)) {
        node.target = raw;
        node.target_length = raw_length;
    }
    node.mode = node_mode_from_go(go_mode, node.type);
    if (node.name_length == 0 || (node.type == NODE_DIR && !node.has_subtree))
        bad(j);
    *out = node;
}
