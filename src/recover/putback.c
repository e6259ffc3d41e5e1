/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What recovery put somewhere is dropped only if nobody has changed it since; else it stays and the program's
 * own version is placed beside it.
 */
#include "recover/putback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

struct undo {
    struct work *w;
    const struct step *step;
    const struct done *done;
    bool kept; /* both versions were kept */
};

static bool is_unchanged(const struct undo *u, const struct stat *st)
{
    return !work_state_is_nothing(&u->done->placed) && work_is_expected(st, &u->done->placed);
}

/* The version in quarantine gets the place, or one beside it when that is taken. */
static int give(struct undo *u, int folder, const char *name)
{
    if (!quarantine_has(u->w, u->step->number))
        return 0; /* before a crash */
    int err = quarantine_give(u->w, folder, name, u->step->number);
    if (err != ERR_EXISTS)
        return err;
    char beside[256];
    for (unsigned number = 1; err == ERR_EXISTS && number < 10000; number++) {
        work_beside_name(name, _("the program's version"), number, beside);
        err = quarantine_give(u->w, folder, beside, u->step->number);
    }
    u->kept = true;
    return err;
}

/* Removes what recovery placed at (folder, name), unless somebody changed it: true when the place is free. */
static int drop_placed(struct undo *u, int folder, const char *name)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), u->step->path);
    if (!is_unchanged(u, &st)) {
        u->kept = true;
        return 0;
    }
    return unlinkat(folder, name, 0) == 0 ? 0 : err_sys(_("cannot remove %s"), u->step->path);
}

/* The place never stands empty: the program's version comes in by an exchange, then the other one goes. */
static int swap_in(struct undo *u, int folder, const char *name)
{
    char ours[WORK_NAME_SIZE];
    snprintf(ours, sizeof ours, ".beffroi-%u-%u", u->w->incident, u->step->number);
    struct stat st;
    bool half = fstatat(folder, ours, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!half) {
        if (!quarantine_has(u->w, u->step->number))
            return 0;
        int err = quarantine_give(u->w, folder, ours, u->step->number);
        if (err)
            return err;
    } else if (is_unchanged(u, &st)) {
        return unlinkat(folder, ours, 0) == 0 ? 0 : err_sys(_("cannot remove %s"), ours);
    }
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_unchanged(u, &st)) {
        if (renameat2(folder, ours, folder, name, RENAME_EXCHANGE) != 0)
            return err_sys(_("cannot put %s back"), u->step->path);
        return unlinkat(folder, ours, 0) == 0 ? 0 : err_sys(_("cannot remove %s"), ours);
    }
    if (renameat2(folder, ours, folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    char *beside = NULL;
    int err = work_put_beside(folder, ours, name, _("the program's version"), &beside);
    free(beside);
    u->kept = true;
    return err;
}

static int undo_in_place(struct undo *u, int folder, const char *name)
{
    struct stat st;
    if (!quarantine_has(u->w, u->step->number))
        return 0;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_ino != u->done->placed.inode ||
        (!is_unchanged(u, &st) && !S_ISREG(st.st_mode)))
        return give(u, folder, name);
    if (!is_unchanged(u, &st)) {
        char beside[256];
        work_beside_name(name, _("the program's version"), 1, beside);
        return give(u, folder, beside);
    }
    struct filemeta meta = {0};
    int from FD_AUTO = quarantine_open(u->w, u->step->number);
    int to FD_AUTO = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (from < 0 || to < 0)
        return from < 0 ? from : err_sys(_("cannot open %s"), u->step->path);
    int err = filemeta_read(from, &meta);
    if (!err)
        err = work_copy(from, to, UINT64_MAX, u->step->path);
    if (!err)
        err = filemeta_apply(to, &meta);
    filemeta_free(&meta);
    return err;
}

static int undo_restore(struct undo *u)
{
    const char *name;
    int folder FD_AUTO = work_parent(u->w, u->step->tree, u->step->path, &name);
    if (folder < 0)
        return folder;
    if (u->done->beside) {
        int err = drop_placed(u, folder, u->done->beside);
        if (err || !(u->done->flags & DONE_TAKEN))
            return err;
    } else if (u->done->flags & DONE_IN_PLACE) {
        return undo_in_place(u, folder, name);
    } else if ((u->done->flags & DONE_TAKEN) && !u->step->from[0]) {
        return swap_in(u, folder, name);
    } else if (u->done->flags & DONE_MADE) {
        int err = drop_placed(u, folder, name);
        if (err)
            return err;
    }
    if (!(u->done->flags & DONE_TAKEN))
        return 0;
    int from FD_AUTO =
        work_parent(u->w, u->step->tree, u->step->from[0] ? u->step->from : u->step->path, &name);
    return from < 0 ? from : give(u, from, name);
}

static int undo_rename(struct undo *u)
{
    const char *name, *old;
    struct stat st;
    int folder FD_AUTO = work_parent(u->w, u->step->tree, u->step->path, &name);
    int from FD_AUTO = work_parent(u->w, u->step->tree, u->step->from, &old);
    if (folder < 0 || from < 0)
        return folder < 0 ? folder : from;
    if (u->done->beside)
        name = u->done->beside;
    uint64_t inode = u->done->placed.inode;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (inode != 0 && st.st_ino != inode))
        return 0; /* it is gone from there, or a crash came after it was done */
    unsigned how = u->done->flags & DONE_EXCHANGED ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (renameat2(folder, name, from, old, how) == 0)
        return 0;
    if (errno == ENOENT && how == RENAME_EXCHANGE &&
        renameat2(folder, name, from, old, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EEXIST)
        return err_sys(_("cannot rename %s back"), u->step->path);
    u->kept = true; /* another file has that name by now: this one keeps its own */
    return 0;
}

static int undo_quarantine(struct undo *u)
{
    const char *name;
    if (!(u->done->flags & DONE_TAKEN))
        return 0;
    int folder FD_AUTO = work_parent(u->w, u->step->tree, u->step->path, &name);
    return folder < 0 ? folder : give(u, folder, name);
}

static int undo_make_folder(struct undo *u)
{
    const char *name;
    if (!(u->done->flags & DONE_MADE))
        return 0;
    int folder FD_AUTO = work_parent(u->w, u->step->tree, u->step->path, &name);
    if (folder < 0)
        return folder;
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_sys(_("cannot remove the folder %s"), u->step->path);
    u->kept = true; /* somebody put files there since */
    return 0;
}

static int undo_remove_folder(struct undo *u)
{
    const char *name;
    char file[WORK_NAME_SIZE];
    struct filemeta meta;
    struct buf bytes BUF_AUTO;
    if (!(u->done->flags & DONE_TAKEN))
        return 0;
    int folder FD_AUTO = work_parent(u->w, u->step->tree, u->step->path, &name);
    if (folder < 0)
        return folder;
    if (mkdirat(folder, name, 0700) != 0)
        return errno == EEXIST ? 0 : err_sys(_("cannot make the folder %s"), u->step->path);
    buf_init(&bytes, FILEMETA_MAX_BYTES * 2);
    snprintf(file, sizeof file, "%u.folder", u->step->number);
    int err = fd_read_file(u->w->quarantine_fd, file, &bytes);
    if (err)
        return err;
    struct reader r;
    reader_init(&r, bytes.data, bytes.length);
    filemeta_decode(&r, &meta);
    int fd FD_AUTO = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        err = err_sys(_("cannot open the folder %s"), u->step->path);
    else if (reader_done(&r))
        err = filemeta_apply(fd, &meta);
    filemeta_free(&meta);
    return err;
}

static int undo_step(struct undo *u)
{
    switch (u->step->kind) {
    case STEP_RESTORE:
        return undo_restore(u);
    case STEP_RENAME:
        return undo_rename(u);
    case STEP_QUARANTINE:
        return undo_quarantine(u);
    case STEP_MAKE_FOLDER:
        return undo_make_folder(u);
    case STEP_REMOVE_FOLDER:
        return undo_remove_folder(u);
    }
    return 0;
}

static bool is_to_undo(const struct done *d)
{
    return (d->result == STEP_DONE || d->result == STEP_KEPT_BOTH) && !(d->flags & DONE_UNDONE);
}

/* Returns an error only when the progress can no longer be written. */
static int undo_one(struct work *w, size_t index, struct step *step, struct action *action)
{
    planfile_step(&w->plan, index, step);
    struct undo u = {.w = w, .step = step, .done = &w->done.steps[index]};
    if (undo_step(&u) != 0) {
        action->failed++;
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
        return 0;
    }
    action->done++;
    action->kept += u.kept;
    struct done record = *u.done;
    record.flags |= DONE_UNDONE;
    record.beside = u.done->beside ? mem_strdup(u.done->beside) : NULL;
    return donefile_add(&w->done, &record);
}

static int mark(struct work *w, uint8_t what)
{
    struct done record = {.result = what};
    int err = work_sync(w);
    if (!err)
        err = donefile_add(&w->done, &record);
    return err ? err : donefile_sync(&w->done);
}

static int undo_all(struct work *w, struct action *action)
{
    int err = w->done.undoing || w->done.undone ? 0 : mark(w, DONE_UNDOING);
    struct step *step MEM_AUTO = mem_zalloc(1, sizeof *step);
    for (size_t i = w->plan.count; i-- > 0 && !err;)
        if (is_to_undo(&w->done.steps[i]))
            err = undo_one(w, i, step, action);
    foldertimes_apply(w->times, w);
    if (!err && action->failed == 0)
        err = mark(w, DONE_ALL_UNDONE);
    return err;
}

int putback_run(struct work *w, struct action *action)
{
    int err = undo_all(w, action);
    if (err) {
        action->result = action->done > 0 ? ACTION_PARTLY : ACTION_FAILED;
        snprintf(action->text, sizeof action->text, _("taking the recovery back stopped: %s"), err_text());
        return err;
    }
    if (action->failed > 0) {
        char why[200];
        snprintf(why, sizeof why, "%.190s", action->text);
        snprintf(action->text, sizeof action->text,
                 P_("the program's changes are back, but for %u (%s)",
                    "the program's changes are back, but for %u (%s)", action->failed),
                 action->failed, why);
    } else {
        snprintf(action->text, sizeof action->text,
                 P_("%u change of the program is back", "%u changes of the program are back", action->done),
                 action->done);
    }
    action->result = action->failed == 0 ? ACTION_DONE : action->done > 0 ? ACTION_PARTLY : ACTION_FAILED;
    return action->failed > 0 ? ERR_PARTIAL : 0;
}
