/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/changelog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/hash.h"

#define MAGIC      "BEFCHNG1"
#define MAGIC_SIZE 8
#define NAME       "changes"
#define OLDER      "changes.old"

struct changelog {
    int dirfd; /* borrowed */
    int fd;
    size_t size; /* of the file that is written to: all of it is whole */
    char boot[BOOT_ID_SIZE];
};

static void put_header(struct buf *b, const char boot[static BOOT_ID_SIZE])
{
    char padded[CHANGELOG_HEADER - MAGIC_SIZE] = "";
    snprintf(padded, sizeof padded, "%s", boot);
    buf_put(b, MAGIC, MAGIC_SIZE);
    buf_put(b, padded, sizeof padded);
}

static bool is_ours(struct reader *r, const char boot[static BOOT_ID_SIZE])
{
    struct buf wanted BUF_AUTO;
    buf_init(&wanted, CHANGELOG_HEADER);
    put_header(&wanted, boot);
    const uint8_t *header = reader_bytes(r, CHANGELOG_HEADER);
    return header && memcmp(header, wanted.data, CHANGELOG_HEADER) == 0;
}

size_t changelog_parse(const void *bytes, size_t length, const char boot[static BOOT_ID_SIZE],
                       changelog_visit *each, void *self)
{
    struct reader r;
    reader_init(&r, bytes, length);
    if (!is_ours(&r, boot))
        return 0;
    for (;;) {
        const uint8_t *start = r.at;
        uint32_t size = reader_u32(&r), crc = reader_u32(&r);
        const uint8_t *payload = size > 0 && size <= CHANGELOG_RECORD_MAX ? reader_bytes(&r, size) : NULL;
        if (!payload || hash_crc32(payload, size) != crc)
            return (size_t)(start - (const uint8_t *)bytes);
        if (each)
            each(payload, size, self);
    }
}

/* One of the two files; none is an empty one. */
static int read_file(const struct changelog *l, const char *name, changelog_visit *each, void *self,
                     size_t *whole)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, CHANGELOG_FILE_MAX + CHANGELOG_RECORD_MAX);
    *whole = 0;
    int err = fd_read_file(l->dirfd, name, &bytes);
    if (!err)
        *whole = changelog_parse(bytes.data, bytes.length, l->boot, each, self);
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* A new file, with its header alone. */
static int begin(struct changelog *l)
{
    struct buf header BUF_AUTO;
    buf_init(&header, CHANGELOG_HEADER);
    put_header(&header, l->boot);
    fd_close(&l->fd);
    l->fd = openat(l->dirfd, NAME, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (l->fd < 0)
        return err_sys(_("cannot begin the log of changes %s"), NAME);
    l->size = 0;
    int err = fd_write_all(l->fd, header.data, header.length, NAME);
    if (!err)
        l->size = CHANGELOG_HEADER;
    return err;
}

static int go_on(struct changelog *l)
{
    size_t whole, older;
    int err = read_file(l, OLDER, NULL, NULL, &older);
    if (err == 0)
        err = read_file(l, NAME, NULL, NULL, &whole);
    if (err && err != ERR_TOO_LARGE)
        return err;
    if (err || older == 0)
        unlinkat(l->dirfd, OLDER, 0);
    if (err || whole == 0)
        return begin(l);
    l->fd = openat(l->dirfd, NAME, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (l->fd < 0 || ftruncate(l->fd, (off_t)whole) != 0)
        return err_sys(_("cannot go on with the log of changes %s"), NAME);
    l->size = whole;
    return 0;
}

int changelog_open(int dirfd, const char boot[static BOOT_ID_SIZE], struct changelog **out)
{
    struct changelog *l = mem_zalloc(1, sizeof *l);
    l->dirfd = dirfd;
    l->fd = -1;
    memcpy(l->boot, boot, BOOT_ID_SIZE);
    *out = l;
    return go_on(l);
}

void changelog_close(struct changelog *l)
{
    if (!l)
        return;
    fd_close(&l->fd);
    free(l);
}

static int turn_over(struct changelog *l)
{
    if (renameat(l->dirfd, NAME, l->dirfd, OLDER) != 0)
        return err_sys(_("cannot put the log of changes %s aside"), NAME);
    return begin(l);
}

int changelog_add(struct changelog *l, const void *payload, size_t length)
{
    struct buf record BUF_AUTO;
    buf_init(&record, CHANGELOG_RECORD_MAX + 8);
    buf_put_u32(&record, (uint32_t)length);
    buf_put_u32(&record, hash_crc32(payload, length));
    buf_put(&record, payload, length);
    if (length == 0 || record.overflowed)
        return err_set(ERR_TOO_LARGE, _("a change of %zu bytes does not fit in the log"), length);
    int err = 0;
    if (l->size == 0 || l->size + record.length > CHANGELOG_FILE_MAX)
        err = l->size == 0 ? begin(l) : turn_over(l);
    if (err)
        return err;
    err = fd_write_all(l->fd, record.data, record.length, NAME);
    if (!err) {
        l->size += record.length;
        return 0;
    }
    /* Half a record would hide all later ones. */
    if (ftruncate(l->fd, (off_t)l->size) != 0)
        l->size = 0;
    return err;
}

int changelog_read(struct changelog *l, changelog_visit *each, void *self)
{
    size_t whole;
    int err = read_file(l, OLDER, each, self, &whole);
    return err ? err : read_file(l, NAME, each, self, &whole);
}
