/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: what one notification says. Notifications lag behind the disk, so a name may mean another
 * file by now: where the kernel gives the child's handle, that is what is opened.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"
#include "sensor/decoys.h"
#include "sensor/draw.h"
#include "sensor/watch.h"

#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOATIME | O_NOFOLLOW | O_CLOEXEC)

/* A name in a folder as an event gives it. */
struct spot {
    const struct file_handle *folder; /* NULL: not given */
    const char *name;
    uint32_t node; /* CATALOG_NONE: not in our trees */
};

struct change {
    uint64_t mask;
    int32_t pid;
    const struct volume *volume;
    struct spot at, to; /* `to` of a rename */
    const struct file_handle *child;
};

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

static void parse(struct notify *n, const struct fanotify_event_metadata *event, struct change *c)
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

static int open_handle(const struct volume *v, const struct file_handle *handle, int flags)
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
static int open_child(const struct change *c, const struct spot *spot, int flags)
{
    if (c->child)
        return open_handle(c->volume, c->child, flags);
    int folder FD_AUTO = spot->folder ? open_handle(c->volume, spot->folder, O_PATH | O_CLOEXEC) : -1;
    return folder < 0 ? -1 : openat(folder, spot->name, flags);
}

static bool look(int fd, struct stat *st)
{
    return fd >= 0 && fstat(fd, st) == 0;
}

static struct filestate state_of(const struct stamp *stamp)
{
    return (struct filestate){.inode = stamp->inode, .size = stamp->size, .ctime_ns = stamp->ctime_ns};
}

static uint32_t event_flags(const struct row *row)
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
static void set_stamp(struct notify *n, uint32_t number, const struct stamp *fresh, bool same_bytes)
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

static void restamp(struct notify *n, uint32_t number, const struct stat *st)
{
    struct row *row = catalog_row(n->catalog, number);
    struct stamp fresh = kept_stamp(st);
    row->flags =
        (uint16_t)((row->flags & ~ROW_LINKED) | (st->st_nlink > 1 && !S_ISDIR(st->st_mode) ? ROW_LINKED : 0));
    set_stamp(n, number, &fresh, true);
}

struct version changes_rescue(struct notify *n, uint32_t number)
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

/* ---- names that appear and vanish ---- */

/* Puts a name into the catalog; false when it cannot be told what it is. */
static bool enter(struct notify *n, const struct change *c, const struct spot *spot, int fd,
                  const struct stat *st, uint32_t *out)
{
    uint64_t handle;
    uint32_t number = catalog_add(n->catalog, spot->node, spot->name, scan_row_flags(st));
    int mount = watch_mount(n, fd, st);
    struct row *row = catalog_row(n->catalog, number);
    row->mount = (uint16_t)(mount < 0 ? 0 : mount);
    restamp(n, number, st);
    if (decoys_is_one(spot->name) && catalog_node(n->catalog, spot->node)->row == CATALOG_NONE &&
        n->s->trees[catalog_tree_of(n->catalog, spot->node)].decoys)
        row->flags |= ROW_DECOY;
    if (c->child ? (handle = volume_fingerprint(c->volume, c->child), true)
                 : volume_find_handle(c->volume, fd, "", &handle)) {
        if (row->flags & ROW_FOLDER)
            catalog_add_node(n->catalog, number, handle);
        else
            catalog_know(n->catalog, handle);
    }
    *out = number;
    return true;
}

static void tell_created(struct notify *n, uint32_t number, const struct spot *spot, int32_t pid, int fd)
{
    struct row *row = catalog_row(n->catalog, number);
    struct stamp stamp = watch_stamp(n, row);
    if (!watch_begin(n, EVENT_CREATED, event_flags(row), spot->node, spot->name))
        return;
    n->event.after = state_of(&stamp);
    if (fd >= 0 && !(row->flags & (ROW_FOLDER | ROW_SYMLINK | ROW_SPECIAL)))
        draw_sketch(fd, stamp.size, false, &n->event.new_sketch);
    watch_emit(n, pid, NULL);
}

static void forget_name(struct notify *n, uint32_t number)
{
    struct row *row = catalog_row(n->catalog, number);
    if (!(row->flags & ROW_LINKED))
        writers_forget(n->s->writers, n->mounts[row->mount].device, row->inode);
    catalog_remove(n->catalog, number);
}

/* Another name of the file that lost one; CATALOG_NONE when the tree knows of none. */
static uint32_t find_name_left(const struct notify *n, uint32_t number)
{
    const struct row *row = catalog_row(n->catalog, number), *other;
    uint32_t at = row->flags & ROW_LINKED ? catalog_find_inode(n->catalog, row->inode) : CATALOG_NONE;
    for (; at != CATALOG_NONE; at = other->next) {
        other = catalog_row(n->catalog, at);
        if (at != number && other->mount == row->mount &&
            catalog_tree_of(n->catalog, other->parent) == catalog_tree_of(n->catalog, row->parent))
            return at;
    }
    return CATALOG_NONE;
}

/* What the deletion of one name did to the file: its ctime is another, and it may have one name only. */
static void tell_name_left(struct notify *n, uint32_t number)
{
    struct stat st;
    uint32_t left = find_name_left(n, number);
    if (left == CATALOG_NONE)
        return;
    const struct row *row = catalog_row(n->catalog, left);
    if (!catalog_path(n->catalog, row->parent, row->name, n->event.new_path, sizeof n->event.new_path)) {
        n->event.new_path[0] = '\0';
        return;
    }
    int fd FD_AUTO = path_open_beneath(n->s->trees[catalog_tree_of(n->catalog, row->parent)].fd,
                                       n->event.new_path, O_PATH | O_NOFOLLOW, 0);
    if (!look(fd, &st) || st.st_ino != row->inode)
        return;
    struct stamp now = kept_stamp(&st);
    n->event.after = state_of(&now);
    if (st.st_size == (off_t)row->size)
        restamp(n, left, &st);
}

static void tell_deleted(struct notify *n, uint32_t number, int32_t pid)
{
    struct version before = changes_rescue(n, number);
    struct row *row = catalog_row(n->catalog, number);
    if (watch_begin(n, EVENT_DELETED, event_flags(row), row->parent, row->name)) {
        n->event.before = before;
        tell_name_left(n, number);
        watch_emit(n, pid, NULL);
    }
    forget_name(n, number);
}

/* A file that got its name when it was complete (linked in, put back by us) has no writer who would close it:
 * it is as good as any other at once. */
static bool is_being_written(const struct notify *n, int32_t pid, const struct stat *st)
{
    if (pid != 0 && room_is_own(n->s, pid))
        return false;
    return !n->s->gate || st->st_size == 0 || writers_is_open(n->s->writers, st->st_dev, st->st_ino);
}

static void on_created(struct notify *n, const struct change *c, const struct spot *spot)
{
    struct stat st = {0};
    uint32_t number = catalog_find(n->catalog, spot->node, spot->name);
    int fd FD_AUTO = open_child(c, spot, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!look(fd, &st)) /* gone already: its deletion will come, and it must be known then */
        st.st_mode = c->mask & FAN_ONDIR ? S_IFDIR : S_IFREG;
    if (number != CATALOG_NONE) {
        if (st.st_ino == 0 || catalog_row(n->catalog, number)->inode == st.st_ino)
            return; /* a scan was faster */
        tell_deleted(n, number, c->pid);
    }
    if (!enter(n, c, spot, fd, &st, &number))
        return;
    struct row *row = catalog_row(n->catalog, number);
    if (!(row->flags & (ROW_LINKED | ROW_FOLDER)) && is_being_written(n, c->pid, &st))
        row->flags |= ROW_FRESH;
    int readable FD_AUTO = S_ISREG(st.st_mode) && st.st_size > 0 ? open_child(c, spot, READ_FLAGS) : -1;
    tell_created(n, number, spot, c->pid, readable);
    if (S_ISLNK(st.st_mode) && fd >= 0)
        settle_link(n, number, fd);
    else if (readable >= 0 && !writers_is_open(n->s->writers, st.st_dev, st.st_ino))
        settle_add(n, number, fd_take(&readable));
    else if (row->child != CATALOG_NONE) {
        settle_add(n, number, -1);
        scan_new_folder(n, row->child, c->pid);
    }
}

static void on_deleted(struct notify *n, const struct change *c)
{
    uint32_t number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number == CATALOG_NONE)
        return;
    if (c->child && !(catalog_row(n->catalog, number)->flags & ROW_LINKED))
        catalog_unknow(n->catalog, volume_fingerprint(c->volume, c->child));
    tell_deleted(n, number, c->pid);
}

/* ---- contents ---- */

/* The row of a changed file: by its name, else (written through a name outside) by its inode. */
static uint32_t find_changed(struct notify *n, const struct change *c, const struct stat *st)
{
    uint32_t number = CATALOG_NONE;
    if (c->at.node != CATALOG_NONE)
        number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number != CATALOG_NONE)
        return number;
    for (number = catalog_find_inode(n->catalog, st->st_ino); number != CATALOG_NONE;
         number = catalog_row(n->catalog, number)->next)
        if (n->mounts[catalog_row(n->catalog, number)->mount].device == st->st_dev)
            return number;
    return CATALOG_NONE;
}

static bool is_unchanged(const struct notify *n, const struct row *row, const struct before *before,
                         const struct stamp *now, const struct sketch *sketch)
{
    (void)n;
    return !(row->flags & ROW_FRESH && now->size > 0) && before->version.size == now->size &&
           before->version.ctime_ns == now->ctime_ns && before->version.mtime_ns == now->mtime_ns &&
           before->sketch.valid && sketch->valid && draw_check(&before->sketch) == draw_check(sketch);
}

static void tell_changed(struct notify *n, enum event_kind kind, uint32_t number, int32_t pid,
                         const struct before *before, const struct stamp *now, const struct sketch *sketch)
{
    struct row *row = catalog_row(n->catalog, number);
    if (!watch_begin(n, kind, event_flags(row), row->parent, row->name))
        return;
    n->event.before = before->version;
    n->event.after = state_of(now);
    n->event.old_sketch = before->sketch;
    n->event.new_sketch = *sketch;
    watch_emit(n, pid, before);
}

static void on_closed(struct notify *n, const struct change *c)
{
    struct stat st;
    struct before before = {0};
    struct sketch sketch = {0};
    int fd FD_AUTO = open_child(c, &c->at, READ_FLAGS);
    uint32_t number = CATALOG_NONE;
    if (look(fd, &st) && S_ISREG(st.st_mode))
        number = find_changed(n, c, &st);
    if (number == CATALOG_NONE)
        return;
    struct row *row = catalog_row(n->catalog, number);
    struct stamp old = watch_stamp(n, row), now = kept_stamp(&st);
    if (old.inode != now.inode && old.inode != 0)
        return; /* the name is another file's by now; this one's next event tells */
    if (!writers_close(n->s->writers, now.device, now.inode, &before))
        kept_find(n->s->kept, &old, &before.version);
    draw_sketch(fd, now.size, false, &sketch);
    if (is_unchanged(n, row, &before, &now, &sketch))
        return;
    tell_changed(n, EVENT_WRITTEN, number, c->pid, &before, &now, &sketch);
    row->flags &= (uint16_t)~ROW_FRESH;
    set_stamp(n, number, &now, false);
    settle_add(n, number, fd_take(&fd));
}

/* MODIFY without a closing: while the file is open for writing the closing will tell; else it was cut or
 * extended by path. */
static void on_modified(struct notify *n, const struct change *c)
{
    struct stat st;
    struct before before = {0};
    struct sketch sketch = {0};
    uint32_t number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number == CATALOG_NONE)
        return;
    struct row *row = catalog_row(n->catalog, number);
    struct stamp old = watch_stamp(n, row);
    if (writers_is_open(n->s->writers, old.device, old.inode))
        return;
    int fd FD_AUTO = open_child(c, &c->at, READ_FLAGS);
    if (!look(fd, &st) || st.st_ino != old.inode || (uint64_t)st.st_size == old.size)
        return;
    struct stamp now = kept_stamp(&st);
    kept_find(n->s->kept, &old, &before.version);
    draw_sketch(fd, now.size, false, &sketch);
    tell_changed(n, EVENT_TRUNCATED, number, c->pid, &before, &now, &sketch);
    set_stamp(n, number, &now, false);
    settle_add(n, number, fd_take(&fd));
}

/* The kernel names a folder that its attributes are of as itself. */
static void on_folder_attributes(struct notify *n, const struct change *c)
{
    uint32_t number = strcmp(c->at.name, ".") == 0 ? catalog_node(n->catalog, c->at.node)->row
                                                   : catalog_find(n->catalog, c->at.node, c->at.name);
    if (number != CATALOG_NONE && catalog_row(n->catalog, number)->flags & ROW_FOLDER)
        settle_folder(n, number);
}

/* The plan needs to know which attributes were there before the culprits'. */
static void tell_attributes(struct notify *n, uint32_t number, int32_t pid, const struct stamp *old)
{
    const struct row *row = catalog_row(n->catalog, number);
    struct stamp now = watch_stamp(n, row);
    if (watch_begin(n, EVENT_ATTRIBUTES, event_flags(row), row->parent, row->name)) {
        kept_find(n->s->kept, old, &n->event.before);
        n->event.after = state_of(&now);
        watch_emit(n, pid, NULL);
    }
    if (writers_is_open(n->s->writers, now.device, now.inode))
        return;                /* its closing will see to it */
    settle_add(n, number, -1); /* with another mtime it counts as another version */
    settle_meta(n, number);
}

static void on_attributes(struct notify *n, const struct change *c)
{
    struct stat st;
    uint32_t number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number == CATALOG_NONE)
        return;
    struct row *row = catalog_row(n->catalog, number);
    int fd FD_AUTO = open_child(c, &c->at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!look(fd, &st) || st.st_ino != row->inode || (uint64_t)st.st_size != row->size)
        return;
    struct stamp old = watch_stamp(n, row), now = kept_stamp(&st);
    restamp(n, number, &st);
    if (row->flags & ROW_SYMLINK)
        settle_link(n, number, fd);
    else if (!(row->flags & ROW_FRESH) && old.ctime_ns != now.ctime_ns)
        tell_attributes(n, number, c->pid, &old);
}

/* ---- files that a stopped program still has open ---- */

static bool is_his(struct notify *n, int32_t pid, const struct actor *who)
{
    struct actor actor;
    procs_look(n->s->procs, pid, &actor);
    if (who->client[0])
        return strcmp(actor.client, who->client) == 0;
    return actor.root_pid == who->root_pid && actor.root_start == who->root_start;
}

static int open_row(struct notify *n, uint32_t number)
{
    char path[PATH_MAX];
    const struct row *row = catalog_row(n->catalog, number);
    if (!catalog_path(n->catalog, row->parent, row->name, path, sizeof path))
        return -1;
    return path_open_beneath(n->s->trees[catalog_tree_of(n->catalog, row->parent)].fd, path, READ_FLAGS, 0);
}

static void flush_file(struct notify *n, const struct writer *writer)
{
    struct stat st = {.st_ino = writer->inode, .st_dev = writer->device};
    struct change nowhere = {.at.node = CATALOG_NONE};
    struct before before = {0}, after = {.pid = writer->pid};
    uint32_t number = find_changed(n, &nowhere, &st);
    int fd FD_AUTO = number == CATALOG_NONE ? -1 : open_row(n, number);
    if (!look(fd, &st) || st.st_ino != writer->inode ||
        !writers_look(n->s->writers, writer->device, writer->inode, &before))
        return;
    struct stamp now = kept_stamp(&st);
    draw_sketch(fd, now.size, false, &after.sketch);
    if (is_unchanged(n, catalog_row(n->catalog, number), &before, &now, &after.sketch))
        return; /* he may be let go and write it after all: what it was stays known */
    after.version = kept_version(&now);
    after.uid = before.uid;
    writers_close(n->s->writers, writer->device, writer->inode, &before);
    tell_changed(n, EVENT_WRITTEN, number, writer->pid, &before, &now, &after.sketch);
    catalog_row(n->catalog, number)->flags &= (uint16_t)~ROW_FRESH;
    set_stamp(n, number, &now, false);
    writers_open(n->s->writers, writer->device, &after); /* it is still open: its closing comes some day */
}

void changes_flush_open(struct notify *n, const struct actor *who)
{
    struct writer *writers;
    size_t count = writers_list(n->s->writers, &writers);
    for (size_t i = 0; i < count; i++)
        if (is_his(n, writers[i].pid, who))
            flush_file(n, &writers[i]);
    free(writers);
}

/* ---- renames ---- */

/* Everything below a folder that left the trees is lost to them, name by name. */
static void leave_below(struct notify *n, uint32_t node, int32_t pid)
{
    for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++) {
        struct row *row = catalog_row(n->catalog, i);
        if (!row->name || row->flags & ROW_FOLDER || !catalog_is_below(n->catalog, i, node))
            continue;
        struct version before = changes_rescue(n, i);
        if (!watch_begin(n, EVENT_RENAMED, event_flags(row), row->parent, row->name))
            continue;
        n->event.before = before;
        watch_emit(n, pid, NULL);
    }
}

static void on_left(struct notify *n, const struct change *c, uint32_t number)
{
    struct row *row = catalog_row(n->catalog, number);
    struct stamp stamp = watch_stamp(n, row);
    struct version known;
    /* It still has its bytes, somewhere outside: the last moment to copy them. */
    if (!(row->flags & (ROW_FOLDER | ROW_SYMLINK | ROW_SPECIAL)) && c->child &&
        !kept_find(n->s->kept, &stamp, &known)) {
        int fd = open_handle(c->volume, c->child, READ_FLAGS);
        if (fd >= 0)
            ring_put(n->s->ring, fd, &stamp, clock_system.monotonic_ns(clock_system.self));
    }
    if (row->child != CATALOG_NONE)
        leave_below(n, row->child, c->pid);
    struct version before = changes_rescue(n, number);
    if (watch_begin(n, EVENT_RENAMED, event_flags(row), row->parent, row->name)) {
        n->event.before = before;
        watch_emit(n, c->pid, NULL);
    }
    forget_name(n, number);
}

/* RENAME_EXCHANGE comes as two renames. At the first, what stood at the new name stands at the old one now.
 */
static bool is_exchange(const struct notify *n, const struct change *c, const struct row *other)
{
    struct stat st;
    (void)n;
    if (other->inode == 0)
        return false;
    int folder FD_AUTO = open_handle(c->volume, c->at.folder, O_PATH | O_CLOEXEC);
    return folder >= 0 && fstatat(folder, c->at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_ino == other->inode;
}

/* A name that no file can have (it holds a slash), for the moment of an exchange. */
#define BETWEEN "/"

static void tell_renamed(struct notify *n, const struct change *c, uint32_t number, struct version before,
                         const struct version *replaced)
{
    struct row *row = catalog_row(n->catalog, number);
    if (!watch_begin(n, EVENT_RENAMED, event_flags(row), c->at.node, c->at.name) ||
        !catalog_path(n->catalog, c->to.node, c->to.name, n->event.new_path, sizeof n->event.new_path))
        return;
    struct stamp stamp = watch_stamp(n, row);
    n->event.before = before;
    n->event.after = state_of(&stamp);
    if (replaced)
        n->event.replaced = *replaced;
    watch_emit(n, c->pid, NULL);
}

static void on_moved(struct notify *n, const struct change *c, uint32_t number)
{
    struct stat st;
    struct version replaced = {0};
    bool has_replaced = false;
    int fd FD_AUTO = open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool seen = look(fd, &st);
    struct row *row = catalog_row(n->catalog, number);
    struct stamp old = watch_stamp(n, row);
    struct version before;
    kept_find(n->s->kept, &old, &before);
    uint32_t other = catalog_find(n->catalog, c->to.node, c->to.name);
    if (other != CATALOG_NONE && other != number && is_exchange(n, c, catalog_row(n->catalog, other))) {
        catalog_move(n->catalog, number, c->at.node, BETWEEN);
        catalog_move(n->catalog, other, c->at.node, c->at.name);
    } else if (other != CATALOG_NONE && other != number) {
        replaced = changes_rescue(n, other);
        has_replaced = !(catalog_row(n->catalog, other)->flags & ROW_FOLDER);
        forget_name(n, other);
    }
    catalog_move(n->catalog, number, c->to.node, c->to.name);
    if (seen && (st.st_ino == old.inode || old.inode == 0))
        restamp(n, number, &st);
    tell_renamed(n, c, number, before, has_replaced ? &replaced : NULL);
    row = catalog_row(n->catalog, number);
    if (seen && row->flags & ROW_FRESH && S_ISREG(st.st_mode))
        settle_add(n, number, -1);
}

/* The second half of an exchange, which the first has done. */
static bool was_exchanged(struct notify *n, const struct change *c, uint32_t number)
{
    struct stat st;
    uint32_t other = catalog_find(n->catalog, c->to.node, c->to.name);
    if (!c->child || other == CATALOG_NONE || other == number)
        return false;
    int fd FD_AUTO = open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!look(fd, &st) || catalog_row(n->catalog, number)->inode == st.st_ino ||
        catalog_row(n->catalog, other)->inode != st.st_ino)
        return false;
    struct stamp stamp = kept_stamp(&st);
    struct version before;
    restamp(n, other, &st);
    kept_find(n->s->kept, &stamp, &before);
    tell_renamed(n, c, other, before, NULL);
    return true;
}

/* The second half of an exchange whose first half was taken for a replacement, because what was exchanged
 * had moved on by then: the row at the old name is the file that stays there. */
static bool is_another(const struct change *c, const struct row *row)
{
    struct stat st;
    if (!c->child || row->inode == 0)
        return false;
    int fd FD_AUTO = open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (look(fd, &st))
        return st.st_ino != row->inode;
    int folder FD_AUTO = open_handle(c->volume, c->at.folder, O_PATH | O_CLOEXEC);
    return folder >= 0 && fstatat(folder, c->at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_ino == row->inode;
}

static void on_renamed(struct notify *n, const struct change *c)
{
    uint32_t number = CATALOG_NONE;
    if (c->at.node != CATALOG_NONE)
        number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number != CATALOG_NONE && c->to.node != CATALOG_NONE && was_exchanged(n, c, number))
        return;
    if (number != CATALOG_NONE && is_another(c, catalog_row(n->catalog, number)))
        number = CATALOG_NONE;
    if (c->to.node == CATALOG_NONE) {
        if (number != CATALOG_NONE)
            on_left(n, c, number);
    } else if (number == CATALOG_NONE) {
        uint32_t other = catalog_find(n->catalog, c->to.node, c->to.name);
        if (other != CATALOG_NONE && c->at.node == CATALOG_NONE)
            tell_deleted(n, other, c->pid);
        on_created(n, c, &c->to);
    } else {
        on_moved(n, c, number);
    }
}

/* ---- older kernels: two events per rename ---- */

void changes_flush(struct notify *n)
{
    uint32_t number = n->moved_row;
    n->moved_row = CATALOG_NONE;
    if (number == CATALOG_NONE || !catalog_row(n->catalog, number)->name)
        return;
    struct change c = {.pid = n->moved_pid};
    on_left(n, &c, number);
}

static void on_moved_to(struct notify *n, struct change *c)
{
    struct stat st;
    uint32_t number = n->moved_row;
    int fd FD_AUTO = open_child(c, &c->at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct change whole = *c;
    char name[NAME_MAX + 1] = "";
    whole.to = c->at;
    if (number != CATALOG_NONE && catalog_row(n->catalog, number)->name && look(fd, &st) &&
        st.st_ino == catalog_row(n->catalog, number)->inode) {
        const struct row *row = catalog_row(n->catalog, number);
        n->moved_row = CATALOG_NONE;
        strncpy(name, row->name, NAME_MAX); /* the row gives its own up when it moves */
        whole.at = (struct spot){.folder = c->at.folder, .name = name, .node = row->parent};
        on_moved(n, &whole, number);
        return;
    }
    whole.at.node = CATALOG_NONE;
    on_renamed(n, &whole);
}

/* ---- */

/* One event may stand for several that happened to the same file; their order is the natural one. */
void changes_handle(struct notify *n, const struct volume *v, const struct fanotify_event_metadata *event)
{
    struct change c = {.mask = event->mask,
                       .pid = event->pid,
                       .volume = v,
                       .at.node = CATALOG_NONE,
                       .to.node = CATALOG_NONE};
    parse(n, event, &c);
    if (n->moved_row != CATALOG_NONE && !(c.mask & FAN_MOVED_TO))
        changes_flush(n);
    if (c.mask & FAN_RENAME) {
        on_renamed(n, &c);
        return;
    }
    if (c.at.node == CATALOG_NONE) { /* somewhere else: nearly always not ours; a hard link may be */
        if (c.mask & FAN_CLOSE_WRITE && c.child && catalog_knows(n->catalog, volume_fingerprint(v, c.child)))
            on_closed(n, &c);
        return;
    }
    if (c.mask & FAN_CREATE)
        on_created(n, &c, &c.at);
    if (c.mask & FAN_MOVED_TO)
        on_moved_to(n, &c);
    if (c.mask & FAN_CLOSE_WRITE)
        on_closed(n, &c);
    else if (c.mask & FAN_MODIFY)
        on_modified(n, &c);
    if (c.mask & FAN_ATTRIB && c.mask & FAN_ONDIR)
        on_folder_attributes(n, &c);
    else if (c.mask & FAN_ATTRIB)
        on_attributes(n, &c);
    if (c.mask & FAN_MOVED_FROM) {
        n->moved_row = catalog_find(n->catalog, c.at.node, c.at.name);
        n->moved_pid = c.pid;
    }
    if (c.mask & FAN_DELETE)
        on_deleted(n, &c);
}
