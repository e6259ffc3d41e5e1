/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

static const char *const spaces[3] = {"/proc/self/ns/mnt", "/proc/self/ns/pid", "/proc/self/ns/net"};

static int read_spaces(ino_t out[3])
{
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        if (stat(spaces[i], &st) < 0)
            return err_sys(_("cannot look at %s"), spaces[i]);
        out[i] = st.st_ino;
    }
    return 0;
}

int confine_note(struct confine *c)
{
    return read_spaces(c->outside);
}

static int set_read_only(int fd, const char *path, unsigned flags, bool on)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID};
    *(on ? &attr.attr_set : &attr.attr_clr) |= MOUNT_ATTR_RDONLY;
    return mount_setattr(fd, path, flags, &attr, sizeof attr);
}

/* The share, by its path, without following anything; it must be the folder that yard_open has checked. */
static int open_share(const struct yard *yard)
{
    struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, yard->share_path, &how, sizeof how);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(_("cannot open %s"), yard->share_path);
    if (st.st_dev == yard->share_device && st.st_ino == yard->share_inode)
        return fd;
    close(fd);
    return err_set(ERR_PERMISSION, _("%s is no longer the folder that was checked"), yard->share_path);
}

/* Everything read-only, then the share bound onto itself and writable again: the same path, so that a guard
 * outside sees the names that it knows. */
static int wall_mounts(const struct confine *c)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return err_sys(_("cannot make the mounts private"));
    int tree FD_AUTO = -1;
    if (c->writable) {
        int share FD_AUTO = open_share(c->yard);
        if (share < 0)
            return share;
        tree = open_tree(share, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree < 0 ||
            move_mount(tree, "", share, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
            return err_sys(_("cannot bind the share"));
    }
    if (set_read_only(-1, "/", AT_RECURSIVE, true) < 0)
        return err_sys(_("cannot make the file systems read-only"));
    if (tree >= 0 && set_read_only(tree, "", AT_EMPTY_PATH, false) < 0)
        return err_sys(_("cannot make the share writable"));
    return 0;
}

static int drop_rights(const struct confine *c)
{
    if (c->uid == 0 || c->gid == 0)
        return err_set(ERR_PERMISSION, _("a simulator does not run as root"));
    if (setgroups(0, NULL) < 0 || setresgid(c->gid, c->gid, c->gid) < 0 ||
        setresuid(c->uid, c->uid, c->uid) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(_("cannot give up root's rights"));
    return 0;
}

/* Reads one "Name:\tvalue" of /proc/self/status as hexadecimal. */
static int status_is_zero(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    unsigned long long value = 1;
    return at && sscanf(at + strlen(name), " %llx", &value) == 1 && value == 0;
}

/* Every mount that this process sees: read-only, but the share's. Fields of a line of mountinfo: id, parent,
 * device, root, mount point, options; the mount point's spaces and tabs are written \040 and \011. */
static int check_mounts(const struct confine *c, char *table)
{
    size_t writable = 0;
    for (char *line = table, *end; *line; line = end + 1) {
        char point[4096], options[512];
        end = strchr(line, '\n');
        if (!end || sscanf(line, "%*u %*u %*s %*s %4095s %511s", point, options) != 2)
            return err_set(ERR_PERMISSION, _("the list of mounts cannot be read"));
        if (strncmp(options, "ro", 2) == 0 && (options[2] == ',' || options[2] == 0))
            continue;
        if (!c->writable || strcmp(point, c->yard->share_path) != 0)
            return err_set(ERR_PERMISSION, _("%s is writable"), point);
        writable++;
    }
    if (writable != (c->writable ? 1 : 0))
        return err_set(ERR_PERMISSION, _("the share is not the one writable place"));
    return 0;
}

int confine_check(const struct confine *c)
{
    ino_t inside[3];
    int code = read_spaces(inside);
    for (size_t i = 0; code == 0 && i < 3; i++)
        if (inside[i] == c->outside[i])
            code = err_set(ERR_PERMISSION, _("%s is shared with the machine"), spaces[i]);
    if (code < 0)
        return code;
    struct buf status BUF_AUTO, mounts BUF_AUTO;
    buf_init(&status, 1 << 16);
    buf_init(&mounts, 1 << 22);
    if ((code = fd_read_file(AT_FDCWD, "/proc/self/status", &status)) < 0 ||
        (code = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", &mounts)) < 0)
        return code;
    const char *text = buf_string(&status);
    if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || !status_is_zero(text, "CapEff:") ||
        !status_is_zero(text, "CapPrm:"))
        return err_set(ERR_PERMISSION, _("root's rights were not given up"));
    buf_string(&mounts);
    return check_mounts(c, (char *)mounts.data);
}

/* The child: waits for process 1 of the new namespace, and takes it along when it is ended itself. */
static void attend(pid_t inner)
{
    int status = 0;
    while (waitpid(inner, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

int confine_enter(const struct confine *c, int *share)
{
    *share = -1;
    if (c->netns >= 0 && setns(c->netns, CLONE_NEWNET) < 0)
        return err_sys(_("cannot join the network of the simulation"));
    int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | (c->netns < 0 ? CLONE_NEWNET : 0);
    if (unshare(flags) < 0)
        return err_sys(_("cannot make namespaces"));
    int code = wall_mounts(c);
    if (code < 0)
        return code;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t inner = fork();
    if (inner < 0)
        return err_sys(_("cannot start a process"));
    if (inner > 0)
        attend(inner);
    if (setsid() < 0 ||
        mount("proc", "/proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return err_sys(_("cannot mount /proc"));
    if (c->writable && (*share = open_share(c->yard)) < 0)
        return *share;
    code = drop_rights(c);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* giving up root has cleared it */
    return code < 0 ? code : confine_check(c);
}
