/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_DEPTH 512 /* folders inside folders that path_remove_tree follows */

char *path_join(const char *folder, const char *name)
{
    if (!*folder)
        return mem_strdup(name);
    if (!*name)
        return mem_strdup(folder);
    bool slash = folder[strlen(folder) - 1] == '/';
    return mem_printf("%s%s%s", folder, slash ? "" : "/", name);
}

bool path_is_within(const char *folder, const char *path)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    return strncmp(folder, path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int path_make_folders(const char *path, mode_t mode)
{
    char *made MEM_AUTO = mem_strdup(path);
    for (char *at = made + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(made, mode) != 0 && errno != EEXIST)
            return err_sys(_("cannot make the folder %s"), made);
        *at = '/';
    }
    if (mkdir(made, mode) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), made);
    struct stat st;
    if (stat(made, &st) != 0)
        return err_sys(_("cannot look at %s"), made);
    if (!S_ISDIR(st.st_mode))
        return err_set(ERR_EXISTS, _("%s is in the way: it is not a folder"), made);
    return 0;
}

bool path_is_plain(const char *relative)
{
    if (!*relative)
        return false;
    for (const char *at = relative;;) {
        size_t length = strcspn(at, "/");
        if (length == 0 || (length == 1 && at[0] == '.') || (length == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        if (!at[length])
            return true;
        at += length + 1;
    }
}

int path_open_beneath(int dirfd, const char *relative, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd;
    do
        fd = (int)syscall(SYS_openat2, dirfd, relative, &how, sizeof how);
    while (fd < 0 && errno == EAGAIN);
    if (fd < 0)
        return err_sys(_("cannot open %s"), relative);
    return fd;
}

int path_open_parent(int dirfd, const char *relative, const char **name)
{
    const char *slash = strrchr(relative, '/');
    *name = slash ? slash + 1 : relative;
    if (!path_is_plain(relative))
        return err_set(ERR_INVALID, _("%s is not a plain path inside a folder"), relative);
    if (!slash)
        return path_open_beneath(dirfd, ".", O_PATH | O_DIRECTORY, 0);
    char *parent MEM_AUTO = mem_dup(relative, (size_t)(slash - relative) + 1);
    parent[slash - relative] = '\0';
    return path_open_beneath(dirfd, parent, O_PATH | O_DIRECTORY, 0);
}

static int remove_entries(int dirfd, const char *name, dev_t device, int depth);

static int remove_entry(int dirfd, const char *name, dev_t device, int depth)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), name);
    if (S_ISDIR(st.st_mode)) {
        if (st.st_dev != device || depth >= MAX_DEPTH)
            return err_set(ERR_INVALID, _("%s is another file system or nested too deep; left alone"), name);
        int err = remove_entries(dirfd, name, device, depth + 1);
        if (err)
            return err;
    }
    if (unlinkat(dirfd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
        return err_sys(_("cannot remove %s"), name);
    return 0;
}

static int remove_entries(int dirfd, const char *name, dev_t device, int depth)
{
    int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(_("cannot open the folder %s"), name);
    DIR *folder = fdopendir(fd);
    if (!folder) {
        fd_close(&fd);
        return err_sys(_("cannot read the folder %s"), name);
    }
    int err = 0;
    struct dirent *entry;
    while (!err && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            err = remove_entry(fd, entry->d_name, device, depth);
    closedir(folder);
    return err;
}

int path_remove_tree(int dirfd, const char *name)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), name);
    return remove_entry(dirfd, name, st.st_dev, 0);
}
