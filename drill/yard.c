/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/yard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

#define LOCK "lock"
#define KEEP "keep"

static int open_strict(int dirfd, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = resolve};
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

static const char *base_folder(const char *base)
{
    const char *wanted = base ? base : secure_getenv("BEFFROI_DRILL_DIR");
    return wanted ? wanted : "/var/tmp";
}

static int refuse(const char *path, const char *why)
{
    return err_hint(err_set(ERR_PERMISSION, _("%s is not a share of the drill: %s"), path, why),
                    _("simulators only touch a share that beffroi-drill has made itself"));
}

/* The lines that marker and key have in common: they tie the id to these two folders and no others. */
static void put_identity(struct buf *out, const char *id, const struct stat *yard, const struct stat *share)
{
    buf_printf(out, "beffroi-drill share 1\nid %s\nyard %ju %ju\nshare %ju %ju\n", id,
               (uintmax_t)yard->st_dev, (uintmax_t)yard->st_ino, (uintmax_t)share->st_dev,
               (uintmax_t)share->st_ino);
}

/* Reads a small file of root's beside or in the share: a plain file with one name, that others cannot write.
 */
static int read_own(int dirfd, const char *name, struct buf *out)
{
    int fd FD_AUTO = open_strict(dirfd, name, O_RDONLY | O_NOFOLLOW,
                                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(_("cannot open %s"), name);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) || st.st_nlink != 1)
        return err_set(ERR_PERMISSION, _("%s is not a file that the drill wrote"), name);
    buf_init(out, 4096);
    return fd_read_all(fd, out, name);
}

static int check_marker(struct yard *y, const struct stat *yard, const struct stat *share)
{
    struct buf wanted BUF_AUTO, marker BUF_AUTO, key BUF_AUTO;
    buf_init(&wanted, 4096);
    buf_init(&marker, 4096);
    buf_init(&key, 4096);
    if (read_own(y->share, YARD_MARKER, &marker) < 0)
        return refuse(y->share_path, _("it has no marker, or not the drill's own"));
    if (read_own(y->fd, YARD_KEY, &key) < 0)
        return refuse(y->share_path, _("the key that would undo an attack is not beside it"));
    char hex_key[65], word[16] = "";
    if (sscanf(buf_string(&key), "beffroi-drill share 1\nid %32[0-9a-f]\n", y->id) != 1)
        return refuse(y->share_path, _("its key file is damaged"));
    put_identity(&wanted, y->id, yard, share);
    if (strcmp(buf_string(&marker), buf_string(&wanted)) != 0)
        return refuse(y->share_path, _("its marker belongs to another folder"));
    size_t common = wanted.length;
    if (key.length < common || memcmp(key.data, wanted.data, common) != 0 ||
        sscanf(buf_string(&key) + common, "key %64[0-9a-f]\nseed %" SCNu64 "\n%15s", hex_key, &y->seed,
               word) < 2 ||
        strlen(hex_key) != 64 || hex_decode(hex_key, y->key, 32) < 0)
        return refuse(y->share_path, _("its key belongs to another folder"));
    y->village = strcmp(word, "village") == 0;
    return 0;
}

/* Whether something is mounted on a path or below it: field 5 of each line of mountinfo, in which a space is
 * written \040; the drill's own paths have none. */
static int check_mounts(const struct yard *y)
{
    struct buf table BUF_AUTO;
    buf_init(&table, 1 << 22);
    int code = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", &table);
    if (code < 0)
        return code;
    for (const char *line = buf_string(&table), *end; *line; line = *end ? end + 1 : end) {
        char point[PATH_MAX];
        end = strchrnul(line, '\n');
        if (sscanf(line, "%*u %*u %*s %*s %4095s", point) == 1 && path_is_within(y->share_path, point))
            return refuse(y->share_path, _("something is mounted there"));
    }
    return 0;
}

static int check_folders(struct yard *y)
{
    struct stat yard, share;
    struct statx more, above;
    if (fstat(y->fd, &yard) < 0 || fstat(y->share, &share) < 0 ||
        statx(y->share, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &more) < 0 ||
        statx(y->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &above) < 0)
        return err_sys(_("cannot look at %s"), y->share_path);
    if (strpbrk(y->path, " \t\n\\"))
        return refuse(y->share_path, _("its path holds a space or a backslash"));
    if (strncmp(path_base(y->path), YARD_PREFIX, strlen(YARD_PREFIX)) != 0)
        return refuse(y->share_path, _("its parent is not a folder of the drill"));
    if (yard.st_uid != geteuid() || (yard.st_mode & 022))
        return refuse(y->share_path, _("others may write to its parent"));
    if (yard.st_dev != share.st_dev || ((more.stx_attributes | above.stx_attributes) & STATX_ATTR_MOUNT_ROOT))
        return refuse(y->share_path, _("something is mounted there"));
    y->share_device = share.st_dev;
    y->share_inode = share.st_ino;
    int code = check_mounts(y);
    return code < 0 ? code : check_marker(y, &yard, &share);
}

static struct yard *yard_new(char *path)
{
    struct yard *y = mem_zalloc(1, sizeof *y);
    y->path = path;
    y->share_path = path_join(path, YARD_SHARE);
    y->fd = y->share = y->lock = -1;
    return y;
}

int yard_open(const char *share_path, struct yard **out)
{
    const char *slash = strrchr(share_path, '/');
    if (share_path[0] != '/' || slash == share_path || strcmp(slash + 1, YARD_SHARE) != 0)
        return refuse(share_path, _("the path is not that of a share"));
    struct yard *y = yard_new(mem_printf("%.*s", (int)(slash - share_path), share_path));
    int code = 0;
    y->fd =
        open_strict(AT_FDCWD, y->path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
    if (y->fd >= 0)
        y->share = open_strict(y->fd, YARD_SHARE, O_RDONLY | O_DIRECTORY,
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (y->fd < 0 || y->share < 0)
        code = refuse(share_path, strerror(errno));
    if (code == 0)
        code = check_folders(y);
    if (code < 0)
        yard_free(y);
    else
        *out = y;
    return code;
}

static int write_identity(struct yard *y)
{
    struct stat yard, share;
    if (fstat(y->fd, &yard) < 0 || fstat(y->share, &share) < 0)
        return err_sys(_("cannot look at %s"), y->path);
    char hex_key[65];
    struct buf text BUF_AUTO;
    buf_init(&text, 4096);
    put_identity(&text, y->id, &yard, &share);
    int code = durable_create(y->share, YARD_MARKER, text.data, text.length, 0444);
    hex_encode(y->key, sizeof y->key, hex_key);
    buf_printf(&text, "key %s\nseed %" PRIu64 "\n%s", hex_key, y->seed, y->village ? "village\n" : "");
    if (code == 0)
        code = durable_create(y->fd, YARD_KEY, text.data, text.length, 0400);
    y->share_device = share.st_dev;
    y->share_inode = share.st_ino;
    return code;
}

int yard_create(const char *base, uint64_t seed, bool village, struct yard **out)
{
    char real[PATH_MAX];
    uint8_t random[48];
    if (!realpath(base_folder(base), real))
        return err_sys(_("cannot find the folder %s"), base_folder(base));
    char *path = mem_printf("%s/" YARD_PREFIX "XXXXXX", strcmp(real, "/") ? real : "");
    if (getrandom(random, sizeof random, 0) != sizeof random || !mkdtemp(path)) {
        int code = err_sys(_("cannot make a folder in %s"), real);
        free(path);
        return code;
    }
    struct yard *y = yard_new(path);
    hex_encode(random, 16, y->id);
    memcpy(y->key, random + 16, 32);
    y->seed = seed;
    y->village = village;
    int code = 0;
    y->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (y->fd < 0 || fchmod(y->fd, 0755) < 0 || mkdirat(y->fd, YARD_SHARE, 0755) < 0 ||
        (y->share = openat(y->fd, YARD_SHARE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0 ||
        (y->lock = openat(y->fd, LOCK, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0 ||
        flock(y->lock, LOCK_EX | LOCK_NB) < 0)
        code = err_sys(_("cannot make %s"), path);
    if (code == 0)
        code = write_identity(y);
    if (code < 0)
        yard_free(y);
    else
        *out = y;
    return code;
}

void yard_free(struct yard *yard)
{
    if (!yard)
        return;
    fd_close(&yard->fd);
    fd_close(&yard->share);
    fd_close(&yard->lock);
    mem_wipe(yard->key, sizeof yard->key);
    free(yard->path);
    free(yard->share_path);
    free(yard);
}

int yard_remove(struct yard *yard)
{
    struct yard *again;
    int code = yard_open(yard->share_path, &again);
    if (code < 0)
        return code;
    yard_free(again);
    return path_remove_tree(AT_FDCWD, yard->path);
}

int yard_keep(struct yard *yard)
{
    return durable_write(yard->fd, KEEP, "", 0, 0400);
}

static void remove_if_stale(const char *folder, const char *name)
{
    char *path = path_join(folder, name), *share = path_join(path, YARD_SHARE);
    struct yard *y = NULL;
    if (yard_open(share, &y) == 0 && faccessat(y->fd, KEEP, F_OK, 0) < 0) {
        int lock FD_AUTO = openat(y->fd, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
            path_remove_tree(AT_FDCWD, path);
    }
    yard_free(y);
    free(path);
    free(share);
}

void yard_remove_stale(const char *base)
{
    char real[PATH_MAX];
    DIR *dir = realpath(base_folder(base), real) ? opendir(real) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (strncmp(d->d_name, YARD_PREFIX, strlen(YARD_PREFIX)) == 0)
            remove_if_stale(real, d->d_name);
    if (dir)
        closedir(dir);
    err_clear();
}
