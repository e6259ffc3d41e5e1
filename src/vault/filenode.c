/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/filenode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/filemeta.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_LIST  65536 /* the kernel's limits */
#define MAX_VALUE 65536

int64_t filenode_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

struct timespec filenode_timespec(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
    if (time.tv_nsec < 0) {
        time.tv_nsec += NS_PER_SECOND;
        time.tv_sec--;
    }
    return time;
}

static bool has_none(void)
{
    return errno == ENOTSUP || errno == EOPNOTSUPP || errno == ENODATA;
}

static ssize_t get_value(int fd, const char *path, const char *name, void *value)
{
    return fd >= 0 ? fgetxattr(fd, name, value, MAX_VALUE) : lgetxattr(path, name, value, MAX_VALUE);
}

/* The attributes of a list of names, NUL after each. */
static int read_values(int fd, const char *path, const char *list, size_t length, struct arena *arena,
                       struct node *out)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += list[i] == '\0';
    struct node_xattr *xattrs = arena_take(arena, count * sizeof *xattrs);
    char *value MEM_AUTO = mem_resize(NULL, MAX_VALUE, 1);
    out->xattrs = xattrs;
    for (const char *name = list; name < list + length; name += strlen(name) + 1) {
        ssize_t size = get_value(fd, path, name, value);
        if (size < 0 && has_none())
            continue; /* removed meanwhile */
        if (size < 0)
            return err_sys(_("cannot read the extended attribute %s of %s"), name, path);
        xattrs[out->xattr_count++] =
            (struct node_xattr){.name = arena_copy(arena, name, strlen(name)),
                                .value = (const uint8_t *)arena_copy(arena, value, (size_t)size),
                                .length = (size_t)size};
    }
    return 0;
}

static int read_xattrs(int fd, const char *path, struct arena *arena, struct node *out)
{
    char small[1024];
    char *list = small, *large MEM_AUTO = NULL;
    ssize_t length = fd >= 0 ? flistxattr(fd, small, sizeof small) : llistxattr(path, small, sizeof small);
    if (length < 0 && errno == ERANGE) {
        list = large = mem_resize(NULL, MAX_LIST, 1);
        length = fd >= 0 ? flistxattr(fd, large, MAX_LIST) : llistxattr(path, large, MAX_LIST);
    }
    if (length <= 0)
        return length == 0 || has_none() ? 0 : err_sys(_("cannot list the extended attributes of %s"), path);
    return read_values(fd, path, list, (size_t)length, arena, out);
}

static int read_target(const char *path, const struct stat *st, struct arena *arena, struct node *out)
{
    size_t room = st->st_size > 0 && st->st_size < 65536 ? (size_t)st->st_size + 1 : 65536;
    char *target MEM_AUTO = mem_resize(NULL, room, 1);
    ssize_t length = readlink(path, target, room);
    if (length < 0)
        return err_sys(_("cannot read the link %s"), path);
    if ((size_t)length == room)
        return err_set(ERR_CHANGED, _("the link %s changed while it was read"), path);
    out->target = arena_copy(arena, target, (size_t)length);
    out->target_length = (size_t)length;
    return 0;
}

static void read_stat(const struct stat *st, struct owner_names *names, struct node *out)
{
    *out = (struct node){
        .type = node_type_of_mode(st->st_mode),
        .mode = st->st_mode,
        .mtime_ns = filenode_ns(st->st_mtim),
        .atime_ns = filenode_ns(st->st_mtim), /* restic's default: the access time would change every tree */
        .ctime_ns = filenode_ns(st->st_ctim),
        .uid = st->st_uid,
        .gid = st->st_gid,
        .user = owner_user(names, st->st_uid),
        .group = owner_group(names, st->st_gid),
        .inode = st->st_ino,
        .device_id = st->st_dev,
        .target = "",
    };
    if (out->type != NODE_DIR && out->type != NODE_FIFO)
        out->links = st->st_nlink;
    if (out->type == NODE_DEV || out->type == NODE_CHARDEV)
        out->device = st->st_rdev;
    if (out->type == NODE_FILE)
        out->size = (uint64_t)st->st_size;
}

void filenode_unchanged(const struct stat *st, struct owner_names *names, const struct node *before,
                        struct node *out)
{
    read_stat(st, names, out);
    out->xattrs = before->xattrs;
    out->xattr_count = before->xattr_count;
}

int filenode_read(int fd, const char *path, const struct stat *st, struct owner_names *names,
                  struct arena *arena, struct node *out)
{
    read_stat(st, names, out);
    int err = out->type == NODE_SYMLINK ? read_target(path, st, arena, out) : 0;
    return err ? err : read_xattrs(fd, path, arena, out);
}

/* Through /proc, because there is no lsetxattrat: the path names the folder by its descriptor. */
static int put_xattr(int dirfd, const char *name, int fd, const struct node_xattr *xattr)
{
    if (fd >= 0)
        return fsetxattr(fd, xattr->name, xattr->value, xattr->length, 0);
    char *path MEM_AUTO = mem_printf("/proc/self/fd/%d/%s", dirfd, name);
    return lsetxattr(path, xattr->name, xattr->value, xattr->length, 0);
}

static int apply_open(int fd, const struct node *node)
{
    struct filemeta meta = {.mode = node->mode,
                            .uid = node->uid,
                            .gid = node->gid,
                            .atime_ns = node->atime_ns,
                            .mtime_ns = node->mtime_ns,
                            .xattr_count = node->xattr_count};
    meta.xattrs = mem_zalloc(node->xattr_count, sizeof *meta.xattrs);
    for (size_t i = 0; i < node->xattr_count; i++)
        meta.xattrs[i] = (struct filemeta_xattr){.name = (char *)(uintptr_t)node->xattrs[i].name,
                                                 .value = (uint8_t *)(uintptr_t)node->xattrs[i].value,
                                                 .length = node->xattrs[i].length};
    int err = filemeta_apply(fd, &meta);
    free(meta.xattrs);
    return err;
}

int filenode_apply(int dirfd, const char *name, int fd, const struct node *node, bool skip_owner)
{
    if (fd >= 0 && !skip_owner)
        return apply_open(fd, node);
    int err = 0;
    if (!skip_owner && fchownat(dirfd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) != 0)
        err = err_sys(_("cannot set the owner of %s"), name);
    for (size_t i = 0; i < node->xattr_count; i++)
        if (put_xattr(dirfd, name, fd, &node->xattrs[i]) != 0)
            err = err_sys(_("cannot set the extended attribute %s of %s"), node->xattrs[i].name, name);
    mode_t mode = node->mode & 07777;
    if (node->type != NODE_SYMLINK && (fd >= 0 ? fchmod(fd, mode) : fchmodat(dirfd, name, mode, 0)) != 0)
        err = err_sys(_("cannot set the mode of %s"), name);
    struct timespec times[2] = {filenode_timespec(node->atime_ns), filenode_timespec(node->mtime_ns)};
    if (utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        err = err_sys(_("cannot set the times of %s"), name);
    return err ? ERR_PARTIAL : 0;
}
