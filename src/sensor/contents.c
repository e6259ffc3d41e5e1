/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: the contents and attributes of a file changed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "sensor/change.h"
#include "sensor/draw.h"

static uint32_t find_inode(const struct notify *n, uint64_t device, uint64_t inode)
{
    uint32_t number = catalog_find_inode(n->catalog, inode);
    while (number != CATALOG_NONE && n->mounts[catalog_row(n->catalog, number)->mount].device != device)
        number = catalog_row(n->catalog, number)->next;
    return number;
}

/* The row of a changed file: by its name, else (written through a name outside) by its inode. */
static uint32_t find_changed(const struct notify *n, const struct change *c, const struct stat *st)
{
    uint32_t number = CATALOG_NONE;
    if (c->at.node != CATALOG_NONE)
        number = catalog_find(n->catalog, c->at.node, c->at.name);
    return number != CATALOG_NONE ? number : find_inode(n, st->st_dev, st->st_ino);
}

static int open_row(struct notify *n, uint32_t number)
{
    char path[PATH_MAX];
    const struct row *row = catalog_row(n->catalog, number);
    if (!catalog_path(n->catalog, row->parent, row->name, path, sizeof path))
        return -1;
    return path_open_beneath(n->s->trees[catalog_tree_of(n->catalog, row->parent)].fd, path,
                             CHANGE_READ_FLAGS, 0);
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
    if (!watch_begin(n, kind, change_event_flags(row), row->parent, row->name))
        return;
    n->event.before = before->version;
    n->event.after = change_filestate(now);
    n->event.old_sketch = before->sketch;
    n->event.new_sketch = *sketch;
    watch_emit(n, pid, before);
}

void contents_closed(struct notify *n, const struct change *c)
{
    struct stat st;
    struct before before = {0};
    struct sketch sketch = {0};
    int fd FD_AUTO = change_open_child(c, &c->at, CHANGE_READ_FLAGS);
    uint32_t number = CATALOG_NONE;
    if (change_look(fd, &st) && S_ISREG(st.st_mode))
        number = find_changed(n, c, &st);
    if (number == CATALOG_NONE)
        return;
    struct row *row = catalog_row(n->catalog, number);
    struct stamp old = watch_stamp(n, row), now = kept_stamp(&st);
    if (old.inode != now.inode && old.inode != 0)
        return; /* the name is another file's by now; this one's next event tells */
    hot_take(n->s->hot, &old, &before);
    if (!writers_close(n->s->writers, now.device, now.inode, &before))
        kept_find(n->s->kept, &old, &before.version);
    draw_sketch(fd, now.size, false, &sketch);
    if (is_unchanged(n, row, &before, &now, &sketch))
        return;
    tell_changed(n, EVENT_WRITTEN, number, c->pid, &before, &now, &sketch);
    row->flags &= (uint16_t)~ROW_FRESH;
    change_set_stamp(n, number, &now, false);
    settle_add(n, number, fd_take(&fd));
}

/* A file was cut or extended by path. */
static void tell_cut(struct notify *n, uint32_t number, int32_t pid, int fd, const struct before *before)
{
    struct stat st;
    struct sketch sketch = {0};
    const struct row *row = catalog_row(n->catalog, number);
    if (!change_look(fd, &st) || st.st_ino != row->inode || (uint64_t)st.st_size == row->size) {
        fd_close(&fd);
        return;
    }
    struct stamp now = kept_stamp(&st);
    draw_sketch(fd, now.size, false, &sketch);
    tell_changed(n, EVENT_TRUNCATED, number, pid, before, &now, &sketch);
    change_set_stamp(n, number, &now, false);
    settle_add(n, number, fd);
}

/* No closing came: it was cut by path indeed. */
void contents_flush_cut(struct notify *n)
{
    struct writer cut = n->cut;
    struct before before;
    n->cut = (struct writer){0};
    if (cut.inode == 0 || !writers_close(n->s->writers, cut.device, cut.inode, &before))
        return;
    uint32_t number = find_inode(n, cut.device, cut.inode);
    if (number != CATALOG_NONE)
        tell_cut(n, number, cut.pid, open_row(n, number), &before);
}

/* The gate does not know who opened a hot file for writing: it is made up for now. */
static bool is_hot_writer(struct notify *n, const struct change *c, const struct stamp *old)
{
    struct before before = {0};
    struct writer writer = {old->device, old->inode, c->pid};
    if (!hot_take(n->s->hot, old, &before))
        return false;
    kept_find(n->s->kept, old, &before.version);
    before.pid = c->pid;
    writers_open(n->s->writers, old->device, &before);
    if (!procs_is_writing(c->pid, old->device, old->inode)) {
        contents_flush_cut(n);
        n->cut = writer;
    }
    return true;
}

/* Whether a file that seems to be open for writing was changed by somebody who has not opened it. */
static bool is_by_path(struct notify *n, const struct change *c, const struct stamp *stamp)
{
    return !writers_is_opener(n->s->writers, stamp->device, stamp->inode, c->pid) &&
           !procs_is_writing(c->pid, stamp->device, stamp->inode);
}

/* MODIFY without a closing: while the file is open for writing the closing will tell. */
void contents_modified(struct notify *n, const struct change *c)
{
    struct before before = {0};
    uint32_t number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number == CATALOG_NONE)
        return;
    struct stamp old = watch_stamp(n, catalog_row(n->catalog, number));
    bool open = writers_is_open_indeed(n->s->writers, old.device, old.inode, c->pid);
    if (open ? !is_by_path(n, c, &old) : is_hot_writer(n, c, &old))
        return;
    int fd FD_AUTO = change_open_child(c, &c->at, CHANGE_READ_FLAGS);
    struct stat st;
    if (open && (!change_look(fd, &st) || (uint64_t)st.st_size >= old.size))
        return; /* what makes it longer is told by the closing */
    kept_find(n->s->kept, &old, &before.version);
    tell_cut(n, number, c->pid, fd_take(&fd), &before);
}

/* The kernel names a folder that its attributes are of as itself. */
void contents_folder_attributes(struct notify *n, const struct change *c)
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
    if (watch_begin(n, EVENT_ATTRIBUTES, change_event_flags(row), row->parent, row->name)) {
        kept_find(n->s->kept, old, &n->event.before);
        n->event.after = change_filestate(&now);
        watch_emit(n, pid, NULL);
    }
    if (writers_is_open_indeed(n->s->writers, now.device, now.inode, pid))
        return;                /* its closing will see to it */
    settle_add(n, number, -1); /* with another mtime it counts as another version */
    settle_meta(n, number);
}

void contents_attributes(struct notify *n, const struct change *c)
{
    struct stat st;
    uint32_t number = catalog_find(n->catalog, c->at.node, c->at.name);
    if (number == CATALOG_NONE)
        return;
    struct row *row = catalog_row(n->catalog, number);
    int fd FD_AUTO = change_open_child(c, &c->at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (!change_look(fd, &st) || st.st_ino != row->inode || (uint64_t)st.st_size != row->size)
        return;
    struct stamp old = watch_stamp(n, row), now = kept_stamp(&st);
    change_restamp(n, number, &st);
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

/* False when the file is unchanged. */
static bool flush_file(struct notify *n, const struct writer *writer)
{
    struct stat st;
    struct before before = {0}, after = {.pid = writer->pid};
    uint32_t number = find_inode(n, writer->device, writer->inode);
    int fd FD_AUTO = number == CATALOG_NONE ? -1 : open_row(n, number);
    if (!change_look(fd, &st) || st.st_ino != writer->inode ||
        !writers_look(n->s->writers, writer->device, writer->inode, &before))
        return false;
    struct stamp now = kept_stamp(&st);
    draw_sketch(fd, now.size, false, &after.sketch);
    if (is_unchanged(n, catalog_row(n->catalog, number), &before, &now, &after.sketch))
        return false; /* he may be let go and write it after all: what it was stays known */
    after.version = kept_version(&now);
    after.uid = before.uid;
    writers_close(n->s->writers, writer->device, writer->inode, &before);
    tell_changed(n, EVENT_WRITTEN, number, writer->pid, &before, &now, &after.sketch);
    catalog_row(n->catalog, number)->flags &= (uint16_t)~ROW_FRESH;
    change_set_stamp(n, number, &now, false);
    writers_open(n->s->writers, writer->device, &after); /* it is still open: its closing comes some day */
    return true;
}

/* What he changed through a mapping of a file that was hot when he opened it: nothing has told of it. */
static void flush_hot(struct notify *n, const struct actor *who)
{
    struct hot_file *files;
    size_t count = hot_list(n->s->hot, &files);
    for (size_t i = 0; i < count; i++) {
        struct writer writer = {files[i].device, files[i].before.version.inode, who->pid};
        if (writers_is_open(n->s->writers, writer.device, writer.inode))
            continue;
        files[i].before.pid = who->pid;
        files[i].before.uid = who->uid;
        writers_open(n->s->writers, writer.device, &files[i].before);
        if (!flush_file(n, &writer))
            writers_forget(n->s->writers, writer.device, writer.inode);
    }
    free(files);
}

void contents_flush_open(struct notify *n, const struct actor *who)
{
    struct writer *writers;
    size_t count = writers_list(n->s->writers, &writers);
    for (size_t i = 0; i < count; i++)
        if (is_his(n, writers[i].pid, who))
            flush_file(n, &writers[i]);
    free(writers);
    flush_hot(n, who);
}
