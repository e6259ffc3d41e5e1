/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/localstream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/localparts.h"

/* ---- in ---- */

struct local_upload {
    const struct local *local;
    int folder; /* of the temporary name */
    int home;   /* of the final name, when that is another one; else -1 */
    int fd;
    char temporary[LAYOUT_TEMPORARY_SIZE];
    char path[OBJECT_PATH_SIZE]; /* relative to the store; "data" until it has a name */
    char *what;                  /* for texts */
    bool written;                /* the temporary name is there */
};

static int open_folder(const struct local *local, const char *folder_path, int *folder)
{
    *folder = openat(local->root, folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0 && errno == ENOENT && (mkdirat(local->root, folder_path, 0700) == 0 || errno == EEXIST))
        *folder = openat(local->root, folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *folder >= 0 ? 0 : err_sys(_("cannot open the folder %s/%s"), local->path, folder_path);
}

/* A file system that cannot take room ahead is as good: the write will tell. */
static int take_room(struct local_upload *u, uint64_t length)
{
    if (length == 0 || length > INT64_MAX || fallocate(u->fd, 0, 0, (off_t)length) == 0)
        return 0;
    return errno == ENOSPC || errno == EDQUOT ? err_sys(_("cannot write %s"), u->what) : 0;
}

int local_upload_open(const struct blob_store *store, enum blob_kind kind, const char *name, uint64_t length,
                      struct local_upload **out)
{
    const struct local *local = store->self;
    char path[OBJECT_PATH_SIZE] = "data", folder_path[OBJECT_PATH_SIZE] = "data";
    bool named = name || kind == BLOB_CONFIG;
    int err = named ? local_path_of(kind, name, path) : 0;
    if (err)
        return err;
    struct local_upload *u = mem_zalloc(1, sizeof *u);
    u->local = local;
    u->fd = u->home = -1;
    memcpy(u->path, path, sizeof path);
    u->what = path_join(local->path, path);
    if (named)
        local_folder_of(kind, name, folder_path);
    err = open_folder(local, folder_path, &u->folder);
    if (!err) {
        layout_temporary(u->temporary);
        u->fd = openat(u->folder, u->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        u->written = u->fd >= 0;
        err = u->written ? take_room(u, length) : err_sys(_("cannot create %s"), u->what);
    }
    if (err)
        local_upload_free(u);
    else
        *out = u;
    return err;
}

int local_upload_add(struct local_upload *upload, const void *bytes, size_t length)
{
    return fd_write_all(upload->fd, bytes, length, upload->what);
}

int local_upload_set_name(struct local_upload *upload, const char *name)
{
    char folder_path[OBJECT_PATH_SIZE];
    int err = local_path_of(BLOB_PACK, name, upload->path);
    if (err)
        return err;
    free(upload->what);
    upload->what = path_join(upload->local->path, upload->path);
    local_folder_of(BLOB_PACK, name, folder_path);
    return open_folder(upload->local, folder_path, &upload->home);
}

/* Gives the temporary file its name unless that is taken, also where the file system cannot rename so. */
static int take_name(struct local_upload *u, int home)
{
    const char *name = path_base(u->path);
    if (renameat2(u->folder, u->temporary, home, name, RENAME_NOREPLACE) == 0) {
        u->written = false;
        return 0;
    }
    if (errno == EINVAL || errno == ENOSYS) {
        if (linkat(u->folder, u->temporary, home, name, 0) == 0)
            return 0;
    }
    return err_sys(_("cannot create %s"), u->what);
}

int local_upload_commit(struct local_upload *upload)
{
    struct local_upload *u = upload;
    int err = 0, home = u->home >= 0 ? u->home : u->folder;
    if (fchmod(u->fd, 0400) != 0)
        err = err_sys(_("cannot set the mode of %s"), u->what);
    if (!err)
        err = durable_sync(u->fd, u->what);
    if (!err)
        err = take_name(u, home);
    return err ? err : durable_sync_folder(home, u->what);
}

void local_upload_free(struct local_upload *upload)
{
    if (!upload)
        return;
    if (upload->written)
        unlinkat(upload->folder, upload->temporary, 0);
    fd_close(&upload->fd);
    fd_close(&upload->folder);
    fd_close(&upload->home);
    free(upload->what);
    free(upload);
}

/* ---- out ---- */

static int describe(const struct local *local, const char *path, const struct stat *st,
                    struct local_object *out)
{
    if (!S_ISREG(st->st_mode))
        return err_set(ERR_NOT_FOUND, _("%s/%s is not a file"), local->path, path);
    out->size = (uint64_t)st->st_size;
    out->arrived_ns = (int64_t)st->st_mtim.tv_sec * NS_PER_SECOND + st->st_mtim.tv_nsec;
    return 0;
}

int local_object_open(const struct blob_store *store, enum blob_kind kind, const char *name,
                      struct local_object *out)
{
    const struct local *local = store->self;
    char path[OBJECT_PATH_SIZE];
    struct stat st;
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    int fd FD_AUTO = openat(local->root, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(_("cannot open %s/%s"), local->path, path);
    if (fstat(fd, &st) != 0)
        return err_sys(_("cannot look at %s/%s"), local->path, path);
    err = describe(local, path, &st, out);
    out->fd = err ? -1 : fd_take(&fd);
    return err;
}

int local_object_look(const struct blob_store *store, enum blob_kind kind, const char *name,
                      struct local_object *out)
{
    const struct local *local = store->self;
    char path[OBJECT_PATH_SIZE];
    struct stat st;
    out->fd = -1;
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    if (fstatat(local->root, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_sys(_("cannot look at %s/%s"), local->path, path);
    return describe(local, path, &st, out);
}

/* ---- listing ---- */

struct local_list {
    const struct local *local;
    enum blob_kind kind;
    unsigned next; /* folder to open next */
    DIR *entries;
};

struct local_list *local_list_new(const struct blob_store *store, enum blob_kind kind)
{
    struct local_list *list = mem_zalloc(1, sizeof *list);
    list->local = store->self;
    list->kind = kind;
    return list;
}

/* 1: `entries` is the next folder; 0: there is none. */
static int next_folder(struct local_list *list)
{
    unsigned count = list->kind == BLOB_PACK ? 256 : 1;
    while (list->next < count) {
        char folder[OBJECT_PATH_SIZE], byte[4];
        snprintf(byte, sizeof byte, "%02x", list->next++ & 0xff);
        local_folder_of(list->kind, byte, folder);
        int fd = openat(list->local->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        list->entries = fd < 0 ? NULL : fdopendir(fd);
        if (list->entries)
            return 1;
        int err = err_sys(_("cannot read the folder %s/%s"), list->local->path, folder);
        fd_close(&fd);
        return err;
    }
    return 0;
}

int local_list_next(struct local_list *list, char name[static BLOB_NAME_LENGTH + 1], uint64_t *size)
{
    for (;;) {
        int found = list->entries ? 1 : next_folder(list);
        if (found != 1)
            return found;
        errno = 0;
        const struct dirent *entry = readdir(list->entries);
        if (!entry && errno)
            return err_sys(_("cannot read the folder %s/%s"), list->local->path,
                           blob_kind_folder(list->kind));
        if (!entry) {
            closedir(list->entries);
            list->entries = NULL;
            continue;
        }
        struct stat st;
        if (!blob_is_name(entry->d_name) ||
            fstatat(dirfd(list->entries), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        memcpy(name, entry->d_name, BLOB_NAME_LENGTH + 1);
        *size = (uint64_t)st.st_size;
        return 1;
    }
}

void local_list_free(struct local_list *list)
{
    if (!list)
        return;
    if (list->entries)
        closedir(list->entries);
    free(list);
}
