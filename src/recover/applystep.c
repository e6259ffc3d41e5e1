/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recover/applystep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

/* Where a name is: its folder and what stands there. */
struct spot {
    int folder;
    const char *name;
    bool there;
    struct stat st;
};

static int find_spot(struct work *w, uint32_t tree, const char *path, struct spot *s)
{
    s->folder = work_parent(w, tree, path, &s->name);
    if (s->folder < 0)
        return s->folder;
    s->there = fstatat(s->folder, s->name, &s->st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!s->there && errno != ENOENT) {
        int err = err_sys(_("cannot look at %s"), path);
        fd_close(&s->folder);
        return err;
    }
    return 0;
}

static enum step_result failed(void)
{
    return STEP_FAILED;
}

static enum step_result rename_taken(const struct step *step, struct spot *from, struct spot *to,
                                     struct done *record)
{
    if (step->version.inode != 0 && to->st.st_ino == step->version.inode) {
        if (renameat2(from->folder, from->name, to->folder, to->name, RENAME_EXCHANGE) != 0) {
            err_sys(_("cannot exchange %s and %s"), step->from, step->path);
            return failed();
        }
        record->flags |= DONE_EXCHANGED;
        return STEP_DONE;
    }
    char beside[256];
    for (unsigned number = 1; number < 10000; number++) {
        work_beside_name(to->name, _("before the attack"), number, beside);
        if (renameat2(from->folder, from->name, to->folder, beside, RENAME_NOREPLACE) == 0) {
            record->beside = mem_strdup(beside);
            err_set(ERR_CHANGED, _("somebody else's file has that name now; this one is beside it as “%s”"),
                    beside);
            return STEP_KEPT_BOTH;
        }
        if (errno != EEXIST)
            break;
    }
    err_sys(_("cannot give %s its name back"), step->path);
    return failed();
}

static enum step_result rename_back(const struct step *step, struct spot *from, struct spot *to,
                                    struct done *record)
{
    uint64_t inode = step->expected.inode;
    if (inode != 0 && to->there && to->st.st_ino == inode) {
        /* Done before a crash, or by somebody: an exchange has left the other file at the old name. */
        if (from->there && from->st.st_ino == step->version.inode)
            record->flags |= DONE_EXCHANGED;
        record->placed = work_state(&to->st);
        return STEP_DONE;
    }
    if (!from->there || (inode != 0 && from->st.st_ino != inode)) {
        err_set(ERR_NOT_FOUND, _("%s is no longer where the attack left it"), step->from);
        return STEP_LOST;
    }
    if (to->there)
        return rename_taken(step, from, to, record);
    if (renameat2(from->folder, from->name, to->folder, to->name, RENAME_NOREPLACE) != 0) {
        err_sys(_("cannot give %s its name back"), step->path);
        return failed();
    }
    return STEP_DONE;
}

static enum step_result do_rename(struct work *w, const struct step *step, struct done *record)
{
    struct spot from = {.folder = -1}, to = {.folder = -1};
    enum step_result result = STEP_FAILED;
    if (find_spot(w, step->tree, step->from, &from) == 0 && find_spot(w, step->tree, step->path, &to) == 0)
        result = rename_back(step, &from, &to, record);
    struct stat st;
    const char *name = record->beside ? record->beside : to.name;
    if (to.folder >= 0 && fstatat(to.folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        record->placed = work_state(&st);
    fd_close(&from.folder);
    fd_close(&to.folder);
    return result;
}

static enum step_result do_quarantine(struct work *w, const struct step *step, struct done *record)
{
    struct spot s = {.folder = -1};
    if (find_spot(w, step->tree, step->path, &s) != 0)
        return failed();
    enum step_result result = STEP_DONE;
    if (!s.there && quarantine_has(w, step->number)) {
        record->flags |= DONE_TAKEN; /* before a crash */
    } else if (!s.there) {
        result = STEP_NEEDLESS;
    } else if (!work_is_expected(&s.st, &step->expected)) {
        err_set(ERR_CHANGED, _("somebody has changed it since; it stays"));
        result = STEP_KEPT_BOTH;
    } else if (quarantine_take(w, s.folder, s.name, step->number) != 0) {
        result = failed();
    } else {
        record->flags |= DONE_TAKEN;
    }
    fd_close(&s.folder);
    return result;
}

static void meta_of_parent(int folder, struct filemeta *meta)
{
    struct stat st;
    *meta = (struct filemeta){.mode = S_IFDIR | 0750};
    if (fstat(folder, &st) == 0)
        *meta = (struct filemeta){.mode = st.st_mode, .uid = st.st_uid, .gid = st.st_gid};
    meta->atime_ns = meta->mtime_ns = clock_system.wall_ns(clock_system.self);
}

/* The owner, mode and attributes from what was kept of the folder, else those of the one it lies in. */
static int dress_folder(struct work *w, const struct step *step, const struct spot *s)
{
    struct source source;
    if (source_open(w, step, &source) != 0 || source.empty || !S_ISDIR(source.meta.mode)) {
        source_close(&source);
        meta_of_parent(s->folder, &source.meta);
    }
    int fd FD_AUTO = openat(s->folder, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int err = fd < 0 ? err_sys(_("cannot open the folder %s"), step->path) : filemeta_apply(fd, &source.meta);
    if (!err)
        foldertimes_set(w->times, step->tree, step->path, source.meta.atime_ns, source.meta.mtime_ns);
    source_close(&source);
    return err;
}

static enum step_result do_make_folder(struct work *w, const struct step *step, struct done *record)
{
    struct spot s = {.folder = -1};
    if (find_spot(w, step->tree, step->path, &s) != 0)
        return failed();
    enum step_result result = STEP_DONE;
    if (s.there && !S_ISDIR(s.st.st_mode)) {
        err_set(ERR_EXISTS, _("%s cannot be made again: something that is not a folder has its name"),
                step->path);
        result = STEP_FAILED;
    } else if (s.there && s.st.st_ino != step->expected.inode) {
        result = STEP_NEEDLESS;
    } else if (!s.there && mkdirat(s.folder, s.name, 0700) != 0) {
        err_sys(_("cannot make the folder %s"), step->path);
        result = STEP_FAILED;
    } else {
        record->flags |= s.there ? 0 : DONE_MADE;
        if (dress_folder(w, step, &s) != 0)
            result = STEP_FAILED;
    }
    fd_close(&s.folder);
    return result;
}

/* What the folder was like, so that putting back can make it again. */
static int keep_folder_meta(struct work *w, const struct spot *s, uint32_t number)
{
    int fd FD_AUTO = openat(s->folder, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct filemeta meta;
    if (fd < 0)
        return err_sys(_("cannot open the folder %s"), s->name);
    int err = filemeta_read(fd, &meta);
    if (err)
        return err;
    char name[WORK_NAME_SIZE];
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, FILEMETA_MAX_BYTES * 2);
    filemeta_encode(&meta, &bytes);
    filemeta_free(&meta);
    snprintf(name, sizeof name, "%u.folder", number);
    return durable_write(w->quarantine_fd, name, bytes.data, bytes.length, 0600);
}

static enum step_result do_remove_folder(struct work *w, const struct step *step, struct done *record)
{
    struct spot s = {.folder = -1};
    if (find_spot(w, step->tree, step->path, &s) != 0)
        return failed();
    enum step_result result = STEP_DONE;
    if (!s.there || !S_ISDIR(s.st.st_mode) || s.st.st_ino != step->expected.inode) {
        result = STEP_NEEDLESS;
    } else if (keep_folder_meta(w, &s, step->number) != 0) {
        result = STEP_FAILED;
    } else if (unlinkat(s.folder, s.name, AT_REMOVEDIR) == 0) {
        record->flags |= DONE_TAKEN;
    } else if (errno == ENOTEMPTY || errno == EEXIST) {
        err_set(ERR_EXISTS, _("other files lie in the folder; it stays"));
        result = STEP_NEEDLESS;
    } else {
        err_sys(_("cannot remove the folder %s"), step->path);
        result = STEP_FAILED;
    }
    fd_close(&s.folder);
    return result;
}

void applystep_do(struct work *w, const struct step *step, struct done *record)
{
    enum step_result result = STEP_FAILED;
    switch (step->kind) {
    case STEP_RENAME:
        result = do_rename(w, step, record);
        break;
    case STEP_QUARANTINE:
        result = do_quarantine(w, step, record);
        break;
    case STEP_MAKE_FOLDER:
        result = do_make_folder(w, step, record);
        break;
    case STEP_REMOVE_FOLDER:
        result = do_remove_folder(w, step, record);
        break;
    case STEP_RESTORE: /* in two halves: see restore.c */
        break;
    }
    record->result = (uint8_t)result;
}
