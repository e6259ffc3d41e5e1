/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

#define RIGHT_EXECUTE   (1ULL << 0)
#define RIGHT_WRITE     (1ULL << 1)
#define RIGHT_READ      (1ULL << 2)
#define RIGHT_LIST      (1ULL << 3)
#define RIGHT_REMOVE    (3ULL << 4)    /* folder, file */
#define RIGHT_MAKE      (0x7dULL << 6) /* character device, folder, file, socket, fifo, block device, link */
#define RIGHT_MAKE_DIR  (1ULL << 7)
#define RIGHT_MAKE_FILE (1ULL << 8)
#define RIGHT_MAKE_FIFO (1ULL << 10)
#define RIGHT_MAKE_LINK (1ULL << 12)
#define RIGHT_REFER     (1ULL << 13) /* version 2 */
#define RIGHT_TRUNCATE  (1ULL << 14) /* version 3 */
#define RIGHT_IOCTL_DEV (1ULL << 15) /* version 5 */
#define RIGHTS_V1       ((1ULL << 13) - 1)

#define TCP_BIND         1ULL /* version 4 */
#define TCP_BIND_CONNECT 3ULL
/* Version 6: abstract sockets of others, signals to others. */
#define SCOPES 3ULL

/* What a file (not a folder) can be given. */
#define RIGHTS_OF_FILE (RIGHT_EXECUTE | RIGHT_WRITE | RIGHT_READ | RIGHT_TRUNCATE | RIGHT_IOCTL_DEV)

struct attributes {
    uint64_t files;
    uint64_t net;    /* from version 4 */
    uint64_t scoped; /* from version 6 */
};

static uint64_t rights_known(int version)
{
    uint64_t rights = RIGHTS_V1;
    if (version >= 2)
        rights |= RIGHT_REFER;
    if (version >= 3)
        rights |= RIGHT_TRUNCATE;
    if (version >= 5)
        rights |= RIGHT_IOCTL_DEV;
    return rights;
}

static uint64_t rights_of(unsigned access)
{
    uint64_t rights = 0;
    if (access & (SANDBOX_READ | SANDBOX_WRITE))
        rights |= RIGHT_READ | RIGHT_LIST;
    if (access & SANDBOX_WRITE)
        rights |= RIGHT_WRITE | RIGHT_REMOVE | RIGHT_MAKE_DIR | RIGHT_MAKE_FILE | RIGHT_MAKE_FIFO |
                  RIGHT_MAKE_LINK | RIGHT_REFER | RIGHT_TRUNCATE;
    if (access & SANDBOX_EXEC)
        rights |= RIGHT_EXECUTE | RIGHT_READ | RIGHT_LIST;
    return rights;
}

static int add_path(int ruleset, const struct sandbox_path *p, uint64_t known)
{
    int fd FD_AUTO = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(_("cannot open %s for the sandbox"), p->path);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_sys(_("cannot look at %s for the sandbox"), p->path);
    struct landlock_path_beneath_attr rule = {.allowed_access = rights_of(p->access) & known,
                                              .parent_fd = fd};
    if (!S_ISDIR(st.st_mode))
        rule.allowed_access &= RIGHTS_OF_FILE;
    if (rule.allowed_access && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
        return err_sys(_("cannot allow %s in the sandbox"), p->path);
    return 0;
}

int landlock_enter(const struct sandbox *s)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return err_set(ERR_UNSUPPORTED, _("this kernel cannot confine files (landlock)"));
    struct attributes attributes = {.files = rights_known((int)version),
                                    .net = s->connects ? TCP_BIND : TCP_BIND_CONNECT,
                                    .scoped = SCOPES};
    size_t size = version >= 6   ? sizeof attributes
                  : version >= 4 ? offsetof(struct attributes, scoped)
                                 : sizeof attributes.files;
    int ruleset FD_AUTO = (int)syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0)
        return err_sys(_("cannot make a landlock ruleset"));
    for (size_t i = 0; i < s->path_count; i++) {
        int err = add_path(ruleset, &s->paths[i], attributes.files);
        if (err)
            return err;
    }
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        return err_sys(_("cannot enter the landlock ruleset"));
    return 0;
}
