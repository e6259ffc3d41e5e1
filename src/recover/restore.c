/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file gets its bytes back, in two halves, so that many files share one sync between them: first the
 * version is written under a name of ours beside its place, complete with its metadata; once that is on the
 * disk it changes places with what stands there, which goes to quarantine. Whatever instant a crash picks,
 * the inodes tell which half was reached: our name holds an unfinished file, a finished one, or the spoiled
 * one; and a number in quarantine means that all is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "recover/work.h"
#include "sensor/shadow.h"
#include "vault/fetch.h"

/* --- where the bytes come from --- */

static int read_staged_meta(const struct work *w, uint32_t number, struct fetch_meta *out)
{
    char name[WORK_NAME_SIZE];
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, FILEMETA_MAX_BYTES * 2);
    snprintf(name, sizeof name, "%u.meta", number);
    int err = w->staged_fd < 0 ? ERR_NOT_FOUND : fd_read_file(w->staged_fd, name, &bytes);
    if (err == ERR_NOT_FOUND)
        return err_set(ERR_NOT_FOUND, _("no version of this file was kept"));
    if (err)
        return err;
    struct reader r;
    reader_init(&r, bytes.data, bytes.length);
    fetch_meta_decode(&r, out);
    if (reader_done(&r))
        return 0;
    fetch_meta_free(out);
    return err_set(ERR_CORRUPT, _("what was fetched from the vault is damaged"));
}

static int open_staged(const struct work *w, uint32_t number, struct source *out)
{
    char name[WORK_NAME_SIZE];
    struct fetch_meta meta = {0};
    int err = read_staged_meta(w, number, &meta);
    if (err)
        return err;
    snprintf(name, sizeof name, "%u", number);
    if (S_ISREG(meta.meta.mode))
        out->fd = openat(w->staged_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (S_ISREG(meta.meta.mode) && out->fd < 0) {
        err = err_sys(_("cannot open what was fetched from the vault"));
    } else {
        out->meta = meta.meta;
        meta.meta = (struct filemeta){0};
        out->target = S_ISLNK(out->meta.mode) ? mem_strdup(meta.target ? meta.target : "") : NULL;
    }
    fetch_meta_free(&meta);
    return err;
}

/* The copy of a symbolic link has its target for bytes. */
static int read_target(struct source *out)
{
    struct buf target BUF_AUTO;
    buf_init(&target, PATH_MAX);
    int err = fd_read_all(out->fd, &target, _("the shadow copy"));
    if (!err && target.length == 0)
        err = err_set(ERR_CORRUPT, _("what was kept of the symbolic link is empty"));
    if (!err)
        out->target = mem_strdup(buf_string(&target));
    fd_close(&out->fd);
    return err;
}

/* The copy may be older than the last chmod. */
static void newest_meta(const struct work *w, const struct version *version, const struct version *copied,
                        struct source *out)
{
    struct filemeta newer;
    if (w->shadow_fd < 0 || !S_ISREG(out->meta.mode) || version->inode == 0 ||
        shadow_meta(w->shadow_fd, version, copied, &newer) != 0)
        return;
    filemeta_free(&out->meta);
    out->meta = newer;
}

static int open_shadow(const struct work *w, const struct version *version, struct source *out)
{
    struct shadow_record record;
    if (w->shadow_fd < 0)
        return ERR_NOT_FOUND;
    int err = shadow_open(w->shadow_fd, version->id, &out->fd, &record, &out->meta);
    if (!err)
        newest_meta(w, version, &record.version, out);
    if (!err && S_ISLNK(out->meta.mode))
        err = read_target(out);
    if (err)
        source_close(out);
    return err;
}

int source_open(struct work *w, const struct step *step, struct source *out)
{
    *out = (struct source){.fd = -1};
    if (step->version.kind == VERSION_SHADOW && open_shadow(w, &step->version, out) == 0)
        return 0;
    int err = open_staged(w, step->number, out);
    if (err == 0)
        newest_meta(w, &step->version, NULL, out);
    if (err != 0 && step->version.kind == VERSION_NONE && step->version.inode != 0 &&
        step->version.size == 0) {
        out->empty = true;
        return 0;
    }
    return err;
}

void source_close(struct source *s)
{
    fd_close(&s->fd);
    filemeta_free(&s->meta);
    free(s->target);
    *s = (struct source){.fd = -1};
}

/* --- first half --- */

static void our_name(const struct work *w, const struct step *step, char out[static WORK_NAME_SIZE])
{
    snprintf(out, WORK_NAME_SIZE, ".beffroi-%u-%u", w->incident, step->number);
}

/* An empty original that nobody kept: only its times are known, the owner is that of its folder. */
static void guess_meta(int folder, const struct step *step, struct filemeta *meta)
{
    struct stat st;
    *meta = (struct filemeta){
        .mode = S_IFREG | 0640, .atime_ns = step->version.mtime_ns, .mtime_ns = step->version.mtime_ns};
    if (fstat(folder, &st) == 0) {
        meta->uid = st.st_uid;
        meta->gid = st.st_gid;
    }
}

static int write_link(int folder, const char *name, const struct source *source)
{
    if (symlinkat(source->target, folder, name) != 0)
        return err_sys(_("cannot make the symbolic link"));
    if (fchownat(folder, name, source->meta.uid, source->meta.gid, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(_("cannot set the owner"));
    struct timespec times[2];
    foldertimes_split(source->meta.atime_ns, &times[0]);
    foldertimes_split(source->meta.mtime_ns, &times[1]);
    if (utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(_("cannot set the times"));
    return 0;
}

static int write_version(int folder, const char *name, const struct step *step, const struct source *source)
{
    if (source->target)
        return write_link(folder, name, source);
    if (!S_ISREG(source->meta.mode))
        return err_set(ERR_CORRUPT, _("what was kept of it is not a file"));
    int fd FD_AUTO = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot make a file beside %s"), step->path);
    uint64_t size = step->version.kind == VERSION_NONE ? UINT64_MAX : step->version.size;
    int err = source->fd < 0 ? 0 : work_copy(source->fd, fd, size, step->path);
    return err ? err : filemeta_apply(fd, &source->meta);
}

/* Our name is there from before a crash: unless it holds the spoiled inode already, it is made anew. */
static bool first_half_is_done(int folder, const char *name, const struct step *step)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (step->expected.inode != 0 && st.st_ino == step->expected.inode)
        return true;
    unlinkat(folder, name, 0);
    return false;
}

void restore_prepare(struct work *w, const struct step *step, enum step_result *outcome)
{
    const char *place;
    char name[WORK_NAME_SIZE];
    *outcome = 0;
    int folder FD_AUTO = work_parent(w, step->tree, step->path, &place);
    if (folder < 0) {
        *outcome = STEP_FAILED;
        return;
    }
    our_name(w, step, name);
    if (first_half_is_done(folder, name, step))
        return;
    struct source source;
    int err = source_open(w, step, &source);
    if (err) {
        *outcome = err == ERR_NOT_FOUND || err == ERR_CORRUPT ? STEP_LOST : STEP_FAILED;
        return;
    }
    if (source.empty)
        guess_meta(folder, step, &source.meta);
    err = write_version(folder, name, step, &source);
    source_close(&source);
    if (err) {
        unlinkat(folder, name, 0);
        *outcome = err == ERR_CHANGED || err == ERR_CORRUPT ? STEP_LOST : STEP_FAILED;
    }
}

/* --- second half --- */

struct place {
    struct work *w;
    const struct step *step;
    struct done *record;
    int folder;
    const char *name; /* of the file */
    char ours[WORK_NAME_SIZE];
    struct stat st; /* of what stands at the place, when `there` */
    bool there;
};

static int finish(struct place *p, enum step_result result, unsigned flags, const char *name)
{
    struct stat st;
    p->record->result = (uint8_t)result;
    p->record->flags |= (uint8_t)flags;
    if (fstatat(p->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        p->record->placed = work_state(&st);
    return 0;
}

/* Somebody else's file stays; the original gets a name beside it. */
static int keep_both(struct place *p)
{
    char *beside = NULL;
    int err = work_put_beside(p->folder, p->ours, p->name, _("before the attack"), &beside);
    if (err)
        return err;
    p->record->beside = beside;
    err_set(ERR_CHANGED, _("somebody has changed it since; the original is beside it as “%s”"), beside);
    return finish(p, STEP_KEPT_BOTH, DONE_MADE, beside);
}

/* 1 when what stands there has the bytes of the version already. */
static int is_already_so(const struct place *p)
{
    if (!S_ISREG(p->st.st_mode))
        return 0;
    int a FD_AUTO = openat(p->folder, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int b FD_AUTO = openat(p->folder, p->ours, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return a < 0 || b < 0 ? 0 : work_same(a, b);
}

static int put_in_free_place(struct place *p)
{
    if (renameat2(p->folder, p->ours, p->folder, p->name, RENAME_NOREPLACE) != 0)
        return err_sys(_("cannot put %s in its place"), p->step->path);
    return finish(p, STEP_DONE, DONE_MADE, p->name);
}

/* The inode has other names too, which must all have the original: its bytes are put back into it. */
static int put_in_place(struct place *p)
{
    int ours FD_AUTO = openat(p->folder, p->ours, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int fd FD_AUTO = openat(p->folder, p->name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || ours < 0)
        return err_sys(_("cannot open %s"), p->step->path);
    struct filemeta meta = {0};
    int err =
        quarantine_has(p->w, p->step->number) ? 0 : quarantine_copy(p->w, fd, p->step->path, p->step->number);
    if (!err)
        err = filemeta_read(ours, &meta);
    if (!err)
        err = work_copy(ours, fd, UINT64_MAX, p->step->path);
    if (!err)
        err = filemeta_apply(fd, &meta);
    filemeta_free(&meta);
    if (!err && unlinkat(p->folder, p->ours, 0) != 0)
        err = err_sys(_("cannot remove %s"), p->ours);
    return err ? err : finish(p, STEP_DONE, DONE_IN_PLACE | DONE_TAKEN, p->name);
}

/* The spoiled inode stands under our name now. */
static int quarantine_ours(struct place *p)
{
    int err = quarantine_take(p->w, p->folder, p->ours, p->step->number);
    return err ? err : finish(p, STEP_DONE, DONE_TAKEN, p->name);
}

static int exchange(struct place *p)
{
    if (S_ISREG(p->st.st_mode) && p->st.st_nlink > 1)
        return put_in_place(p);
    if (renameat2(p->folder, p->ours, p->folder, p->name, RENAME_EXCHANGE) != 0)
        return err_sys(_("cannot put %s in its place"), p->step->path);
    return quarantine_ours(p);
}

/* The spoiled inode lies elsewhere: it goes from there once the original is in its place. */
static int take_from(struct place *p)
{
    const char *name;
    struct stat st;
    int folder FD_AUTO = work_parent(p->w, p->step->tree, p->step->from, &name);
    if (folder < 0)
        return folder;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), p->step->from);
    if (!work_is_expected(&st, &p->step->expected))
        return 0; /* somebody else's by now */
    int err = quarantine_take(p->w, folder, name, p->step->number);
    if (!err)
        p->record->flags |= DONE_TAKEN;
    return err;
}

/* With other names, the spoiled inode itself goes home first. */
static int bring_inode_home(struct place *p)
{
    const char *name;
    struct stat st;
    int folder FD_AUTO = work_parent(p->w, p->step->tree, p->step->from, &name);
    if (folder < 0 || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        st.st_nlink < 2 || !work_is_expected(&st, &p->step->expected))
        return 0;
    if (renameat2(folder, name, p->folder, p->name, RENAME_NOREPLACE) != 0)
        return err_sys(_("cannot give %s its name back"), p->step->path);
    p->st = st;
    p->there = true;
    return 0;
}

static int commit_elsewhere(struct place *p)
{
    int err = p->there ? 0 : bring_inode_home(p);
    if (err)
        return err;
    if (p->there && p->st.st_ino == p->step->expected.inode)
        return put_in_place(p);
    if (!p->there)
        err = put_in_free_place(p);
    else if (is_already_so(p) == 1)
        err = unlinkat(p->folder, p->ours, 0) != 0 ? err_sys(_("cannot remove %s"), p->ours)
                                                   : finish(p, STEP_DONE, 0, p->name);
    else
        err = keep_both(p);
    return err ? err : take_from(p);
}

/* A name that was a hard link gets to be one again, when the file it belongs to is back in its place. */
static bool link_again(struct place *p)
{
    const char *name;
    struct stat ours, st;
    int folder FD_AUTO = work_parent(p->w, p->step->tree, p->step->from, &name);
    if (folder < 0 || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
        fstatat(p->folder, p->ours, &ours, AT_SYMLINK_NOFOLLOW) != 0 || st.st_size != ours.st_size ||
        st.st_mtim.tv_sec != ours.st_mtim.tv_sec || st.st_mtim.tv_nsec != ours.st_mtim.tv_nsec)
        return false;
    if (linkat(folder, name, p->folder, p->name, 0) != 0)
        return false;
    unlinkat(p->folder, p->ours, 0);
    finish(p, STEP_DONE, DONE_MADE, p->name);
    return true;
}

static int commit(struct place *p)
{
    struct stat ours;
    const struct filestate *expected = &p->step->expected;
    bool nothing = work_state_is_nothing(expected);
    if (!nothing && fstatat(p->folder, p->ours, &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
        ours.st_ino == expected->inode)
        return quarantine_ours(p);
    if (!nothing && p->step->from[0])
        return commit_elsewhere(p);
    if (!p->there && nothing && p->step->from[0] && link_again(p))
        return 0;
    if (!p->there)
        return put_in_free_place(p);
    bool half_in_place = !nothing && p->st.st_ino == expected->inode && p->st.st_nlink > 1 &&
                         quarantine_has(p->w, p->step->number);
    if (half_in_place || (!nothing && work_is_expected(&p->st, expected)))
        return exchange(p);
    if (is_already_so(p) == 1) {
        unsigned taken = quarantine_has(p->w, p->step->number) ? DONE_TAKEN : 0u;
        if (unlinkat(p->folder, p->ours, 0) != 0)
            return err_sys(_("cannot remove %s"), p->ours);
        return finish(p, STEP_DONE, taken, p->name);
    }
    return keep_both(p);
}

void restore_commit(struct work *w, const struct step *step, struct done *record)
{
    struct place p = {.w = w, .step = step, .record = record};
    p.folder = work_parent(w, step->tree, step->path, &p.name);
    record->result = STEP_FAILED;
    if (p.folder < 0)
        return;
    our_name(w, step, p.ours);
    p.there = fstatat(p.folder, p.name, &p.st, AT_SYMLINK_NOFOLLOW) == 0;
    int err = p.there || errno == ENOENT ? commit(&p) : err_sys(_("cannot look at %s"), step->path);
    if (err) {
        record->result = STEP_FAILED;
        struct stat st;
        /* A half-made file is not left lying about; the spoiled inode is not touched. */
        if (fstatat(p.folder, p.ours, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino != step->expected.inode)
            unlinkat(p.folder, p.ours, 0);
    }
    fd_close(&p.folder);
}
