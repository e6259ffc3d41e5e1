/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/change.h"

#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/fd.h"

/* ---- taking a notification apart ---- */

static const struct file_handle *handle_in(const struct fanotify_event_info_fid *info, size_t length,
                                           const char **name)
{
    size_t before = offsetof(struct fanotify_event_info_fid, handle) + sizeof(struct file_handle);
    const struct file_handle *handle = (const void *)info->handle;
    if (length < before || handle->handle_bytes > length - before)
        return NULL;
    *name = (const char *)handle->f_handle + handle->handle_bytes;
    size_t room = length - before - handle->handle_bytes;
    if (room == 0 || !memchr(*name, '\0', room))
        *name = NULL;
    return handle;
}

static struct spot spot_of(const struct notify *n, const struct volume *v, const struct file_handle *folder,
                           const char *name)
{
    uint32_t node = catalog_find_node(n->catalog, volume_fingerprint(v, folder));
    return (struct spot){.folder = folder, .name = name, .node = name ? node : CATALOG_NONE};
}

void change_parse(struct notify *n, const struct fanotify_event_metadata *event, struct change *c)
{
    const char *at = (const char *)event + event->metadata_len;
    const char *end = (const char *)event + event->event_len;
    while ((size_t)(end - at) >= sizeof(struct fanotify_event_info_header)) {
        const struct fanotify_event_info_fid *info = (const void *)at;
        size_t length = info->hdr.len;
        const char *name = NULL;
        if (length < sizeof info->hdr || length > (size_t)(end - at))
            return;
        const struct file_handle *handle = handle_in(info, length, &name);
        if (handle && info->hdr.info_type == FAN_EVENT_INFO_TYPE_FID)
            c->child = handle;
        else if (handle && (info->hdr.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME ||
                            info->hdr.info_type == FAN_EVENT_INFO_TYPE_OLD_DFID_NAME))
            c->at = spot_of(n, c->volume, handle, name);
        else if (handle && info->hdr.info_type == FAN_EVENT_INFO_TYPE_NEW_DFID_NAME)
            c->to = spot_of(n, c->volume, handle, name);
        at += length;
    }
}

/* ---- looking at the file ---- */

int change_open_handle(const struct volume *v, const struct file_handle *handle, int flags)
{
    union {
        struct file_handle handle;
        char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } copy;
    if (handle->handle_bytes > MAX_HANDLE_SZ)
        return -1;
    memcpy(&copy, handle, sizeof *handle + handle->handle_bytes);
    return open_by_handle_at(v->folder_fd, &copy.handle, flags);
}

/* The file itself, else what has its name now. */
int change_open_child(const struct change *c, const struct spot *spot, int flags)
{
    if (c->child)
        return change_open_handle(c->volume, c->child, flags);
    int folder FD_AUTO = spot->folder ? change_open_handle(c->volume, spot->folder, O_PATH | O_CLOEXEC) : -1;
    return folder < 0 ? -1 : openat(folder, spot->name, flags);
}

bool change_look(int fd, struct stat *st)
{
    return fd >= 0 && fstat(fd, st) == 0;
}

struct filestate change_filestate(const struct stamp *stamp)
{
    return (struct filestate){.inode = stamp->inode, .size = stamp->size, .ctime_ns = stamp->ctime_ns};
}

uint32_t change_event_flags(const struct row *row)
{
    return (row->flags & ROW_FOLDER ? EVENT_FOLDER : 0u) | (row->flags & ROW_SYMLINK ? EVENT_SYMLINK : 0u) |
           (row->flags & ROW_DECOY ? EVENT_DECOY : 0u) | (row->flags & ROW_LINKED ? EVENT_LINKED : 0u) |
           (row->flags & ROW_FRESH ? EVENT_FRESH : 0u);
}

/* When only the ctime differs (a rename, link or chmod), the bytes are the same, and what was kept of them
 * still serves. */
static void set_row(struct notify *n, uint32_t number, const struct stamp *fresh, bool same_bytes)
{
    struct stamp old = watch_stamp(n, catalog_row(n->catalog, number));
    if (same_bytes && old.inode == fresh->inode && old.device == fresh->device && old.size == fresh->size &&
        old.mtime_ns == fresh->mtime_ns && old.ctime_ns != fresh->ctime_ns)
        kept_alias(n->s->kept, &old, fresh);
    catalog_set(n->catalog, number, fresh);
}

/* All names of a file have one stamp, whichever of them the event was about. */
void change_set_stamp(struct notify *n, uint32_t number, const struct stamp *fresh, bool same_bytes)
{
    const struct row *row = catalog_row(n->catalog, number);
    set_row(n, number, fresh, same_bytes);
    if (!(row->flags & ROW_LINKED))
        return;
    for (uint32_t at = catalog_find_inode(n->catalog, fresh->inode); at != CATALOG_NONE;) {
        struct row *other = catalog_row(n->catalog, at);
        if (other != row && other->mount == row->mount) {
            other->flags |= ROW_LINKED;
            set_row(n, at, fresh, same_bytes);
        }
        at = other->next;
    }
}

void change_restamp(struct notify *n, uint32_t number, const struct stat *st)
{
    struct row *row = catalog_row(n->catalog, number);
    struct stamp fresh = kept_stamp(st);
    row->flags =
        (uint16_t)((row->flags & ~ROW_LINKED) | (st->st_nlink > 1 && !S_ISDIR(st->st_mode) ? ROW_LINKED : 0));
    change_set_stamp(n, number, &fresh, true);
}

struct version change_rescue(struct notify *n, uint32_t number)
{
    const struct row *row = catalog_row(n->catalog, number);
    struct stamp stamp = watch_key(n, row);
    struct version version;
    char path[PATH_MAX];
    if ((row->flags & ~(ROW_DECOY | ROW_LINKED | ROW_FRESH | ROW_SEEN)) == 0 &&
        !kept_find(n->s->kept, &stamp, &version) && stamp.size > 0) {
        int fd FD_AUTO = ring_take(n->s->ring, stamp.device, stamp.inode);
        struct version copied;
        if (fd < 0 || !catalog_path(n->catalog, row->parent, row->name, path, sizeof path))
            return version;
        struct store_source source = {
            .fd = fd, .tree = catalog_tree_of(n->catalog, row->parent), .path = path};
        if (store_copy(n->s->store, &source, NULL, &copied) == 0) {
            version.kind = copied.kind;
            version.id = copied.id;
        }
        return version;
    }
    kept_find(n->s->kept, &stamp, &version);
    return version;
}
