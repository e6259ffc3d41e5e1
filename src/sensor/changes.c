/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: names appear, vanish and change, and what each notification says.
 */
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "sensor/change.h"
#include "sensor/decoys.h"
#include "sensor/draw.h"

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
    change_restamp(n, number, st);
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
    if (!watch_begin(n, EVENT_CREATED, change_event_flags(row), spot->node, spot->name))
        return;
    n->event.after = change_filestate(&stamp);
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
    if (!change_look(fd, &st) || st.st_ino != row->inode)
        return;
    struct stamp now = kept_stamp(&st);
    n->event.after = change_filestate(&now);
    if (st.st_size == (off_t)row->size)
        change_restamp(n, left, &st);
}

static void tell_deleted(struct notify *n, uint32_t number, int32_t pid)
{
    struct version before = change_rescue(n, number);
    struct row *row = catalog_row(n->catalog, number);
    if (watch_begin(n, EVENT_DELETED, change_event_flags(row), row->parent, row->name)) {
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
    int fd FD_AUTO = change_open_child(c, spot, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!change_look(fd, &st)) /* gone already: its deletion will come, and it must be known then */
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
    int readable FD_AUTO =
        S_ISREG(st.st_mode) && st.st_size > 0 ? change_open_child(c, spot, CHANGE_READ_FLAGS) : -1;
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
/* ---- renames ---- */

/* Everything below a folder that left the trees is lost to them, name by name. */
static void leave_below(struct notify *n, uint32_t node, int32_t pid)
{
    for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++) {
        struct row *row = catalog_row(n->catalog, i);
        if (!row->name || row->flags & ROW_FOLDER || !catalog_is_below(n->catalog, i, node))
            continue;
        struct version before = change_rescue(n, i);
        if (!watch_begin(n, EVENT_RENAMED, change_event_flags(row), row->parent, row->name))
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
        int fd = change_open_handle(c->volume, c->child, CHANGE_READ_FLAGS);
        if (fd >= 0)
            ring_put(n->s->ring, fd, &stamp, clock_system.monotonic_ns(clock_system.self));
    }
    if (row->child != CATALOG_NONE)
        leave_below(n, row->child, c->pid);
    struct version before = change_rescue(n, number);
    if (watch_begin(n, EVENT_RENAMED, change_event_flags(row), row->parent, row->name)) {
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
    int folder FD_AUTO = change_open_handle(c->volume, c->at.folder, O_PATH | O_CLOEXEC);
    return folder >= 0 && fstatat(folder, c->at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_ino == other->inode;
}

/* A name that no file can have (it holds a slash), for the moment of an exchange. */
#define BETWEEN "/"

static void tell_renamed(struct notify *n, const struct change *c, uint32_t number, struct version before,
                         const struct version *replaced)
{
    struct row *row = catalog_row(n->catalog, number);
    if (!watch_begin(n, EVENT_RENAMED, change_event_flags(row), c->at.node, c->at.name) ||
        !catalog_path(n->catalog, c->to.node, c->to.name, n->event.new_path, sizeof n->event.new_path))
        return;
    struct stamp stamp = watch_stamp(n, row);
    n->event.before = before;
    n->event.after = change_filestate(&stamp);
    if (replaced)
        n->event.replaced = *replaced;
    watch_emit(n, c->pid, NULL);
}

static void on_moved(struct notify *n, const struct change *c, uint32_t number)
{
    struct stat st;
    struct version replaced = {0};
    bool has_replaced = false;
    int fd FD_AUTO = change_open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool seen = change_look(fd, &st);
    struct row *row = catalog_row(n->catalog, number);
    struct stamp old = watch_stamp(n, row);
    struct version before;
    kept_find(n->s->kept, &old, &before);
    uint32_t other = catalog_find(n->catalog, c->to.node, c->to.name);
    if (other != CATALOG_NONE && other != number && is_exchange(n, c, catalog_row(n->catalog, other))) {
        catalog_move(n->catalog, number, c->at.node, BETWEEN);
        catalog_move(n->catalog, other, c->at.node, c->at.name);
    } else if (other != CATALOG_NONE && other != number) {
        replaced = change_rescue(n, other);
        has_replaced = !(catalog_row(n->catalog, other)->flags & ROW_FOLDER);
        forget_name(n, other);
    }
    catalog_move(n->catalog, number, c->to.node, c->to.name);
    if (seen && (st.st_ino == old.inode || old.inode == 0))
        change_restamp(n, number, &st);
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
    int fd FD_AUTO = change_open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!change_look(fd, &st) || catalog_row(n->catalog, number)->inode == st.st_ino ||
        catalog_row(n->catalog, other)->inode != st.st_ino)
        return false;
    struct stamp stamp = kept_stamp(&st);
    struct version before;
    change_restamp(n, other, &st);
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
    int fd FD_AUTO = change_open_child(c, &c->to, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (change_look(fd, &st))
        return st.st_ino != row->inode;
    int folder FD_AUTO = change_open_handle(c->volume, c->at.folder, O_PATH | O_CLOEXEC);
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
    contents_flush_cut(n);
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
    int fd FD_AUTO = change_open_child(c, &c->at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct change whole = *c;
    char name[NAME_MAX + 1] = "";
    whole.to = c->at;
    if (number != CATALOG_NONE && catalog_row(n->catalog, number)->name && change_look(fd, &st) &&
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
    change_parse(n, event, &c);
    if (n->moved_row != CATALOG_NONE && !(c.mask & FAN_MOVED_TO))
        changes_flush(n);
    if (c.mask & FAN_RENAME) {
        on_renamed(n, &c);
        return;
    }
    if (c.at.node == CATALOG_NONE) { /* somewhere else: nearly always not ours; a hard link may be */
        if (c.mask & FAN_CLOSE_WRITE && c.child && catalog_knows(n->catalog, volume_fingerprint(v, c.child)))
            contents_closed(n, &c);
        return;
    }
    if (c.mask & FAN_CREATE)
        on_created(n, &c, &c.at);
    if (c.mask & FAN_MOVED_TO)
        on_moved_to(n, &c);
    if (c.mask & FAN_CLOSE_WRITE)
        contents_closed(n, &c);
    else if (c.mask & FAN_MODIFY)
        contents_modified(n, &c);
    if (c.mask & FAN_ATTRIB && c.mask & FAN_ONDIR)
        contents_folder_attributes(n, &c);
    else if (c.mask & FAN_ATTRIB)
        contents_attributes(n, &c);
    if (c.mask & FAN_MOVED_FROM) {
        n->moved_row = catalog_find(n->catalog, c.at.node, c.at.name);
        n->moved_pid = c.pid;
    }
    if (c.mask & FAN_DELETE)
        on_deleted(n, &c);
}
