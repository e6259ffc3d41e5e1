/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/cleartree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_DEPTH 512

struct clearing {
    dev_t device; /* of the folder it began in */
    bool dry_run;
    uint64_t *removed;
};

static int clear(struct clearing *clearing, int dirfd, const char *name, const char *path, unsigned depth);

static int clear_entries(struct clearing *clearing, int fd, const char *path, unsigned depth)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        int err = err_sys(_("cannot read the folder %s"), path);
        fd_close(&copy);
        return err;
    }
    int err = 0;
    struct dirent *entry;
    while (!err && (entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *below MEM_AUTO = mem_printf("%s/%s", path, entry->d_name);
        err = clear(clearing, fd, entry->d_name, below, depth + 1);
    }
    closedir(folder);
    return err;
}

static int clear_folder(struct clearing *clearing, int dirfd, const char *name, const char *path,
                        unsigned depth)
{
    struct stat st;
    int fd FD_AUTO = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(_("cannot open the folder %s"), path);
    if (st.st_dev != clearing->device)
        return err_set(ERR_INVALID, _("%s is another file system, and stays"), path);
    if (depth >= MAX_DEPTH)
        return err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path);
    int err = clear_entries(clearing, fd, path, depth);
    if (!err && !clearing->dry_run && unlinkat(dirfd, name, AT_REMOVEDIR) != 0)
        err = err_sys(_("cannot remove %s"), path);
    return err;
}

static int clear(struct clearing *clearing, int dirfd, const char *name, const char *path, unsigned depth)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), path);
    int err = 0;
    if (S_ISDIR(st.st_mode))
        err = clear_folder(clearing, dirfd, name, path, depth);
    else if (!clearing->dry_run && unlinkat(dirfd, name, 0) != 0)
        err = err_sys(_("cannot remove %s"), path);
    *clearing->removed += !err;
    return err;
}

int cleartree(int dirfd, const char *name, const char *path, bool dry_run, uint64_t *removed)
{
    struct stat st;
    if (fstat(dirfd, &st) != 0)
        return err_sys(_("cannot look at %s"), path);
    struct clearing clearing = {.device = st.st_dev, .dry_run = dry_run, .removed = removed};
    return clear(&clearing, dirfd, name, path, 0);
}
