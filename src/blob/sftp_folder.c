/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_file.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "blob/sftp_ask.h"

#define MAX_ROUNDS (1U << 20) /* READDIR answers of one folder */

struct folder {
    struct sftp_handle handle;
    struct sftp_call *call;
    unsigned rounds;
    bool open, ended;
};

struct listing {
    struct sftp_link *link;
    char *const *paths;
    unsigned count;
    struct folder folders[SFTP_FILE_FOLDERS];
    struct buf request;
    sftp_file_visit *visit;
    void *context;
};

static int take_opened(struct listing *l, unsigned i)
{
    struct folder *folder = &l->folders[i];
    struct sftp_answer answer;
    int err = sftp_wait(l->link, folder->call, &answer);
    if (!err && answer.type == SFTP_STATUS && answer.status == SFTP_NO_SUCH_FILE) {
        folder->ended = true;
    } else if (!err && answer.type != SFTP_HANDLE) {
        err = sftp_wrong_answer(&answer, l->paths[i]);
    } else if (!err) {
        sftp_take_handle(&answer, &folder->handle);
        folder->open = true;
    }
    sftp_free(l->link, folder->call);
    folder->call = NULL;
    return err;
}

static int open_folders(struct listing *l)
{
    int err = 0;
    for (unsigned i = 0; !err && i < l->count; i++) {
        sftp_begin(&l->request, SFTP_OPENDIR);
        sftp_put_text(&l->request, l->paths[i]);
        err = sftp_send(l->link, &l->request, &l->folders[i].call);
    }
    for (unsigned i = 0; i < l->count; i++) { /* all of them: what is open has to be closed */
        int bad = l->folders[i].call ? take_opened(l, i) : 0;
        err = err ? err : bad;
    }
    return err;
}

static int show_names(struct listing *l, unsigned i, struct sftp_answer *answer)
{
    struct sftp_bytes bytes;
    struct sftp_attrs attrs;
    while (sftp_next_name(answer, &bytes, &attrs)) {
        char name[256];
        if (bytes.length == 0 || bytes.length >= sizeof name || memchr(bytes.at, '/', bytes.length) ||
            memchr(bytes.at, 0, bytes.length))
            continue;
        memcpy(name, bytes.at, bytes.length);
        name[bytes.length] = '\0';
        int err = l->visit(l->context, i, name, &attrs);
        if (err)
            return err;
    }
    return 0;
}

static int take_names(struct listing *l, unsigned i)
{
    struct folder *folder = &l->folders[i];
    struct sftp_answer answer;
    int err = sftp_wait(l->link, folder->call, &answer);
    if (!err && answer.type == SFTP_STATUS && answer.status == SFTP_EOF)
        folder->ended = true;
    else if (!err && (answer.type != SFTP_NAME || answer.names == 0 || ++folder->rounds > MAX_ROUNDS))
        err = sftp_wrong_answer(&answer, l->paths[i]); /* an empty answer could go on for ever */
    else if (!err)
        err = show_names(l, i, &answer);
    sftp_free(l->link, folder->call);
    folder->call = NULL;
    return err;
}

/* One READDIR to each folder that has not ended; *more is set when there was one. */
static int read_round(struct listing *l, bool *more)
{
    int err = 0;
    *more = false;
    for (unsigned i = 0; !err && i < l->count; i++) {
        if (l->folders[i].ended)
            continue;
        sftp_begin_handle(&l->request, SFTP_READDIR, &l->folders[i].handle);
        err = sftp_send(l->link, &l->request, &l->folders[i].call);
        *more = true;
    }
    for (unsigned i = 0; !err && i < l->count; i++)
        if (l->folders[i].call)
            err = take_names(l, i);
    return err;
}

int sftp_file_list(struct sftp_link *link, char *const *paths, unsigned count, sftp_file_visit *visit,
                   void *context)
{
    struct listing l = {.link = link, .paths = paths, .count = count, .visit = visit, .context = context};
    bool more = true;
    buf_init(&l.request, SFTP_REQUEST_MAX);
    int err = open_folders(&l);
    while (!err && more)
        err = read_round(&l, &more);
    for (unsigned i = 0; i < count; i++) {
        sftp_free(link, l.folders[i].call);
        if (l.folders[i].open)
            sftp_close_quietly(link, &l.folders[i].handle);
    }
    buf_free(&l.request);
    return err;
}
