/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/filemeta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

static int64_t to_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
    struct timespec time = {.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
    if (time.tv_nsec < 0) {
        time.tv_nsec += NS_PER_SECOND;
        time.tv_sec--;
    }
    return time;
}

static bool xattrs_absent(void)
{
    return errno == ENOTSUP || errno == EOPNOTSUPP;
}

/* The list of names, NUL after each; the file may change between the two calls, so it is tried again. */
static int list_names(int fd, struct buf *names)
{
    for (int tries = 0; tries < 8; tries++) {
        ssize_t wanted = flistxattr(fd, NULL, 0);
        if (wanted == 0 || (wanted < 0 && xattrs_absent()))
            return 0;
        if (wanted < 0)
            return err_sys(_("cannot list the extended attributes"));
        buf_clear(names);
        char *place = buf_reserve(names, (size_t)wanted);
        if (!place)
            return err_set(ERR_TOO_LARGE, _("too many extended attributes"));
        ssize_t got = flistxattr(fd, place, (size_t)wanted);
        if (got >= 0) {
            names->length = (size_t)got;
            return 0;
        }
        if (errno != ERANGE)
            return err_sys(_("cannot list the extended attributes"));
    }
    return err_set(ERR_CHANGED, _("the extended attributes keep changing"));
}

static int read_value(int fd, const char *name, struct filemeta *out)
{
    uint8_t value[65536];
    ssize_t length = fgetxattr(fd, name, value, sizeof value);
    if (length < 0)
        return errno == ENODATA ? 0 : err_sys(_("cannot read the extended attribute %s"), name);
    if (out->xattr_count >= FILEMETA_MAX_XATTRS)
        return err_set(ERR_TOO_LARGE, _("too many extended attributes"));
    out->xattrs = mem_resize(out->xattrs, out->xattr_count + 1, sizeof *out->xattrs);
    out->xattrs[out->xattr_count++] = (struct filemeta_xattr){
        .name = mem_strdup(name), .value = mem_dup(value, (size_t)length), .length = (size_t)length};
    return 0;
}

int filemeta_read(int fd, struct filemeta *out)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_sys(_("cannot look at the file"));
    struct filemeta meta = {.mode = st.st_mode,
                            .uid = st.st_uid,
                            .gid = st.st_gid,
                            .atime_ns = to_ns(st.st_atim),
                            .mtime_ns = to_ns(st.st_mtim)};
    struct buf names BUF_AUTO;
    buf_init(&names, FILEMETA_MAX_BYTES);
    int err = list_names(fd, &names);
    for (size_t at = 0; !err && at < names.length;) {
        const char *name = (const char *)names.data + at;
        size_t length = strnlen(name, names.length - at);
        if (at + length == names.length)
            break; /* not ended by a NUL: the kernel never does this */
        err = read_value(fd, name, &meta);
        at += length + 1;
    }
    if (err)
        filemeta_free(&meta);
    else
        *out = meta;
    return err;
}

static bool has_xattr(const struct filemeta *meta, const char *name)
{
    for (size_t i = 0; i < meta->xattr_count; i++)
        if (strcmp(meta->xattrs[i].name, name) == 0)
            return true;
    return false;
}

static int remove_others(int fd, const struct filemeta *meta)
{
    struct buf names BUF_AUTO;
    buf_init(&names, FILEMETA_MAX_BYTES);
    int err = list_names(fd, &names);
    for (size_t at = 0; at < names.length;) {
        const char *name = (const char *)names.data + at;
        size_t length = strnlen(name, names.length - at);
        if (at + length == names.length)
            break;
        if (!has_xattr(meta, name) && fremovexattr(fd, name) != 0 && errno != ENODATA && !xattrs_absent())
            err = err_sys(_("cannot remove the extended attribute %s"), name);
        at += length + 1;
    }
    return err;
}

int filemeta_apply(int fd, const struct filemeta *meta)
{
    int err = 0;
    if (fchown(fd, meta->uid, meta->gid) != 0)
        err = err_sys(_("cannot set the owner"));
    if (remove_others(fd, meta) != 0)
        err = ERR_PARTIAL;
    for (size_t i = 0; i < meta->xattr_count; i++) {
        const struct filemeta_xattr *x = &meta->xattrs[i];
        if (fsetxattr(fd, x->name, x->value, x->length, 0) != 0)
            err = err_sys(_("cannot set the extended attribute %s"), x->name);
    }
    /* After the ACL, whose mask is the group part of the mode; after the owner, which clears setuid. */
    if (fchmod(fd, meta->mode & 07777) != 0)
        err = err_sys(_("cannot set the mode"));
    struct timespec times[2] = {from_ns(meta->atime_ns), from_ns(meta->mtime_ns)};
    if (futimens(fd, times) != 0)
        err = err_sys(_("cannot set the times"));
    return err ? ERR_PARTIAL : 0;
}

void filemeta_free(struct filemeta *meta)
{
    if (!meta)
        return;
    for (size_t i = 0; i < meta->xattr_count; i++) {
        free(meta->xattrs[i].name);
        free(meta->xattrs[i].value);
    }
    free(meta->xattrs);
    *meta = (struct filemeta){0};
}

void filemeta_encode(const struct filemeta *meta, struct buf *out)
{
    buf_put_u32(out, meta->mode);
    buf_put_u32(out, meta->uid);
    buf_put_u32(out, meta->gid);
    buf_put_u64(out, (uint64_t)meta->atime_ns);
    buf_put_u64(out, (uint64_t)meta->mtime_ns);
    buf_put_u32(out, (uint32_t)meta->xattr_count);
    for (size_t i = 0; i < meta->xattr_count; i++) {
        buf_put_string(out, meta->xattrs[i].name);
        buf_put_blob(out, meta->xattrs[i].value, meta->xattrs[i].length);
    }
}

void filemeta_decode(struct reader *r, struct filemeta *out)
{
    struct filemeta meta = {0};
    meta.mode = reader_u32(r);
    meta.uid = reader_u32(r);
    meta.gid = reader_u32(r);
    meta.atime_ns = (int64_t)reader_u64(r);
    meta.mtime_ns = (int64_t)reader_u64(r);
    uint32_t count = reader_u32(r);
    if (count > FILEMETA_MAX_XATTRS)
        r->failed = true;
    for (uint32_t i = 0; !r->failed && i < count; i++) {
        size_t length;
        char *name = reader_string_new(r, 255);
        const uint8_t *value = reader_blob(r, &length);
        if (!value || length > 65536) {
            r->failed = true;
            free(name);
            break;
        }
        meta.xattrs = mem_resize(meta.xattrs, meta.xattr_count + 1, sizeof *meta.xattrs);
        meta.xattrs[meta.xattr_count++] =
            (struct filemeta_xattr){.name = name, .value = mem_dup(value, length), .length = length};
    }
    if (r->failed)
        filemeta_free(&meta);
    *out = meta;
}
