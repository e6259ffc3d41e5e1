/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
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

#define TEMPORARY_NAME   "tmp-%08" PRIx32 "-%d-%u" /* host, process, number */
#define OBJECT_PATH_SIZE (16 + BLOB_NAME_LENGTH)
/* No writer takes a day for one object, on whatever host. */
#define UNFINISHED_SECONDS (24 * 60 * 60)

struct local {
    int root;
    char *path;
    uint32_t host; /* in temporary names: the repository may be shared over the network */
};

static bool is_name(const char *name)
{
    return strlen(name) == BLOB_NAME_LENGTH && strspn(name, "0123456789abcdef") == BLOB_NAME_LENGTH;
}

/* The folder of an object, relative to the root. */
static void folder_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG)
        snprintf(out, OBJECT_PATH_SIZE, ".");
    else if (kind == BLOB_PACK)
        snprintf(out, OBJECT_PATH_SIZE, "data/%.2s", name);
    else
        snprintf(out, OBJECT_PATH_SIZE, "%s", blob_kind_folder(kind));
}

static int path_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE])
{
    if (kind == BLOB_CONFIG) {
        snprintf(out, OBJECT_PATH_SIZE, "config");
        return 0;
    }
    if (!is_name(name))
        return err_set(ERR_INVALID, _("\"%.80s\" is not the name of an object"), name);
    char folder[OBJECT_PATH_SIZE];
    folder_of(kind, name, folder);
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
        if (is_name(entry->d_name) && fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
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
    int err = path_of(kind, name, path);
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
    int err = path_of(kind, name, path);
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
    int err = sweep_folder(self, "."); /* beside the config */
    for (int kind = BLOB_INDEX; !err && kind < BLOB_KIND_COUNT; kind++)
        err = sweep_folder(self, blob_kind_folder((enum blob_kind)kind));
    for (unsigned i = 0; !err && i < 256; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "data/%02x", i);
        err = sweep_folder(self, folder);
    }
    return err;
}

/* Writes and syncs the temporary file; removes it again on failure. */
static int write_temporary(struct local *local, int folder, const char *temporary, const char *path,
                           const void *bytes, size_t length)
{
    int fd FD_AUTO = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot create %s/%s"), local->path, path);
    char *what MEM_AUTO = path_join(local->path, path);
    int err = fd_write_all(fd, bytes, length, what);
    if (!err && fchmod(fd, 0400) != 0)
        err = err_sys(_("cannot set the mode of %s"), what);
    if (!err)
        err = durable_sync(fd, what);
    if (err)
        unlinkat(folder, temporary, 0);
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

/* Opens the folder of an object. Some programs make those of packs only when they are needed; another writer
 * may do so at the same time. Its name must last before a file in it is said to be there. */
static int open_folder(const struct local *local, const char *path)
{
    int fd = openat(local->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd >= 0 ? fd : err_sys(_("cannot open the folder %s/%s"), local->path, path);
    if (mkdirat(local->root, path, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot create the folder %s/%s"), local->path, path);
    char above[OBJECT_PATH_SIZE + 3];
    snprintf(above, sizeof above, "%s/..", path);
    int parent FD_AUTO = openat(local->root, above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return err_sys(_("cannot open the folder %s/%s"), local->path, above);
    int err = durable_sync_folder(parent, path);
    if (err)
        return err;
    fd = openat(local->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : err_sys(_("cannot open the folder %s/%s"), local->path, path);
}

/* Writes the whole object under a temporary name beside `path`, and gives it its name; what has that name
 * goes.
 */
static int write_and_rename(struct local *local, const char *folder_path, const char *path, const void *bytes,
                            size_t length)
{
    static atomic_uint counter;
    char temporary[64];
    int folder FD_AUTO = open_folder(local, folder_path);
    if (folder < 0)
        return folder;
    snprintf(temporary, sizeof temporary, TEMPORARY_NAME, local->host, (int)getpid(),
             atomic_fetch_add(&counter, 1));
    int err = write_temporary(local, folder, temporary, path, bytes, length);
    if (err)
        return err;
    if (renameat(folder, temporary, local->root, path) != 0) {
        err = err_sys(_("cannot create %s/%s"), local->path, path);
        unlinkat(folder, temporary, 0);
        return err;
    }
    return durable_sync_folder(folder, path);
}

static int local_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct local *local = self;
    char path[OBJECT_PATH_SIZE], folder_path[OBJECT_PATH_SIZE];
    int err = path_of(kind, name, path);
    if (err)
        return err;
    int there = already_there(local, kind, path, length);
    if (there)
        return there < 0 ? there : 0;
    folder_of(kind, name, folder_path);
    return write_and_rename(local, folder_path, path, bytes, length);
}

static int local_replace_config(void *self, const void *bytes, size_t length)
{
    struct local *local = self;
    uint64_t size;
    int err = local_size(self, BLOB_CONFIG, NULL, &size);
    return err ? err : write_and_rename(local, ".", "config", bytes, length);
}

static int local_remove(void *self, enum blob_kind kind, const char *name)
{
    struct local *local = self;
    char path[OBJECT_PATH_SIZE];
    int err = path_of(kind, name, path);
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
                                          local_remove, local_sweep, local_free, local_replace_config};

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

/* The folders last before the first object in one of them is said to be there. */
static int sync_folders(const char *path)
{
    int root FD_AUTO = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int data FD_AUTO = root < 0 ? -1 : openat(root, "data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || data < 0)
        return err_sys(_("cannot open the folder %s"), path);
    int above FD_AUTO = openat(root, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above >= 0)
        fsync(above); /* one that may not be read was not made here */
    int err = durable_sync_folder(data, path);
    return err ? err : durable_sync_folder(root, path);
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
    if (!err)
        err = sync_folders(path);
    return err ? err : local_open(path, out);
}
