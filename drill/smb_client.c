/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/smb_client.h"

#include <errno.h>
#include <fcntl.h>
#include <libsmbclient.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

static const char *user_name;

static void authenticate(const char *server, const char *share, char *workgroup, int workgroup_size,
                         char *user, int user_size, char *password, int password_size)
{
    (void)server;
    (void)share;
    snprintf(workgroup, (size_t)workgroup_size, "MAIRIE");
    snprintf(user, (size_t)user_size, "%s", user_name);
    snprintf(password, (size_t)password_size, "%s", STAGE_PASSWORD);
}

int smb_client_connect(const char *user)
{
    user_name = user;
    SMBCCTX *context = smbc_new_context();
    if (!context)
        return err_sys(_("cannot start an SMB client"));
    smbc_setDebug(context, 0);
    smbc_setFunctionAuthData(context, authenticate);
    smbc_setOptionNoAutoAnonymousLogin(context, 1);
    smbc_setOptionUseKerberos(context, 0);
    smbc_setTimeout(context, 5000);
    if (!smbc_init_context(context))
        return err_sys(_("cannot start an SMB client"));
    smbc_set_context(context);
    return 0;
}

const char *smb_client_url(const char *path, struct buf *room)
{
    buf_clear(room);
    buf_printf(room, "smb://" STAGE_SERVER_IP "/" STAGE_SHARE "/");
    for (; *path; path++) {
        uint8_t c = (uint8_t)*path;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/._-", c))
            buf_put(room, &c, 1);
        else
            buf_printf(room, "%%%02x", c);
    }
    return buf_string(room);
}

int smb_client_read_small(const char *path, struct buf *out)
{
    struct buf room BUF_AUTO;
    buf_init(&room, 0);
    char bytes[4096];
    int fd = smbc_open(smb_client_url(path, &room), O_RDONLY, 0);
    if (fd < 0)
        return -errno;
    ssize_t got = smbc_read(fd, bytes, sizeof bytes);
    int code = got < 0 ? -errno : 0;
    smbc_close(fd);
    if (got > 0)
        buf_put(out, bytes, (size_t)got);
    return code;
}
