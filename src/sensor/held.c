/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/held.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAGIC       "BEFHELD1"
#define HEADER_SIZE 28
#define RECORD_SIZE 40
#define BATCH       1024 /* records written or read at once */

struct held_writer {
    int dirfd; /* borrowed */
    int fd;
    char *name, *temporary;
    uint32_t tree;
    uint64_t count;
    struct buf waiting;
};

static void put_header(struct buf *b, uint32_t tree, uint64_t snapshot, uint64_t count)
{
    buf_put(b, MAGIC, 8);
    buf_put_u32(b, tree);
    buf_put_u64(b, snapshot);
    buf_put_u64(b, count);
}

static int flush(struct held_writer *w)
{
    int rc = fd_write_all(w->fd, w->waiting.data, w->waiting.length, w->name);
    buf_clear(&w->waiting);
    return rc;
}

int held_create(int held_dirfd, const char *name, uint32_t tree, uint64_t snapshot, struct held_writer **out)
{
    char *temporary = mem_printf(".%s.%d", name, (int)getpid());
    int fd = openat(held_dirfd, temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        int rc = err_sys(_("cannot make the list of held files %s"), name);
        free(temporary);
        return rc;
    }
    struct held_writer *w = mem_zalloc(1, sizeof *w);
    *w = (struct held_writer){
        .dirfd = held_dirfd, .fd = fd, .name = mem_strdup(name), .temporary = temporary, .tree = tree};
    buf_init(&w->waiting, HEADER_SIZE + RECORD_SIZE * (BATCH + 1));
    put_header(&w->waiting, tree, snapshot, 0);
    *out = w;
    return 0;
}

int held_add(struct held_writer *w, const struct held_record *record)
{
    buf_put_u64(&w->waiting, record->device);
    buf_put_u64(&w->waiting, record->inode);
    buf_put_u64(&w->waiting, record->size);
    buf_put_u64(&w->waiting, (uint64_t)record->mtime_ns);
    buf_put_u64(&w->waiting, (uint64_t)record->ctime_ns);
    w->count++;
    return w->waiting.length >= RECORD_SIZE * BATCH ? flush(w) : 0;
}

static void release(struct held_writer *w)
{
    fd_close(&w->fd);
    free(w->name);
    free(w->temporary);
    buf_free(&w->waiting);
    free(w);
}

void held_abandon(struct held_writer *w)
{
    if (!w)
        return;
    unlinkat(w->dirfd, w->temporary, 0);
    release(w);
}

static int finish(struct held_writer *w, uint64_t snapshot)
{
    int rc = flush(w);
    if (rc != 0)
        return rc;
    put_header(&w->waiting, w->tree, snapshot, w->count);
    if (pwrite(w->fd, w->waiting.data, HEADER_SIZE, 0) != HEADER_SIZE)
        return err_sys(_("cannot write the list of held files %s"), w->name);
    rc = durable_sync(w->fd, w->name);
    if (rc != 0)
        return rc;
    if (renameat(w->dirfd, w->temporary, w->dirfd, w->name) != 0)
        return err_sys(_("cannot put the list of held files %s in place"), w->name);
    return durable_sync_folder(w->dirfd, w->name);
}

int held_finish(struct held_writer *w, uint64_t snapshot)
{
    int rc = finish(w, snapshot);
    if (rc != 0)
        held_abandon(w);
    else
        release(w);
    return rc;
}

static int broken(const char *name)
{
    return err_set(ERR_CORRUPT, _("the list of held files %s is damaged"), name);
}

static void give_records(const uint8_t *bytes, size_t length,
                         void (*each)(const struct held_record *record, void *self), void *self)
{
    struct reader r;
    reader_init(&r, bytes, length);
    while (reader_left(&r) >= RECORD_SIZE) {
        struct held_record record = {.device = reader_u64(&r), .inode = reader_u64(&r)};
        record.size = reader_u64(&r);
        record.mtime_ns = (int64_t)reader_u64(&r);
        record.ctime_ns = (int64_t)reader_u64(&r);
        each(&record, self);
    }
}

static int read_list(int fd, const char *name, uint32_t tree, uint64_t *snapshot,
                     void (*each)(const struct held_record *record, void *self), void *self)
{
    uint8_t header[HEADER_SIZE];
    struct stat st;
    struct reader r;
    ssize_t got = fd_read_full(fd, header, sizeof header, name);
    if (got < 0)
        return (int)got;
    reader_init(&r, header, (size_t)got);
    const uint8_t *magic = reader_bytes(&r, 8);
    uint32_t its_tree = reader_u32(&r);
    uint64_t id = reader_u64(&r), count = reader_u64(&r);
    if (r.failed || memcmp(magic, MAGIC, 8) != 0 || its_tree != tree || fstat(fd, &st) != 0 ||
        count > (UINT64_MAX - HEADER_SIZE) / RECORD_SIZE ||
        (uint64_t)st.st_size != HEADER_SIZE + count * RECORD_SIZE)
        return broken(name);
    uint8_t *batch MEM_AUTO = mem_zalloc(BATCH, RECORD_SIZE);
    for (uint64_t done = 0; done < count;) {
        size_t now = count - done < BATCH ? (size_t)(count - done) : BATCH;
        got = fd_read_full(fd, batch, now * RECORD_SIZE, name);
        if (got < 0)
            return (int)got;
        if ((size_t)got != now * RECORD_SIZE)
            return broken(name);
        give_records(batch, (size_t)got, each, self);
        done += now;
    }
    *snapshot = id;
    return 0;
}

int held_read(int held_dirfd, const char *name, uint32_t tree, uint64_t *snapshot,
              void (*each)(const struct held_record *record, void *self), void *self)
{
    int fd FD_AUTO = openat(held_dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_sys(_("cannot read the list of held files %s"), name);
    return read_list(fd, name, tree, snapshot, each, self);
}
