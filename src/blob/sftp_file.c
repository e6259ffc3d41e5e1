/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_file.h"

#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/sftp_ask.h"

int sftp_file_stat(struct sftp_link *link, const char *path, struct sftp_attrs *out)
{
    struct buf request BUF_AUTO;
    struct sftp_call *call;
    struct sftp_answer answer;
    sftp_begin_path(&request, SFTP_STAT, path);
    int err = sftp_ask(link, &request, path, SFTP_ATTRS, &call, &answer);
    if (err)
        return err;
    *out = answer.attrs;
    sftp_free(link, call);
    return 0;
}

int sftp_file_remove(struct sftp_link *link, const char *path)
{
    struct buf request BUF_AUTO;
    sftp_begin_path(&request, SFTP_REMOVE, path);
    int err = sftp_ask_status(link, &request, path);
    return err == ERR_NOT_FOUND ? 0 : err;
}

int sftp_file_rename(struct sftp_link *link, const char *from, const char *to, bool replace)
{
    struct buf request BUF_AUTO;
    if (replace && sftp_link_features(link)->posix_rename) {
        sftp_begin_path(&request, SFTP_EXTENDED, "posix-rename@openssh.com");
        sftp_put_text(&request, from);
    } else {
        sftp_begin_path(&request, SFTP_RENAME, from);
    }
    sftp_put_text(&request, to);
    return sftp_ask_status(link, &request, to);
}

static int make_folder(struct sftp_link *link, const char *path)
{
    struct sftp_attrs attrs;
    int err = sftp_file_stat(link, path, &attrs);
    if (!err)
        return !attrs.has_mode || S_ISDIR(attrs.mode) ? 0
                                                      : err_set(ERR_EXISTS, _("%s is not a folder"), path);
    if (err != ERR_NOT_FOUND)
        return err;
    struct buf request BUF_AUTO;
    sftp_begin_path(&request, SFTP_MKDIR, path);
    sftp_put_mode(&request, 0700);
    err = sftp_ask_status(link, &request, path);
    /* Another writer may have been quicker. */
    return err && sftp_file_stat(link, path, &attrs) == 0 ? 0 : err;
}

int sftp_file_make_folders(struct sftp_link *link, const char *path)
{
    int err = make_folder(link, path);
    if (err != ERR_NOT_FOUND)
        return err;
    char *part MEM_AUTO = mem_strdup(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        err = make_folder(link, part);
        *slash = '/';
        if (err)
            return err;
    }
    return make_folder(link, path);
}
