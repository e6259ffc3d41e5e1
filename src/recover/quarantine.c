/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file in quarantine keeps its inode (a rename) and so all of its metadata; across file systems it is a
 * copy with the same metadata. It lies under its step's number, and has that name only once it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "recover/work.h"

static const char *name_of(uint32_t number, char out[static WORK_NAME_SIZE])
{
    snprintf(out, WORK_NAME_SIZE, "%u", number);
    return out;
}

bool quarantine_has(const struct work *w, uint32_t number)
{
    char name[WORK_NAME_SIZE];
    return faccessat(w->quarantine_fd, name_of(number, name), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int quarantine_open(const struct work *w, uint32_t number)
{
    char name[WORK_NAME_SIZE];
    int fd = openat(w->quarantine_fd, name_of(number, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open number %u in quarantine"), number) : fd;
}

/* Bytes and metadata of an open file under a temporary name, synced, then under its own. */
static int copy_file(int from, int to_folder, const char *to_name, const char *what)
{
    char temporary[WORK_NAME_SIZE + 16];
    snprintf(temporary, sizeof temporary, ".beffroi-%.40s.new", to_name);
    unlinkat(to_folder, temporary, 0);
    int to FD_AUTO = openat(to_folder, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return err_sys(_("cannot keep a copy of %s"), what);
    struct filemeta meta = {0};
    int err = work_copy(from, to, UINT64_MAX, what);
    if (!err)
        err = filemeta_read(from, &meta);
    if (!err && filemeta_apply(to, &meta) != 0)
        err_clear(); /* the bytes matter; an attribute that this file system cannot hold is not in them */
    filemeta_free(&meta);
    if (!err && fsync(to) != 0)
        err = err_sys(_("cannot write the copy of %s to the disk"), what);
    if (!err && renameat2(to_folder, temporary, to_folder, to_name, RENAME_NOREPLACE) != 0)
        err = err_sys(_("cannot keep a copy of %s"), what);
    if (err)
        unlinkat(to_folder, temporary, 0);
    return err ? err : durable_sync_folder(to_folder, what);
}

static int copy_symlink(int from_folder, const char *from_name, int to_folder, const char *to_name)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(from_folder, from_name, target, sizeof target - 1);
    if (length < 0)
        return err_sys(_("cannot read the symbolic link %s"), from_name);
    target[length] = '\0';
    if (symlinkat(target, to_folder, to_name) != 0)
        return err_sys(_("cannot keep the symbolic link %s"), from_name);
    return 0;
}

/* Across file systems. When a crash left the copy whole and the source still there, only the last part is
 * done. */
static int carry_over(int from_folder, const char *from_name, int to_folder, const char *to_name)
{
    struct stat st, there;
    if (fstatat(from_folder, from_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(_("cannot look at %s"), from_name);
    int err = 0;
    if (fstatat(to_folder, to_name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        if (there.st_size != st.st_size || there.st_mtim.tv_sec != st.st_mtim.tv_sec)
            return err_set(ERR_EXISTS, _("%s is already there"), to_name);
    } else if (S_ISLNK(st.st_mode)) {
        err = copy_symlink(from_folder, from_name, to_folder, to_name);
    } else if (S_ISREG(st.st_mode)) {
        int from FD_AUTO = openat(from_folder, from_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (from < 0)
            return err_sys(_("cannot open %s"), from_name);
        err = copy_file(from, to_folder, to_name, from_name);
    } else {
        return err_set(ERR_UNSUPPORTED, _("%s is neither a file nor a link and lies on another file system"),
                       from_name);
    }
    if (!err && unlinkat(from_folder, from_name, 0) != 0)
        err = err_sys(_("cannot take %s away"), from_name);
    return err;
}

static int carry(int from_folder, const char *from_name, int to_folder, const char *to_name)
{
    if (renameat2(from_folder, from_name, to_folder, to_name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EXDEV)
        return err_sys(_("cannot move %s"), from_name);
    return carry_over(from_folder, from_name, to_folder, to_name);
}

int quarantine_take(struct work *w, int folder, const char *name, uint32_t number)
{
    char there[WORK_NAME_SIZE];
    int err = carry(folder, name, w->quarantine_fd, name_of(number, there));
    return err ? err_in(err, _("cannot put %s into quarantine"), name) : 0;
}

int quarantine_copy(struct work *w, int fd, const char *what, uint32_t number)
{
    char there[WORK_NAME_SIZE];
    return copy_file(fd, w->quarantine_fd, name_of(number, there), what);
}

int quarantine_give(struct work *w, int folder, const char *name, uint32_t number)
{
    char there[WORK_NAME_SIZE];
    return carry(w->quarantine_fd, name_of(number, there), folder, name);
}
