/* SPDX-License-Identifier: GPL-3.0-or-later */
#define FUSE_USE_VERSION 312
#include "mount/list.h"

#include <errno.h>
#include <fuse3/fuse_lowlevel.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "mount/entry.h"

#define MOST_NAME 1024 /* one longer name, and the kernel refuses the whole listing */
#define MOST_SIZE ((size_t)1 << 20)

struct listing {
    struct mount *mount;
    fuse_req_t request;
    char *bytes;
    size_t room, length;
    bool plus;
};

/* Room for an entry of that name? The size depends on nothing else. */
static bool fits(const struct listing *l, const char *name)
{
    size_t needed = l->plus ? fuse_add_direntry_plus(l->request, NULL, 0, name, NULL, 0)
                            : fuse_add_direntry(l->request, NULL, 0, name, NULL, 0);
    return needed <= l->room - l->length;
}

static void put(struct listing *l, const char *name, const struct fuse_entry_param *entry, uint64_t next)
{
    char *at = l->bytes + l->length;
    size_t room = l->room - l->length;
    l->length += l->plus ? fuse_add_direntry_plus(l->request, at, room, name, entry, (off_t)next)
                         : fuse_add_direntry(l->request, at, room, name, &entry->attr, (off_t)next);
}

/* "." and "..": the kernel knows them already. False when the listing is full. */
static bool put_dots(struct listing *l, uint64_t *offset, uint64_t own, uint64_t parent)
{
    for (; *offset < 2; ++*offset) {
        const char *name = *offset == 0 ? "." : "..";
        struct fuse_entry_param entry = {.attr = {.st_mode = S_IFDIR | 0555}};
        entry.attr.st_ino = *offset == 0 ? own : parent;
        if (!fits(l, name))
            return false;
        put(l, name, &entry, *offset + 1);
    }
    return true;
}

static void list_place(struct listing *l, uint64_t number, uint64_t offset)
{
    struct mount *mount = l->mount;
    mount_refresh(mount);
    pthread_mutex_lock(&mount->places_mutex);
    const struct place *folder = places_get(mount->places, number), *child;
    bool room = folder && put_dots(l, &offset, folder->inode, folder->parent->inode);
    for (; room && (child = places_after(mount->places, folder, offset - 2)); offset = child->number + 2u) {
        struct fuse_entry_param entry = {.attr = {.st_mode = S_IFDIR}};
        if (!fits(l, child->name))
            break;
        if (l->plus)
            entry_of_place(mount, child, &entry);
        else
            stat_of_place(mount, child, &entry.attr);
        put(l, child->name, &entry, child->number + 2u);
    }
    pthread_mutex_unlock(&mount->places_mutex);
    if (folder)
        fuse_reply_buf(l->request, l->bytes, l->length);
    else
        fuse_reply_err(l->request, ESTALE);
}

/* The entry of a node. What is nested too deep is listed, but cannot be entered. */
static void put_node(struct listing *l, uint64_t number, const struct folder *folder, uint32_t index,
                     const struct node *node)
{
    struct fuse_entry_param entry = {.ino = 0};
    int err = l->plus ? entry_of_node(l->mount, NODE_FOLDER(number), folder, index, node, &entry) : 0;
    if (err || !l->plus) {
        entry.ino = 0;
        stat_of_node(l->mount, node, mount_inode(folder, index, node), &entry.attr);
    }
    put(l, node->name, &entry, index + UINT64_C(3));
}

static void list_tree(struct listing *l, uint64_t number, uint64_t offset)
{
    struct mount *mount = l->mount;
    struct folder folder;
    struct tree *tree;
    struct cache_entry *kept;
    if (!folders_get(mount->folders, NODE_FOLDER(number), &folder)) {
        fuse_reply_err(l->request, ESTALE);
        return;
    }
    int err = mount_tree(mount, folder.tree, &tree, &kept);
    if (err) {
        fuse_reply_err(l->request, mount_complain(mount, number, NULL, err));
        return;
    }
    bool room = put_dots(l, &offset, folder.inode, folder.parent_inode);
    for (uint64_t i = offset - 2; room && i < tree->count; i++) {
        const struct node *node = &tree->nodes[i];
        if (node->name_length > MOST_NAME) {
            mount_complain(mount, number, node->name,
                           err_set(ERR_TOO_LARGE, _("a name this long cannot be shown")));
            continue;
        }
        if (!fits(l, node->name))
            break;
        put_node(l, number, &folder, (uint32_t)i, node);
    }
    cache_release(mount->trees, kept);
    fuse_reply_buf(l->request, l->bytes, l->length);
}

void list_folder(struct mount *mount, fuse_req_t request, uint64_t number, size_t size, uint64_t offset,
                 bool plus)
{
    struct listing l = {.mount = mount, .request = request, .plus = plus};
    l.room = size < MOST_SIZE ? size : MOST_SIZE;
    l.bytes = mem_resize(NULL, l.room + 1, 1);
    if (NODE_FOLDER(number))
        list_tree(&l, number, offset);
    else
        list_place(&l, number, offset);
    free(l.bytes);
}
