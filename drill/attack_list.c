/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/attack_list.h"

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
#include "base/path.h"

#define MAX_DEPTH 64

struct listing {
    struct attack *a;
    dev_t device;
    uint64_t *links; /* st_nlink of target n */
};

static void add(struct listing *l, char *path, const struct stat *st)
{
    struct attack *a = l->a;
    if ((a->count & (a->count + 1)) == 0) {
        a->targets = mem_resize(a->targets, 2 * a->count + 2, sizeof *a->targets);
        l->links = mem_resize(l->links, 2 * a->count + 2, sizeof *l->links);
    }
    l->links[a->count] = st->st_nlink;
    a->targets[a->count++] = (struct attack_target){path, st->st_ino, 1};
}

static int list_folder(struct listing *l, const char *path, int depth);

static int list_name(struct listing *l, int dirfd, const char *folder, const char *name, int depth)
{
    struct stat st;
    if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot look at %s"), name);
    if (strcmp(name, YARD_MARKER) == 0 || strcmp(name, ATTACK_NOTE) == 0)
        return 0;
    if (st.st_dev != l->device)
        return err_set(ERR_PERMISSION, _("%s lies on another file system"), name);
    char *path = path_join(folder, name);
    int code = 0;
    if (S_ISREG(st.st_mode))
        add(l, path, &st);
    else if (S_ISDIR(st.st_mode))
        code = list_folder(l, path, depth + 1);
    if (!S_ISREG(st.st_mode))
        free(path);
    return code;
}

static int not_dots(const struct dirent *d)
{
    return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_folder(struct listing *l, const char *path, int depth)
{
    if (depth > MAX_DEPTH)
        return err_set(ERR_TOO_LARGE, _("%s: folders are nested too deeply"), path);
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV};
    int fd FD_AUTO = (int)syscall(SYS_openat2, l->a->share, *path ? path : ".", &how, sizeof how);
    if (fd < 0 && errno == EACCES)
        return 0; /* as any program without the right to: it goes on elsewhere */
    if (fd < 0 && errno == EXDEV)
        return err_set(ERR_PERMISSION, _("something is mounted on %s"), path);
    struct dirent **names;
    int count = fd < 0 ? -1 : scandirat(fd, ".", &names, not_dots, by_bytes), code = 0;
    if (count < 0)
        return err_sys(_("cannot list %s"), path);
    for (int i = 0; i < count; i++) {
        if (code == 0)
            code = list_name(l, fd, path, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
    return code;
}

/* Counts the names of each file that has several: all of them must have been found here. */
static int check_links(struct listing *l)
{
    struct attack *a = l->a;
    for (size_t i = 0; i < a->count; i++) {
        if (l->links[i] <= 1)
            continue;
        uint32_t names = 0;
        for (size_t j = 0; j < a->count; j++)
            names += a->targets[j].inode == a->targets[i].inode;
        if (names != l->links[i])
            return err_set(ERR_PERMISSION, _("%s has a name outside the share"), a->targets[i].path);
        a->targets[i].names = names;
    }
    return 0;
}

int attack_list(struct attack *a)
{
    struct stat st;
    if (fstat(a->share, &st) < 0)
        return err_sys(_("cannot look at the share"));
    struct listing l = {.a = a, .device = st.st_dev};
    int code = list_folder(&l, "", 0);
    if (code == 0)
        code = check_links(&l);
    free(l.links);
    return code;
}
