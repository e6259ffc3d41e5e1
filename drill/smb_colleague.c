/* SPDX-License-Identifier: GPL-3.0-or-later
 * A day at the office, faster: a letter is written, read again, corrected, renamed, and a draft thrown away.
 */
#include <errno.h>
#include <fcntl.h>
#include <libsmbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/confine.h"
#include "drill/process.h"
#include "drill/smb_client.h"
#include "drill/town.h"
#include "drill/words.h"

#define DOCUMENTS 8 /* that she keeps at a time */
#define PAUSE_MS  5 /* between two operations */

struct desk {
    struct colleague *shared;
    struct buf url, other, text, back;
    struct rng rng;
};

static void count(struct desk *d, bool worked, const char *what, const char *path)
{
    if (worked) {
        atomic_fetch_add(&d->shared->done, 1);
    } else if (atomic_fetch_add(&d->shared->failed, 1) == 0) {
        snprintf(d->shared->first_failure, sizeof d->shared->first_failure, "%s %s: %s", what, path,
                 strerror(errno));
    }
    process_sleep_ms(PAUSE_MS);
}

static bool write_document(struct desk *d, const char *path)
{
    buf_clear(&d->text);
    words_paragraph(&d->text, &d->rng, 3000, "\n");
    int fd = smbc_open(smb_client_url(path, &d->url), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return false;
    bool worked = smbc_write(fd, d->text.data, d->text.length) == (ssize_t)d->text.length;
    return smbc_close(fd) == 0 && worked;
}

static bool read_document(struct desk *d, const char *path)
{
    int fd = smbc_open(smb_client_url(path, &d->url), O_RDONLY, 0);
    if (fd < 0)
        return false;
    buf_clear(&d->back);
    void *room = buf_reserve(&d->back, 16384);
    ssize_t got = smbc_read(fd, room, 16384);
    smbc_close(fd);
    errno = got == (ssize_t)d->text.length ? EILSEQ : EIO;
    return got == (ssize_t)d->text.length && memcmp(room, d->text.data, d->text.length) == 0;
}

static void work(struct desk *d)
{
    for (unsigned n = 0; !atomic_load(&d->shared->stop); n++) {
        char *draft = mem_printf(TOWN_COLLEAGUE_FOLDER "/Projet de courrier %u.txt", n % DOCUMENTS);
        char *letter = mem_printf(TOWN_COLLEAGUE_FOLDER "/Courrier n° %u.txt", n % DOCUMENTS);
        count(d, write_document(d, draft), "write", draft);
        count(d, read_document(d, draft), "read", draft);
        count(d, write_document(d, draft), "correct", draft);
        if (n >= DOCUMENTS) /* last round's letter makes room */
            count(d, smbc_unlink(smb_client_url(letter, &d->url)) == 0, "delete", letter);
        count(d, smbc_rename(smb_client_url(draft, &d->url), smb_client_url(letter, &d->other)) == 0,
              "rename", draft);
        count(d, read_document(d, letter), "read", letter);
        free(draft);
        free(letter);
    }
}

int smb_colleague_start(const struct stage *stage, struct colleague *shared)
{
    struct confine walls = {
        .yard = stage->yard, .netns = stage->net[STAGE_COLLEAGUE], .uid = 65534, .gid = 65534};
    int share, code = confine_note(&walls);
    if (code < 0)
        return code;
    pid_t pid = fork();
    if (pid != 0)
        return pid < 0 ? err_sys(_("cannot start a process")) : pid;
    struct desk d = {.shared = shared, .rng = rng_make(stage->yard->seed, 1u << 20)};
    buf_init(&d.url, 0);
    buf_init(&d.other, 0);
    buf_init(&d.text, 0);
    buf_init(&d.back, 0);
    if (confine_enter(&walls, &share) < 0 || smb_client_connect(STAGE_COLLEAGUE_USER) < 0) {
        snprintf(shared->first_failure, sizeof shared->first_failure, "%s", err_text());
        atomic_store(&shared->gone, 1);
        _exit(1);
    }
    work(&d);
    _exit(0);
}
