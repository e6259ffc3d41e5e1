/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recover/work.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

#define COPY_STEP (256u << 10)

static int open_folder(int dirfd, const char *name, bool make)
{
    if (make && mkdirat(dirfd, name, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), name);
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), name) : fd;
}

static int open_folders(struct work *w)
{
    char name[32];
    int incidents FD_AUTO = open_folder(w->options->state_fd, "incidents", false);
    if (incidents < 0)
        return incidents;
    snprintf(name, sizeof name, "%u", w->incident);
    w->incident_fd = open_folder(incidents, name, false);
    if (w->incident_fd < 0)
        return w->incident_fd;
    w->quarantine_fd = open_folder(w->incident_fd, "quarantine", true);
    if (w->quarantine_fd < 0)
        return w->quarantine_fd;
    w->staged_fd = open_folder(w->incident_fd, "staged", false);
    w->shadow_fd = open_folder(w->options->state_fd, "shadow", false);
    return 0;
}

int work_open(struct work *w, const struct apply_options *options, uint32_t incident)
{
    *w = (struct work){.options = options,
                       .incident = incident,
                       .incident_fd = -1,
                       .quarantine_fd = -1,
                       .shadow_fd = -1,
                       .staged_fd = -1,
                       .done = {.fd = -1}};
    w->tree_fds = mem_zalloc(options->tree_count + 1, sizeof *w->tree_fds);
    for (size_t i = 0; i < options->tree_count; i++)
        w->tree_fds[i] = -1;
    w->times = foldertimes_new();
    int err = open_folders(w);
    if (!err)
        err = planfile_read(w->incident_fd, &w->plan);
    if (!err)
        err = donefile_open(w->incident_fd, w->plan.count, &w->done);
    if (err)
        work_close(w);
    return err;
}

void work_close(struct work *w)
{
    for (size_t i = 0; w->tree_fds && i < w->options->tree_count; i++)
        fd_close(&w->tree_fds[i]);
    free(w->tree_fds);
    w->tree_fds = NULL;
    planfile_free(&w->plan);
    donefile_close(&w->done);
    foldertimes_free(w->times);
    w->times = NULL;
    fd_close(&w->shadow_fd);
    fd_close(&w->staged_fd);
    fd_close(&w->quarantine_fd);
    fd_close(&w->incident_fd);
}

int work_tree(struct work *w, uint32_t tree)
{
    if (tree >= w->options->tree_count)
        return err_set(ERR_INVALID, _("there is no protected tree number %u"), tree);
    if (w->tree_fds[tree] < 0) {
        const char *path = w->options->trees[tree];
        w->tree_fds[tree] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (w->tree_fds[tree] < 0)
            return err_sys(_("cannot open the protected folder %s"), path);
    }
    return w->tree_fds[tree];
}

/* Folders that somebody removed since: made again like the folder they lie in. */
static int make_parents(int root, const char *path)
{
    char *made MEM_AUTO = mem_strdup(path);
    for (char *slash = strchr(made, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const char *name;
        int parent FD_AUTO = path_open_parent(root, made, &name);
        if (parent < 0)
            return parent;
        struct stat st;
        if (fstat(parent, &st) != 0)
            return err_sys(_("cannot look at the folder of %s"), made);
        if (mkdirat(parent, name, 0700) == 0) {
            if (fchownat(parent, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) != 0 ||
                fchmodat(parent, name, st.st_mode & 07777, 0) != 0)
                return err_sys(_("cannot set the owner of the folder %s"), made);
        } else if (errno != EEXIST) {
            return err_sys(_("cannot make the folder %s"), made);
        }
        *slash = '/';
    }
    return 0;
}

int work_parent(struct work *w, uint32_t tree, const char *path, const char **name)
{
    int root = work_tree(w, tree);
    if (root < 0)
        return root;
    int parent = path_open_parent(root, path, name);
    if (parent == ERR_NOT_FOUND) {
        int err = make_parents(root, path);
        if (err)
            return err;
        parent = path_open_parent(root, path, name);
    }
    if (parent >= 0)
        foldertimes_note(w->times, tree, path, *name > path ? (size_t)(*name - path) - 1 : 0, parent);
    return parent;
}

int work_sync(struct work *w)
{
    for (size_t i = 0; i < w->options->tree_count; i++)
        if (w->tree_fds[i] >= 0 && syncfs(w->tree_fds[i]) != 0)
            return err_sys(_("cannot write %s to the disk"), w->options->trees[i]);
    if (syncfs(w->quarantine_fd) != 0)
        return err_sys(_("cannot write the quarantine to the disk"));
    return 0;
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

bool work_state_is_nothing(const struct filestate *state)
{
    return state->inode == 0 && state->size == 0 && state->ctime_ns == 0;
}

struct filestate work_state(const struct stat *st)
{
    return (struct filestate){
        .inode = st->st_ino, .size = (uint64_t)st->st_size, .ctime_ns = ns_of(st->st_ctim)};
}

bool work_is_expected(const struct stat *st, const struct filestate *expected)
{
    if (st->st_ino != expected->inode)
        return false;
    if (!S_ISREG(st->st_mode))
        return true;
    if ((uint64_t)st->st_size != expected->size)
        return false;
    return expected->ctime_ns == 0 || ns_of(st->st_ctim) == expected->ctime_ns ||
           ns_of(st->st_mtim) <= expected->ctime_ns;
}

void work_beside_name(const char *name, const char *label, unsigned number, char out[static 256])
{
    const char *dot = strrchr(name, '.');
    size_t stem = dot && dot != name && strlen(dot) <= 16 ? (size_t)(dot - name) : strlen(name);
    const char *extension = name + stem;
    char middle[96];
    if (number > 1)
        snprintf(middle, sizeof middle, " (%.72s %u)", label, number);
    else
        snprintf(middle, sizeof middle, " (%.72s)", label);
    size_t room = 255 - strlen(middle) - strlen(extension);
    while (stem > room || (stem > 0 && (name[stem] & 0xc0) == 0x80))
        stem--; /* not in the middle of a UTF-8 character */
    snprintf(out, 256, "%.*s%s%s", (int)stem, name, middle, extension);
}

int work_put_beside(int folder, const char *from, const char *name, const char *label, char **out)
{
    char beside[256];
    for (unsigned number = 1; number < 10000; number++) {
        work_beside_name(name, label, number, beside);
        if (renameat2(folder, from, folder, beside, RENAME_NOREPLACE) == 0) {
            *out = mem_strdup(beside);
            return 0;
        }
        if (errno != EEXIST)
            return err_sys(_("cannot place %s"), beside);
    }
    return err_set(ERR_EXISTS, _("no free name beside %s"), name);
}

/* One block: written, read back and compared. */
static int copy_block(int to, const uint8_t *bytes, size_t length, uint64_t offset, uint8_t *back,
                      const char *what)
{
    for (size_t done = 0; done < length;) {
        ssize_t wrote = pwrite(to, bytes + done, length - done, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_sys(_("cannot write %s"), what);
        done += (size_t)wrote;
    }
    ssize_t got = fd_pread_full(to, back, length, offset, what);
    if (got < 0)
        return (int)got;
    if ((size_t)got != length || memcmp(bytes, back, length) != 0)
        return err_set(ERR_CORRUPT, _("%s does not hold what was written to it"), what);
    return 0;
}

static int copy_blocks(int from, int to, uint64_t *total, const char *what)
{
    uint8_t *bytes MEM_AUTO = mem_zalloc(1, COPY_STEP);
    uint8_t *back MEM_AUTO = mem_zalloc(1, COPY_STEP);
    for (;;) {
        ssize_t got = fd_pread_full(from, bytes, COPY_STEP, *total, what);
        if (got <= 0)
            return (int)got;
        int err = copy_block(to, bytes, (size_t)got, *total, back, what);
        if (err)
            return err;
        *total += (uint64_t)got;
    }
}

int work_copy(int from, int to, uint64_t size, const char *what)
{
    struct stat st;
    uint64_t total = 0;
    if (ioctl(to, FICLONE, from) == 0) {
        if (fstat(to, &st) != 0)
            return err_sys(_("cannot look at %s"), what);
        total = (uint64_t)st.st_size;
    } else {
        int err = copy_blocks(from, to, &total, what);
        if (err)
            return err;
        if (ftruncate(to, (off_t)total) != 0)
            return err_sys(_("cannot set the size of %s"), what);
    }
    if (size != UINT64_MAX && total != size)
        return err_set(ERR_CHANGED, _("%s: the copy has %llu bytes instead of %llu"), what,
                       (unsigned long long)total, (unsigned long long)size);
    return 0;
}

int work_same(int a, int b)
{
    uint8_t *x MEM_AUTO = mem_zalloc(1, COPY_STEP);
    uint8_t *y MEM_AUTO = mem_zalloc(1, COPY_STEP);
    for (uint64_t at = 0;;) {
        ssize_t i = fd_pread_full(a, x, COPY_STEP, at, "a");
        ssize_t j = fd_pread_full(b, y, COPY_STEP, at, "b");
        if (i < 0 || j < 0)
            return (int)(i < 0 ? i : j);
        if (i != j || memcmp(x, y, (size_t)i) != 0)
            return 0;
        if (i == 0)
            return 1;
        at += (uint64_t)i;
    }
}
