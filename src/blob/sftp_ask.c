/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_ask.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

static const char *status_text(const struct sftp_answer *answer, char out[static 256])
{
    switch (answer->status) {
    case SFTP_NO_SUCH_FILE:
        return _("no such file");
    case SFTP_PERMISSION_DENIED:
        return _("permission denied");
    case SFTP_UNSUPPORTED:
        return _("the server does not know how");
    default:
        break;
    }
    size_t length = answer->bytes.length < 200 ? answer->bytes.length : 200, n = 0;
    for (size_t i = 0; i < length; i++)
        if (answer->bytes.at[i] >= ' ' && answer->bytes.at[i] < 0x7f) /* nothing that moves a cursor */
            out[n++] = (char)answer->bytes.at[i];
    out[n] = '\0';
    return n ? out : _("the server refused");
}

int sftp_status_error(const struct sftp_answer *answer, const char *what)
{
    static const enum err codes[] = {
        [SFTP_OK] = ERR_CORRUPT,
        [SFTP_EOF] = ERR_CORRUPT,
        [SFTP_NO_SUCH_FILE] = ERR_NOT_FOUND,
        [SFTP_PERMISSION_DENIED] = ERR_PERMISSION,
        [SFTP_FAILURE] = ERR_SYSTEM,
        [SFTP_BAD_MESSAGE] = ERR_SYSTEM,
        [SFTP_NO_CONNECTION] = ERR_CLOSED,
        [SFTP_CONNECTION_LOST] = ERR_CLOSED,
        [SFTP_UNSUPPORTED] = ERR_UNSUPPORTED,
    };
    char text[256];
    enum err code = answer->status < sizeof codes / sizeof *codes ? codes[answer->status] : ERR_SYSTEM;
    return err_set(code, "%s: %s", what, status_text(answer, text));
}

int sftp_wrong_answer(const struct sftp_answer *answer, const char *what)
{
    if (answer->type == SFTP_STATUS && answer->status != SFTP_OK)
        return sftp_status_error(answer, what);
    return err_set(ERR_CORRUPT, _("%s: the SFTP server gave an answer that does not fit"), what);
}

int sftp_ask(struct sftp_link *link, struct buf *request, const char *what, enum sftp_type wanted,
             struct sftp_call **call, struct sftp_answer *answer)
{
    int err = sftp_send(link, request, call);
    if (err)
        return err;
    err = sftp_wait(link, *call, answer);
    if (!err && answer->type != wanted)
        err = sftp_wrong_answer(answer, what);
    if (err)
        sftp_free(link, *call);
    return err;
}

int sftp_ask_status(struct sftp_link *link, struct buf *request, const char *what)
{
    struct sftp_call *call;
    struct sftp_answer answer;
    int err = sftp_ask(link, request, what, SFTP_STATUS, &call, &answer);
    if (err)
        return err;
    err = answer.status == SFTP_OK ? 0 : sftp_status_error(&answer, what);
    sftp_free(link, call);
    return err;
}

void sftp_begin_path(struct buf *request, enum sftp_type type, const char *path)
{
    buf_init(request, SFTP_REQUEST_MAX);
    sftp_begin(request, type);
    sftp_put_text(request, path);
}

void sftp_take_handle(const struct sftp_answer *answer, struct sftp_handle *out)
{
    memcpy(out->bytes, answer->bytes.at, answer->bytes.length);
    out->length = answer->bytes.length;
}

void sftp_begin_handle(struct buf *request, enum sftp_type type, const struct sftp_handle *handle)
{
    sftp_begin(request, type);
    sftp_put_bytes(request, handle->bytes, handle->length);
}

/* What closing says does not matter: nothing was written, or it failed already. */
void sftp_close_quietly(struct sftp_link *link, const struct sftp_handle *handle)
{
    struct buf request BUF_AUTO;
    struct sftp_call *call;
    buf_init(&request, SFTP_REQUEST_MAX);
    sftp_begin_handle(&request, SFTP_CLOSE, handle);
    if (sftp_send(link, &request, &call) == 0)
        sftp_free(link, call);
}
