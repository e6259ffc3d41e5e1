/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernel's requests about names and attributes, and reading.
 */
#define FUSE_USE_VERSION 312
#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "mount/entry.h"
#include "mount/list.h"
#include "mount/state.h"

#define MOST_NAME 255 /* as statfs tells it */

static struct mount *mount_of(fuse_req_t request)
{
    return fuse_req_userdata(request);
}

/* ---- names ---- */

static void lookup_in_place(struct mount *mount, fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;
    mount_refresh(mount);
    pthread_mutex_lock(&mount->places_mutex);
    const struct place *folder = places_get(mount->places, parent);
    const struct place *place = folder ? places_find(mount->places, folder, name) : NULL;
    if (place)
        entry_of_place(mount, place, &entry);
    pthread_mutex_unlock(&mount->places_mutex);
    if (!place)
        fuse_reply_err(request, ENOENT);
    else if (fuse_reply_entry(request, &entry) == -ENOENT)
        entry_undo(mount, &entry);
}

static void lookup_in_tree(struct mount *mount, fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry = {.ino = 0,
                                     .entry_timeout = ENTRY_FOREVER}; /* what is not there stays so */
    struct folder folder;
    struct tree *tree;
    struct cache_entry *kept;
    if (!folders_get(mount->folders, NODE_FOLDER(parent), &folder)) {
        fuse_reply_err(request, ESTALE);
        return;
    }
    int err = mount_tree(mount, folder.tree, &tree, &kept);
    if (err) {
        fuse_reply_err(request, mount_complain(mount, parent, NULL, err));
        return;
    }
    const struct node *node = tree_find(tree, name, strlen(name));
    if (node)
        err =
            entry_of_node(mount, NODE_FOLDER(parent), &folder, (uint32_t)(node - tree->nodes), node, &entry);
    cache_release(mount->trees, kept);
    if (err) {
        mount_complain(mount, parent, name, err);
        fuse_reply_err(request, ELOOP);
    } else if (fuse_reply_entry(request, &entry) == -ENOENT && entry.ino) {
        entry_undo(mount, &entry);
    }
}

static void op_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    struct mount *mount = mount_of(request);
    if (NODE_FOLDER(parent) == 0)
        lookup_in_place(mount, request, parent, name);
    else
        lookup_in_tree(mount, request, parent, name);
}

static void op_forget(fuse_req_t request, fuse_ino_t number, uint64_t count)
{
    if (NODE_FOLDER(number))
        folders_forget(mount_of(request)->folders, number, count);
    fuse_reply_none(request);
}

static void op_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
    for (size_t i = 0; i < count; i++)
        if (NODE_FOLDER(forgets[i].ino))
            folders_forget(mount_of(request)->folders, forgets[i].ino, forgets[i].nlookup);
    fuse_reply_none(request);
}

/* ---- attributes ---- */

static void op_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
    struct mount *mount = mount_of(request);
    struct stat st;
    int err = 0;
    (void)file;
    if (NODE_FOLDER(number) == 0) {
        mount_refresh(mount);
        pthread_mutex_lock(&mount->places_mutex);
        const struct place *place = places_get(mount->places, number);
        if (place)
            stat_of_place(mount, place, &st);
        pthread_mutex_unlock(&mount->places_mutex);
        if (place)
            fuse_reply_attr(request, &st, ENTRY_REFRESHED);
        else
            fuse_reply_err(request, ESTALE);
        return;
    }
    struct found found;
    err = mount_find(mount, number, &found);
    if (err) {
        fuse_reply_err(request, mount_complain(mount, number, NULL, err));
        return;
    }
    stat_of_found(mount, &found, &st);
    mount_put(mount, &found);
    fuse_reply_attr(request, &st, ENTRY_FOREVER);
}

static void op_readlink(fuse_req_t request, fuse_ino_t number)
{
    struct mount *mount = mount_of(request);
    char *target MEM_AUTO = NULL;
    if (NODE_FOLDER(number) == 0) {
        pthread_mutex_lock(&mount->places_mutex);
        const struct place *place = places_get(mount->places, number);
        if (place && place->target)
            target = mem_strdup(place->target);
        pthread_mutex_unlock(&mount->places_mutex);
    } else {
        struct found found;
        int err = mount_find(mount, number, &found);
        if (err) {
            fuse_reply_err(request, mount_complain(mount, number, NULL, err));
            return;
        }
        if (found.node && found.node->type == NODE_SYMLINK)
            target = mem_strdup(found.node->target);
        mount_put(mount, &found);
    }
    if (target)
        fuse_reply_readlink(request, target);
    else
        fuse_reply_err(request, EINVAL);
}

/* Replies with a value as getxattr and listxattr do: its size when no room is given. */
static void reply_value(fuse_req_t request, const void *bytes, size_t length, size_t room)
{
    if (room == 0)
        fuse_reply_xattr(request, length);
    else if (length > room)
        fuse_reply_err(request, ERANGE);
    else
        fuse_reply_buf(request, bytes, length);
}

static void op_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t room)
{
    struct mount *mount = mount_of(request);
    struct found found;
    if (NODE_FOLDER(number) == 0) {
        fuse_reply_err(request, ENODATA);
        return;
    }
    int err = mount_find(mount, number, &found);
    if (err) {
        fuse_reply_err(request, mount_complain(mount, number, NULL, err));
        return;
    }
    size_t count = found.node ? found.node->xattr_count : 0, i = 0;
    while (i < count && strcmp(found.node->xattrs[i].name, name) != 0)
        i++;
    if (i < count)
        reply_value(request, found.node->xattrs[i].value, found.node->xattrs[i].length, room);
    else
        fuse_reply_err(request, ENODATA);
    mount_put(mount, &found);
}

static void op_listxattr(fuse_req_t request, fuse_ino_t number, size_t room)
{
    struct mount *mount = mount_of(request);
    struct found found = {.node = NULL};
    struct buf names BUF_AUTO;
    buf_init(&names, (size_t)1 << 20);
    int err = NODE_FOLDER(number) ? mount_find(mount, number, &found) : 0;
    if (err) {
        fuse_reply_err(request, mount_complain(mount, number, NULL, err));
        return;
    }
    for (size_t i = 0; found.node && i < found.node->xattr_count; i++)
        if (*found.node->xattrs[i].name)
            buf_put(&names, found.node->xattrs[i].name, strlen(found.node->xattrs[i].name) + 1);
    mount_put(mount, &found);
    if (names.overflowed)
        fuse_reply_err(request, E2BIG);
    else
        reply_value(request, names.data ? names.data : (uint8_t *)"", names.length, room);
}

static void op_statfs(fuse_req_t request, fuse_ino_t number)
{
    (void)number;
    fuse_reply_statfs(request, &(struct statvfs){.f_bsize = 4096, .f_frsize = 4096, .f_namemax = MOST_NAME});
}

/* ---- contents ---- */

/* Nothing is kept for an open file: a kernel that can do without opening is told so, once. */
static void op_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
    (void)number;
    if (mount_of(request)->no_open) {
        fuse_reply_err(request, ENOSYS);
        return;
    }
    file->keep_cache = 1;
    file->noflush = 1;
    fuse_reply_open(request, file);
}

static void op_opendir(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *file)
{
    if (mount_of(request)->no_opendir) {
        fuse_reply_err(request, ENOSYS);
        return;
    }
    file->keep_cache = file->cache_readdir = NODE_FOLDER(number) != 0;
    fuse_reply_open(request, file);
}

static void give(void *context, const void *bytes, size_t length)
{
    fuse_reply_buf(context, bytes, length);
}

static void op_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                    struct fuse_file_info *file)
{
    struct mount *mount = mount_of(request);
    struct found found = {.node = NULL};
    (void)file;
    int err = NODE_FOLDER(number) ? mount_find(mount, number, &found) : 0;
    if (!err && (!found.node || found.node->type != NODE_FILE)) {
        mount_put(mount, &found);
        fuse_reply_err(request, EINVAL);
        return;
    }
    if (!err) {
        err = reading_read(mount->reading, found.folder.tree, found.tree, found.index, (uint64_t)offset, size,
                           give, request);
        mount_put(mount, &found);
    }
    if (err)
        fuse_reply_err(request, mount_complain(mount, number, NULL, err));
}

static void op_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                       struct fuse_file_info *file)
{
    (void)file;
    list_folder(mount_of(request), request, number, size, (uint64_t)offset, false);
}

static void op_readdirplus(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset,
                           struct fuse_file_info *file)
{
    (void)file;
    list_folder(mount_of(request), request, number, size, (uint64_t)offset, true);
}

static void op_init(void *userdata, struct fuse_conn_info *connection)
{
    struct mount *mount = userdata;
    mount->no_open = connection->capable & FUSE_CAP_NO_OPEN_SUPPORT;
    mount->no_opendir = connection->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
    connection->want |= connection->capable &
                        (FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT | FUSE_CAP_CACHE_SYMLINKS);
    /* Where the kernel judges by modes, it must judge by ACLs too: the group's bits of a mode are then the
     * mask, and grant more than the ACL does. */
    if (mount->options->allow_other && !mount->options->no_default_permissions)
        connection->want |= connection->capable & FUSE_CAP_POSIX_ACL;
}

const struct fuse_lowlevel_ops fs_ops = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .readlink = op_readlink,
    .getxattr = op_getxattr,
    .listxattr = op_listxattr,
    .statfs = op_statfs,
    .open = op_open,
    .read = op_read,
    .opendir = op_opendir,
    .readdir = op_readdir,
    .readdirplus = op_readdirplus,
};
