/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: reading folders. Each is marked before it is read, so that nothing slips between. A
 * rescan (after lost notifications) walks the same way and tells what differs from the catalog.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "sensor/decoys.h"
#include "sensor/draw.h"
#include "sensor/gate.h"
#include "sensor/watch.h"

uint16_t scan_row_flags(const struct stat *st)
{
    uint16_t linked = !S_ISDIR(st->st_mode) && st->st_nlink > 1 ? ROW_LINKED : 0;
    if (S_ISDIR(st->st_mode))
        return ROW_FOLDER;
    if (S_ISLNK(st->st_mode))
        return ROW_SYMLINK | linked;
    return S_ISREG(st->st_mode) ? linked : ROW_SPECIAL | linked;
}

static void push(struct notify *n, uint32_t node)
{
    if (n->scan_count == n->scan_capacity) {
        n->scan_capacity = n->scan_capacity ? n->scan_capacity * 2 : 64;
        n->to_scan = mem_resize(n->to_scan, n->scan_capacity, sizeof *n->to_scan);
    }
    n->to_scan[n->scan_count++] = node;
}

void scan_trees(struct notify *n, bool again)
{
    for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++)
        catalog_row(n->catalog, i)->flags &= (uint16_t)~ROW_SEEN;
    n->rescanning = again;
    n->scan_pid = 0;
    for (uint32_t i = 0; i < catalog_node_end(n->catalog); i++)
        if (catalog_node(n->catalog, i)->used && catalog_node(n->catalog, i)->row == CATALOG_NONE)
            push(n, i);
}

static int open_node(struct notify *n, uint32_t node)
{
    char path[PATH_MAX];
    int tree = n->s->trees[catalog_tree_of(n->catalog, node)].fd;
    if (!catalog_path(n->catalog, node, "", path, sizeof path))
        return ERR_TOO_LARGE;
    return path_open_beneath(tree, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC, 0);
}

/* ---- telling ---- */

static void fill_after(struct notify *n, int dirfd, uint32_t number, bool draw)
{
    struct row *row = catalog_row(n->catalog, number);
    n->event.after = (struct filestate){.inode = row->inode, .size = row->size, .ctime_ns = row->ctime_ns};
    if (!draw || row->flags & (ROW_FOLDER | ROW_SYMLINK | ROW_SPECIAL))
        return;
    int fd FD_AUTO = openat(dirfd, row->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
    if (fd >= 0)
        draw_sketch(fd, row->size, false, &n->event.new_sketch);
}

static uint32_t flags_of(const struct notify *n, const struct row *row)
{
    return (n->rescanning ? EVENT_RESCAN : 0u) | (row->flags & ROW_FOLDER ? EVENT_FOLDER : 0u) |
           (row->flags & ROW_SYMLINK ? EVENT_SYMLINK : 0u) | (row->flags & ROW_DECOY ? EVENT_DECOY : 0u) |
           (row->flags & ROW_LINKED ? EVENT_LINKED : 0u);
}

static void tell_found(struct notify *n, int dirfd, uint32_t number)
{
    struct row *row = catalog_row(n->catalog, number);
    if (!watch_begin(n, EVENT_CREATED, flags_of(n, row), row->parent, row->name))
        return;
    fill_after(n, dirfd, number, true);
    watch_emit(n, n->rescanning ? 0 : n->scan_pid, NULL);
}

static void tell_differs(struct notify *n, int dirfd, uint32_t number, const struct stamp *now)
{
    struct row *row = catalog_row(n->catalog, number);
    struct version before = change_rescue(n, number);
    catalog_set(n->catalog, number, now);
    if (!watch_begin(n, EVENT_WRITTEN, flags_of(n, row), row->parent, row->name))
        return;
    n->event.before = before;
    fill_after(n, dirfd, number, true);
    watch_emit(n, 0, NULL);
    settle_add(n, number, -1);
}

/* A name that the catalog lacks while a row of the same inode was not met: it was renamed, if the old name
 * is gone. */
static bool tell_moved(struct notify *n, int dirfd, uint32_t parent, const char *name, const struct stat *st)
{
    struct stat old_st;
    char path[PATH_MAX];
    uint32_t number = catalog_find_inode(n->catalog, st->st_ino);
    while (number != CATALOG_NONE && catalog_row(n->catalog, number)->flags & ROW_SEEN)
        number = catalog_row(n->catalog, number)->next;
    if (number == CATALOG_NONE)
        return false;
    struct row *row = catalog_row(n->catalog, number);
    uint32_t tree = catalog_tree_of(n->catalog, row->parent);
    if (!catalog_path(n->catalog, row->parent, row->name, path, sizeof path) ||
        (fstatat(n->s->trees[tree].fd, path, &old_st, AT_SYMLINK_NOFOLLOW) == 0 &&
         old_st.st_ino == st->st_ino))
        return false;
    struct stamp old = watch_stamp(n, row), now = kept_stamp(st);
    struct version before;
    bool told = watch_begin(n, EVENT_RENAMED, flags_of(n, row), row->parent, row->name) &&
                catalog_path(n->catalog, parent, name, n->event.new_path, sizeof n->event.new_path);
    kept_find(n->s->kept, &old, &before);
    if (old.size == now.size && old.mtime_ns == now.mtime_ns)
        kept_alias(n->s->kept, &old, &now);
    catalog_move(n->catalog, number, parent, name);
    catalog_set(n->catalog, number, &now);
    row->flags |= ROW_SEEN;
    n->event.before = before;
    fill_after(n, dirfd, number, false);
    if (told)
        watch_emit(n, 0, NULL);
    if (row->child != CATALOG_NONE)
        push(n, row->child);
    return true;
}

static void tell_missing(struct notify *n)
{
    for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++) {
        struct row *row = catalog_row(n->catalog, i);
        if (!row->name || row->flags & ROW_SEEN)
            continue;
        struct version before = change_rescue(n, i);
        if (watch_begin(n, EVENT_DELETED, flags_of(n, row), row->parent, row->name)) {
            n->event.before = before;
            watch_emit(n, 0, NULL);
        }
        row->flags |= ROW_SEEN; /* told; removed below, when nothing hangs on it any more */
        row->inode ? catalog_set(n->catalog, i, &(struct stamp){0}) : (void)0;
        row->flags |= ROW_SPECIAL;
    }
}

/* ---- reading ---- */

static void settle_found(struct notify *n, int dirfd, uint32_t number)
{
    const struct row *row = catalog_row(n->catalog, number);
    if (!(row->flags & ROW_SYMLINK)) {
        settle_add(n, number, -1);
        return;
    }
    int fd FD_AUTO = openat(dirfd, row->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        settle_link(n, number, fd);
}

static void enter(struct notify *n, int dirfd, uint32_t node, const char *name, const struct stat *st)
{
    uint32_t number = catalog_add(n->catalog, node, name, scan_row_flags(st));
    struct stamp stamp = kept_stamp(st);
    catalog_set(n->catalog, number, &stamp);
    struct row *row = catalog_row(n->catalog, number);
    row->flags |= ROW_SEEN;
    int mount = -1;
    for (size_t i = 0; i < n->mount_count && mount < 0; i++)
        mount = n->mounts[i].device == st->st_dev ? (int)i : -1;
    int fd FD_AUTO = mount < 0 ? openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd >= 0)
        mount = watch_mount(n, fd, st);
    row->mount = (uint16_t)(mount < 0 ? 0 : mount);
    uint32_t tree = catalog_tree_of(n->catalog, node);
    if (n->s->trees[tree].decoys && catalog_node(n->catalog, node)->row == CATALOG_NONE &&
        decoys_is_one(name))
        row->flags |= ROW_DECOY;
    if (n->rescanning || n->scan_pid != 0) {
        tell_found(n, dirfd, number);
        settle_found(n, dirfd, number);
    }
}

static void meet(struct notify *n, int dirfd, uint32_t node, const char *name, const struct stat *st)
{
    uint64_t handle;
    uint32_t number = catalog_find(n->catalog, node, name);
    if (number == CATALOG_NONE) {
        if (n->rescanning && tell_moved(n, dirfd, node, name, st))
            return;
        enter(n, dirfd, node, name, st);
        number = catalog_find(n->catalog, node, name);
    } else {
        struct row *row = catalog_row(n->catalog, number);
        struct stamp old = watch_stamp(n, row), now = kept_stamp(st);
        row->flags |= ROW_SEEN;
        if (n->rescanning && !(row->flags & ROW_FOLDER) &&
            (old.inode != now.inode || old.size != now.size || old.mtime_ns != now.mtime_ns))
            tell_differs(n, dirfd, number, &now);
        else if (!(row->flags & ROW_FOLDER) && old.ctime_ns != now.ctime_ns && n->rescanning) {
            kept_alias(n->s->kept, &old, &now);
            catalog_set(n->catalog, number, &now);
        }
    }
    struct row *row = catalog_row(n->catalog, number);
    const struct volume *v = &n->volumes[n->mounts[row->mount].volume];
    if (!volume_find_handle(v, dirfd, name, &handle))
        return;
    if (row->flags & ROW_FOLDER && S_ISDIR(st->st_mode))
        push(n, catalog_add_node(n->catalog, number, handle));
    else
        catalog_know(n->catalog, handle);
}

static void read_folder(struct notify *n, int fd, uint32_t node)
{
    struct stat st;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *folder = own < 0 ? NULL : fdopendir(own);
    if (!folder) {
        fd_close(&own);
        return;
    }
    for (struct dirent *found; (found = readdir(folder));) {
        const char *name = found->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
            continue;
        meet(n, fd, node, name, &st);
    }
    closedir(folder);
}

static void scan_folder(struct notify *n, uint32_t node)
{
    struct stat st;
    int fd FD_AUTO = catalog_node(n->catalog, node)->used ? open_node(n, node) : -1;
    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    int mount = watch_mount(n, fd, &st);
    if (mount < 0)
        return;
    volume_mark_folder(&n->volumes[n->mounts[mount].volume], fd);
    if (n->s->gate)
        gate_mark(n->s->gate, fd);
    read_folder(n, fd, node);
}

bool scan_step(struct notify *n)
{
    if (n->scan_count == 0)
        return false;
    scan_folder(n, n->to_scan[--n->scan_count]);
    if (n->scan_count == 0 && n->rescanning) {
        tell_missing(n);
        for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++) {
            struct row *row = catalog_row(n->catalog, i);
            if (row->name && row->flags & ROW_SPECIAL && row->inode == 0)
                catalog_remove(n->catalog, i);
        }
        n->rescanning = false;
    }
    return true;
}

void scan_new_folder(struct notify *n, uint32_t node, int32_t pid)
{
    size_t bottom = n->scan_count;
    int32_t outer = n->scan_pid;
    bool rescanning = n->rescanning;
    n->scan_pid = pid ? pid : -1;
    n->rescanning = false;
    push(n, node);
    while (n->scan_count > bottom)
        scan_folder(n, n->to_scan[--n->scan_count]);
    n->scan_pid = outer;
    n->rescanning = rescanning;
}
