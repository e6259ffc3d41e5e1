/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/premises.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

#define PASSWORD_BYTES 32

/* The folder that holds `path`, made with `mode` if need be. */
static int make_parent(const char *path, mode_t mode)
{
    char *copy MEM_AUTO = mem_strdup(path);
    return path_make_folders(dirname(copy), mode);
}

/* Opens the state folder, which holds keys: only root may have it. */
static int open_state(const struct config *config, int *out)
{
    int err = make_parent(config->state, 0755);
    if (!err)
        err = path_make_folders(config->state, 0700);
    if (err)
        return err;
    int fd FD_AUTO = open(config->state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return err_sys(_("cannot open the state folder %s"), config->state);
    if (st.st_uid != 0 || (st.st_mode & 0022))
        return err_hint(
            err_set(ERR_INVALID, _("the state folder %s does not belong to root, or others may write in it"),
                    config->state),
            _("chown root %s && chmod 0700 %s, if you trust what is in it"), config->state, config->state);
    if ((st.st_mode & 0777) != 0700 && fchmod(fd, 0700) != 0)
        return err_sys(_("cannot close the state folder %s to others"), config->state);
    *out = fd_take(&fd);
    return 0;
}

static int take_lock(const struct config *config, int state, int *lock)
{
    int fd FD_AUTO = openat(state, "guard.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot open %s/guard.lock"), config->state);
    char text[32] = "";
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return err_sys(_("cannot lock %s/guard.lock"), config->state);
        ssize_t got = pread(fd, text, sizeof text - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        return err_hint(
            err_set(ERR_LOCKED, _("another guard (process %d) already uses %s"), atoi(text), config->state),
            _("stop it first, or give this one a state folder of its own"));
    }
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length)
        return err_sys(_("cannot write %s/guard.lock"), config->state);
    *lock = fd_take(&fd);
    return 0;
}

int premises_open(const struct config *config, int *lock)
{
    static const char *const rooms[] = {"journal", "shadow", "held", "incidents", "cache"};
    int state FD_AUTO = -1;
    int held FD_AUTO = -1;
    int err = open_state(config, &state);
    if (!err)
        err = take_lock(config, state, &held);
    for (size_t i = 0; !err && i < sizeof rooms / sizeof rooms[0]; i++)
        if (mkdirat(state, rooms[i], 0700) != 0 && errno != EEXIST)
            err = err_sys(_("cannot make %s/%s"), config->state, rooms[i]);
    if (!err)
        err = make_parent(config->socket, 0755);
    if (!err && !config->remote)
        err = path_make_folders(config->repository, 0700);
    if (!err)
        *lock = fd_take(&held);
    return err;
}

static bool has_repository(const struct config *config)
{
    char *file MEM_AUTO = path_join(config->repository, "config");
    return access(file, F_OK) == 0;
}

int premises_password(const struct config *config, bool *made)
{
    *made = false;
    if (access(config->password_file, F_OK) == 0)
        return 0;
    if (errno != ENOENT)
        return err_sys(_("cannot look at the vault's password file %s"), config->password_file);
    if (config->remote)
        return err_hint(
            err_set(ERR_NOT_FOUND, _("the password file %s of the vault is not there"),
                    config->password_file),
            _("write the password of %s into it (mode 0400), or a new one if there is no repository "
              "yet"),
            config->repository);
    if (has_repository(config))
        return err_hint(err_set(ERR_NOT_FOUND, _("the vault %s is there, but its password file %s is not"),
                                config->repository, config->password_file),
                        _("write the password that was noted when the vault was made into that file "
                          "(mode 0400)"));
    uint8_t secret[PASSWORD_BYTES];
    char text[2 * PASSWORD_BYTES + 2];
    if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
        return err_sys(_("cannot get random bytes for the vault's password"));
    hex_encode(secret, sizeof secret, text);
    mem_wipe(secret, sizeof secret);
    strcpy(text + 2 * PASSWORD_BYTES, "\n");
    char *copy MEM_AUTO = mem_strdup(config->password_file);
    int err = make_parent(config->password_file, 0755);
    int folder FD_AUTO = err ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!err && folder < 0)
        err = err_sys(_("cannot open the folder of %s"), config->password_file);
    if (!err)
        err = durable_create(folder, path_base(config->password_file), text, 2 * PASSWORD_BYTES + 1, 0400);
    mem_wipe(text, sizeof text);
    *made = !err;
    return err;
}
