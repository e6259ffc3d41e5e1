/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/localparts.h"
#include "blob/localstream.h"

/* No writer takes a day for one object, on whatever host. */
#define UNFINISHED_SECONDS (24 * 60 * 60)

void local_folder_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG)
        snprintf(out, OBJECT_PATH_SIZE, ".");
    else if (kind == BLOB_PACK)
        snprintf(out, OBJECT_PATH_SIZE, "data/%.2s", name);
    else
        snprintf(out, OBJECT_PATH_SIZE, "%s", blob_kind_folder(kind));
}

int local_path_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG) {
        snprintf(out, OBJECT_PATH_SIZE, "config");
        return 0;
    }
    if (!blob_is_name(name))
        return err_set(ERR_INVALID, _("\"%.80s\" is not the name of an object"), name);
    char folder[OBJECT_PATH_SIZE];
    local_folder_of(kind, name, folder);
    size_t length = strlen(folder);
    memcpy(out, folder, length);
    out[length] = '/';
    memcpy(out + length + 1, name, BLOB_NAME_LENGTH + 1);
    return 0;
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
static bool is_abandoned(const struct local *local, int folder, const char *name)
{
    uint32_t host;
    int pid, end = 0;
    unsigned number;
    struct stat st;
    if (sscanf(name, "tmp-%8" SCNx32 "-%d-%u%n", &host, &pid, &number, &end) != 3 || name[end] ||
        fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (host == local->host && pid > 0)
        return kill(pid, 0) != 0 && errno == ESRCH;
    return time(NULL) - st.st_mtim.tv_sec > UNFINISHED_SECONDS;
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
        if (is_abandoned(local, fd, entry->d_name) && unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT)
            err = err_sys(_("cannot remove %s/%s/%s"), local->path, folder, entry->d_name);
    closedir(entries);
    return err;
}

static int local_sweep(void *self)
{
    int err = 0;
    for (int kind = BLOB_INDEX; !err && kind < BLOB_KIND_COUNT; kind++)
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

static const struct blob_ops local_ops = {local_list,   local_size,  local_read, local_write,
                                          local_remove, local_sweep, local_free};

bool local_is(const struct blob_store *store)
{
    return store->ops == &local_ops;
}

/* FNV-1a of the host's name. */
static uint32_t host_number(void)
{
    char name[HOST_NAME_MAX + 1] = "";
    gethostname(name, sizeof name - 1);
    uint32_t number = 2166136261U;
    for (const char *c = name; *c; c++)
        number = (number ^ (unsigned char)*c) * 16777619U;
    return number;
}

int local_open(const char *path, struct blob_store **out)
{
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_sys(_("cannot open the repository %s"), path);
    struct local *local = mem_zalloc(1, sizeof *local);
    local->root = root;
    local->path = mem_strdup(path);
    local->host = host_number();
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
