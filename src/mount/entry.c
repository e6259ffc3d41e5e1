/* SPDX-License-Identifier: GPL-3.0-or-later */
#define FUSE_USE_VERSION 312
#include "mount/entry.h"

#include <fuse3/fuse_lowlevel.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "vault/filenode.h"

static void set_times(struct stat *st, int64_t accessed, int64_t modified, int64_t changed)
{
    st->st_atim = filenode_timespec(accessed);
    st->st_mtim = filenode_timespec(modified);
    st->st_ctim = filenode_timespec(changed);
}

void stat_of_place(const struct mount *mount, const struct place *place, struct stat *out)
{
    int64_t time = place->kind == PLACE_FOLDER ? place->changed_ns : place->time_ns;
    bool root = mount->options->owner_root || place->kind == PLACE_SNAPSHOT;
    *out = (struct stat){.st_ino = place->inode,
                         .st_mode = place->kind == PLACE_LINK ? S_IFLNK | 0777 : S_IFDIR | 0555,
                         .st_nlink = 1,
                         .st_size = place->target ? (off_t)strlen(place->target) : 0,
                         .st_uid = root ? 0 : mount->uid,
                         .st_gid = root ? 0 : mount->gid,
                         .st_blksize = 4096};
    set_times(out, time, time, time);
}

/* A folder's number of links is given as 1, which to programs means that it tells nothing of the folders in
 * it: to count them, each folder that is listed would have to be read. */
void stat_of_node(const struct mount *mount, const struct node *node, uint64_t inode, struct stat *out)
{
    uint64_t size = node->type == NODE_FILE      ? node->size
                    : node->type == NODE_SYMLINK ? node->target_length
                                                 : 0;
    bool counted = node->type != NODE_DIR && node->links > 0;
    *out = (struct stat){.st_ino = inode,
                         .st_mode = node->mode,
                         .st_nlink = counted ? (nlink_t)node->links : 1,
                         .st_uid = mount->options->owner_root ? 0 : node->uid,
                         .st_gid = mount->options->owner_root ? 0 : node->gid,
                         .st_size = size > INT64_MAX ? INT64_MAX : (off_t)size,
                         .st_blocks = (blkcnt_t)(size / 512 + (size % 512 != 0)),
                         .st_blksize = 4096};
    if (node->type == NODE_DEV || node->type == NODE_CHARDEV)
        out->st_rdev = (dev_t)node->device;
    if (node->type == NODE_OTHER) /* of another system: nothing that can be opened here */
        out->st_mode = S_IFSOCK | (node->mode & 0777);
    set_times(out, node->atime_ns, node->mtime_ns, node->ctime_ns);
}

void stat_of_found(const struct mount *mount, const struct found *found, struct stat *out)
{
    struct place root = {.kind = PLACE_SNAPSHOT, .inode = found->inode, .time_ns = found->time_ns};
    if (found->node)
        stat_of_node(mount, found->node, found->inode, out);
    else
        stat_of_place(mount, &root, out);
}

void entry_of_place(struct mount *mount, const struct place *place, struct fuse_entry_param *out)
{
    *out = (struct fuse_entry_param){
        .ino = place->number, .attr_timeout = ENTRY_REFRESHED, .entry_timeout = ENTRY_REFRESHED};
    stat_of_place(mount, place, &out->attr);
    if (place->kind != PLACE_SNAPSHOT)
        return;
    struct folder root = {.index = place->number,
                          .inode = place->inode,
                          .parent_inode = place->parent->inode,
                          .root_inode = place->inode};
    memcpy(root.tree, place->tree, SHA256_SIZE);
    out->ino = folders_enter(mount->folders, &root, place->name, &out->generation) << NODE_BITS;
    out->attr_timeout = ENTRY_FOREVER;
}

int entry_of_node(struct mount *mount, uint64_t number, const struct folder *folder, uint32_t index,
                  const struct node *node, struct fuse_entry_param *out)
{
    uint64_t inode = mount_inode(folder, index, node);
    *out = (struct fuse_entry_param){.ino = number << NODE_BITS | (index + UINT64_C(1)),
                                     .generation = folder->generation,
                                     .attr_timeout = ENTRY_FOREVER,
                                     .entry_timeout = ENTRY_FOREVER};
    stat_of_node(mount, node, inode, &out->attr);
    if (node->type != NODE_DIR) {
        folders_use(mount->folders, number);
        return 0;
    }
    if (folder->depth >= FOLDERS_MOST_DEPTH)
        return err_set(ERR_TOO_LARGE, _("folders are nested too deep"));
    struct folder below = {.parent = number,
                           .index = index,
                           .depth = folder->depth + 1,
                           .inode = inode,
                           .parent_inode = folder->inode,
                           .root_inode = folder->root_inode};
    memcpy(below.tree, node->subtree, SHA256_SIZE);
    out->ino = folders_enter(mount->folders, &below, node->name, &out->generation) << NODE_BITS;
    return 0;
}

void entry_undo(struct mount *mount, const struct fuse_entry_param *entry)
{
    if (NODE_FOLDER(entry->ino))
        folders_forget(mount->folders, entry->ino, 1);
}
