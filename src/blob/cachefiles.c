/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/cachefiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/settings.h"
#include "crypto/sha256.h"

#define VERSION            "1"
#define TAG                "Signature: 8a477f597d28d172789f06886806bc55\n"
#define ENTRY_SIZE         (16 + BLOB_NAME_LENGTH)
#define UNFINISHED_SECONDS (24 * 60 * 60)
#define UNUSED_SECONDS     (30 * 24 * 60 * 60)
#define LEFT_FREE          ((uint64_t)1 << 30) /* bytes of the disk, or 5 %, whichever is less */

struct cachefiles {
    int root; /* of the repository */
};

/* Where caches are; malloc'd, or NULL. */
static char *find_folder(void)
{
    const char *named =
        blob_settings()->cache_folder ? blob_settings()->cache_folder : getenv("RESTIC_CACHE_DIR");
    if (named && *named)
        return mem_strdup(named);
    const char *base = getenv("XDG_CACHE_HOME");
    if (base && *base == '/')
        return path_join(base, "restic");
    const char *home = getenv("HOME");
    return home && *home == '/' ? path_join(home, ".cache/restic") : NULL;
}

static void write_small(int folder, const char *name, const char *text)
{
    int fd FD_AUTO = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd >= 0)
        (void)fd_write_all(fd, text, strlen(text), name);
}

static int check_version(int root)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 64);
    write_small(root, "version", VERSION);
    int err = fd_read_file(root, "version", &text);
    buf_trim(&text);
    if (!err && strcmp(buf_string(&text), VERSION) != 0)
        err = err_set(ERR_UNSUPPORTED, _("the cache is in version %s, which this program does not know"),
                      buf_string(&text));
    return err;
}

/* NULL: it is not there, or cannot be read, which a cache may be. */
static DIR *open_listing(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        fd_close(&fd);
    return entries;
}

/* Caches of repositories that nobody opened for a month: their folder's time is that of the last opening. */
static void remove_unused(int caches)
{
    DIR *entries = open_listing(caches, ".");
    if (!entries)
        return;
    int fd = dirfd(entries);
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        struct stat st;
        if (blob_is_name(entry->d_name) && fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode) && time(NULL) - st.st_mtim.tv_sec > UNUSED_SECONDS)
            (void)path_remove_tree(fd, entry->d_name);
    }
    closedir(entries);
}

static int open_root(const char *folder, const char *id, int *root)
{
    int err = path_make_folders(folder, 0700);
    if (err)
        return err;
    int caches FD_AUTO = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (caches < 0)
        return err_sys(_("cannot open the folder %s"), folder);
    write_small(caches, "CACHEDIR.TAG", TAG);
    if (mkdirat(caches, id, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s/%s"), folder, id);
    *root = openat(caches, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*root < 0)
        return err_sys(_("cannot open the folder %s/%s"), folder, id);
    futimens(*root, NULL);
    if (blob_settings()->clean_cache)
        remove_unused(caches);
    return check_version(*root);
}

int cachefiles_open(const char *id, struct cachefiles **out)
{
    if (!blob_is_name(id))
        return err_set(ERR_INVALID, _("the repository's ID is not one"));
    char *folder MEM_AUTO = find_folder();
    if (!folder)
        return err_set(ERR_NOT_FOUND, _("no folder for the cache is known: HOME is not set"));
    int root = -1;
    int err = open_root(folder, id, &root);
    if (err) {
        fd_close(&root);
        return err;
    }
    struct cachefiles *files = mem_zalloc(1, sizeof *files);
    files->root = root;
    *out = files;
    return 0;
}

void cachefiles_free(struct cachefiles *files)
{
    if (!files)
        return;
    fd_close(&files->root);
    free(files);
}

static bool path_of(enum blob_kind kind, const char *name, char out[static ENTRY_SIZE])
{
    if (!name || !blob_is_name(name))
        return false;
    snprintf(out, ENTRY_SIZE, "%s/%.2s/%s", blob_kind_folder(kind), name, name);
    return true;
}

bool cachefiles_is(const char *name, const void *bytes, size_t length)
{
    uint8_t id[SHA256_SIZE];
    char found[2 * SHA256_SIZE + 1];
    sha256_of(bytes, length, id);
    hex_encode(id, sizeof id, found);
    return strcmp(found, name) == 0;
}

bool cachefiles_has(const struct cachefiles *files, enum blob_kind kind, const char *name)
{
    char path[ENTRY_SIZE];
    return path_of(kind, name, path) && faccessat(files->root, path, R_OK, 0) == 0;
}

bool cachefiles_read(const struct cachefiles *files, enum blob_kind kind, const char *name, uint64_t offset,
                     void *out, size_t length)
{
    char path[ENTRY_SIZE];
    if (!path_of(kind, name, path))
        return false;
    int fd FD_AUTO = openat(files->root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && offset <= INT64_MAX - length &&
           fd_pread_full(fd, out, length, offset, path) == (ssize_t)length;
}

bool cachefiles_read_all(const struct cachefiles *files, enum blob_kind kind, const char *name,
                         struct buf *out)
{
    char path[ENTRY_SIZE];
    if (!path_of(kind, name, path))
        return false;
    size_t before = out->length;
    int fd FD_AUTO = openat(files->root, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (fd_read_all(fd, out, path) == 0 && out->length > before &&
        cachefiles_is(name, out->data + before, out->length - before))
        return true;
    out->length = before;
    out->overflowed = false;
    unlinkat(files->root, path, 0);
    return false;
}

static bool has_room(int folder, size_t length)
{
    struct statvfs disk;
    if (fstatvfs(folder, &disk) != 0)
        return false;
    uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize;
    uint64_t whole = (uint64_t)disk.f_blocks * disk.f_frsize;
    uint64_t keep = whole / 20 < LEFT_FREE ? whole / 20 : LEFT_FREE;
    return left > keep && left - keep > length;
}

/* Nothing is synced: an entry that a crash damages is noticed when it is read. */
void cachefiles_add(const struct cachefiles *files, enum blob_kind kind, const char *name, const void *bytes,
                    size_t length)
{
    static atomic_uint counter;
    char path[ENTRY_SIZE], folder[ENTRY_SIZE], temporary[2 * ENTRY_SIZE];
    if (!path_of(kind, name, path) || !has_room(files->root, length))
        return;
    snprintf(folder, sizeof folder, "%s/%.2s", blob_kind_folder(kind), name);
    mkdirat(files->root, blob_kind_folder(kind), 0700);
    mkdirat(files->root, folder, 0700);
    snprintf(temporary, sizeof temporary, "%s/tmp-%d-%u", folder, (int)getpid(),
             atomic_fetch_add(&counter, 1));
    int fd FD_AUTO = openat(files->root, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (fd_write_all(fd, bytes, length, path) != 0 ||
        renameat(files->root, temporary, files->root, path) != 0)
        unlinkat(files->root, temporary, 0);
}

bool cachefiles_remove(const struct cachefiles *files, enum blob_kind kind, const char *name)
{
    char path[ENTRY_SIZE];
    return path_of(kind, name, path) && unlinkat(files->root, path, 0) == 0;
}

static void sweep_folder(int parent, const char *name, bool (*keep)(void *context, const char *name),
                         void *context)
{
    DIR *entries = open_listing(parent, name);
    if (!entries)
        return;
    int fd = dirfd(entries);
    struct dirent *entry;
    while ((entry = readdir(entries))) {
        struct stat st;
        bool abandoned = strncmp(entry->d_name, "tmp-", 4) == 0 &&
                         fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                         time(NULL) - st.st_mtim.tv_sec > UNFINISHED_SECONDS;
        if (abandoned || (blob_is_name(entry->d_name) && !keep(context, entry->d_name)))
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(entries);
}

void cachefiles_sweep(const struct cachefiles *files, enum blob_kind kind,
                      bool (*keep)(void *context, const char *name), void *context)
{
    for (unsigned i = 0; i < 256; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "%s/%02x", blob_kind_folder(kind), i);
        sweep_folder(files->root, folder, keep, context);
    }
}
