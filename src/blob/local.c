/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/layout.h"
#include "blob/localparts.h"
#include "blob/localstream.h"

void local_folder_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    layout_folder(kind, name, out);
}

int local_path_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    return layout_path(kind, name, out);
}

static int list_folder(struct local *local, const char *folder, blob_visit *visit, void *context)
{
    int fd = openat(local->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        int err = err_sys(_("cannot read the folder %s/%s"), local->path, folder);
        fd_close(&fd);
        return err;
    }
    int err = 0;
    struct dirent *entry;
    errno = 0;
    while (!err && (entry = readdir(entries))) {
        struct stat st;
        if (blob_is_name(entry->d_name) && fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            err = visit(context, entry->d_name, (uint64_t)st.st_size);
        errno = 0;
    }
    if (!err && errno)
        err = err_sys(_("cannot read the folder %s/%s"), local->path, folder);
    closedir(entries);
    return err;
}

static int local_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    if (kind != BLOB_PACK)
        return list_folder(self, blob_kind_folder(kind), visit, context);
    for (unsigned i = 0; i < 256; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "data/%02x", i);
        int err = list_folder(self, folder, visit, context);
        if (err)
            return err;
    }
    return 0;
}

static int local_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    struct local *local = self;
    char path[OBJECT_PATH_SIZE];
    struct stat st;
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    if (fstatat(local->root, path, &st, 0) != 0)
        return err_sys(_("cannot look at %s/%s"), local->path, path);
    *size = (uint64_t)st.st_size;
    return 0;
}

static int local_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                      size_t length)
{
    struct local *local = self;
    char path[OBJECT_PATH_SIZE];
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    int fd FD_AUTO = openat(local->root, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(_("cannot open %s/%s"), local->path, path);
    if (offset > INT64_MAX - length)
        return err_set(ERR_CORRUPT, _("%s/%s: position out of range"), local->path, path);
    ssize_t got = fd_pread_full(fd, out, length, offset, path);
    if (got < 0)
        return (int)got;
    if ((size_t)got < length)
        return err_set(ERR_CORRUPT, _("%s/%s is cut short: bytes %llu to %llu are missing"), local->path,
                       path, (unsigned long long)(offset + (size_t)got),
                       (unsigned long long)(offset + length));
    return 0;
}

/* Whether a file is a temporary one whose writer is gone. */
static bool is_abandoned(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           layout_is_abandoned(name, st.st_mtim.tv_sec);
}

static int sweep_folder(struct local *local, const char *folder)
{
    int fd = openat(local->root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        int err = err_sys(_("cannot read the folder %s/%s"), local->path, folder);
        fd_close(&fd);
        return err;
    }
    int err = 0;
    struct dirent *entry;
    while (!err && (entry = readdir(entries)))
        if (is_abandoned(fd, entry->d_name) && unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT)
            err = err_sys(_("cannot remove %s/%s/%s"), local->path, folder, entry->d_name);
    closedir(entries);
    return err;
}

static int local_sweep(void *self)
{
    int err = 0;
    for (int kind = BLOB_PACK; !err && kind < BLOB_KIND_COUNT; kind++)
        err = sweep_folder(self, blob_kind_folder((enum blob_kind)kind));
    for (unsigned i = 0; !err && i < 256; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "data/%02x", i);
        err = sweep_folder(self, folder);
    }
    return err;
}

/* An object that stands there with the same length is the same object: its name is the hash of its bytes. */
static int already_there(struct local *local, enum blob_kind kind, const char *path, size_t length)
{
    struct stat st;
    if (fstatat(local->root, path, &st, 0) != 0)
        return 0;
    if (kind != BLOB_CONFIG && (uint64_t)st.st_size == length)
        return 1;
    return err_set(ERR_EXISTS, _("%s/%s is already there, with other contents"), local->path, path);
}

static int local_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct local *local = self;
    const struct blob_store store = {.self = local};
    char path[OBJECT_PATH_SIZE];
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    int there = already_there(local, kind, path, length);
    if (there)
        return there < 0 ? there : 0;
    struct local_upload *upload = NULL;
    err = local_upload_open(&store, kind, name, 0, &upload);
    if (!err)
        err = local_upload_add(upload, bytes, length);
    if (!err)
        err = local_upload_commit(upload);
    local_upload_free(upload);
    if (err != ERR_EXISTS)
        return err;
    there = already_there(local, kind, path, length); /* somebody was quicker */
    return there == 1 ? 0 : there ? there : err;
}

static int local_grow(void *self, void **growing)
{
    const struct blob_store store = {.self = self};
    struct local_upload *upload;
    int err = local_upload_open(&store, BLOB_PACK, NULL, 0, &upload);
    if (!err)
        *growing = upload;
    return err;
}

static int local_grow_add(void *growing, const void *bytes, size_t length)
{
    return local_upload_add(growing, bytes, length);
}

static int local_grow_end(void *growing, const char *name)
{
    int err = local_upload_set_name(growing, name);
    return err ? err : local_upload_commit(growing);
}

static void local_grow_free(void *growing)
{
    local_upload_free(growing);
}

static int local_remove(void *self, enum blob_kind kind, const char *name)
{
    struct local *local = self;
    char path[OBJECT_PATH_SIZE];
    int err = local_path_of(kind, name, path);
    if (err)
        return err;
    if (unlinkat(local->root, path, 0) != 0 && errno != ENOENT)
        return err_sys(_("cannot remove %s/%s"), local->path, path);
    return 0;
}

static void local_free(void *self)
{
    struct local *local = self;
    fd_close(&local->root);
    free(local->path);
    free(local);
}

static const struct blob_ops local_ops = {
    .list = local_list,
    .size = local_size,
    .read = local_read,
    .write = local_write,
    .remove = local_remove,
    .sweep = local_sweep,
    .grow = local_grow,
    .grow_add = local_grow_add,
    .grow_end = local_grow_end,
    .grow_free = local_grow_free,
    .free = local_free,
};

bool local_is(const struct blob_store *store)
{
    return store->ops == &local_ops;
}

int local_open(const char *path, struct blob_store **out)
{
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_sys(_("cannot open the repository %s"), path);
    struct local *local = mem_zalloc(1, sizeof *local);
    local->root = root;
    local->path = mem_strdup(path);
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    *store = (struct blob_store){.ops = &local_ops, .self = local, .where = mem_strdup(path)};
    *out = store;
    return 0;
}

static int make_folder(const char *path, const char *name)
{
    char *folder MEM_AUTO = path_join(path, name);
    return path_make_folders(folder, 0700);
}

int local_create(const char *path, struct blob_store **out)
{
    int err = path_make_folders(path, 0700);
    for (int kind = BLOB_PACK; !err && kind < BLOB_KIND_COUNT; kind++)
        err = make_folder(path, blob_kind_folder((enum blob_kind)kind));
    for (unsigned i = 0; !err && i < 256; i++) {
        char name[16];
        snprintf(name, sizeof name, "data/%02x", i);
        err = make_folder(path, name);
    }
    return err ? err : local_open(path, out);
}
