/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

static int write_at(int fd, const uint8_t *bytes, size_t length, uint64_t offset, const char *path)
{
    while (length > 0) {
        ssize_t done = pwrite(fd, bytes, length, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_sys(_("cannot write %s"), path);
        bytes += done;
        length -= (size_t)done;
        offset += (uint64_t)done;
    }
    return 0;
}

static bool all_zero(const uint8_t *bytes, size_t length)
{
    return length >= 4096 && bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

int content_write(struct loader *loader, const struct node *node, int fd, const char *path)
{
    uint64_t offset = 0;
    bool hole = false;
    for (size_t i = 0; i < node->content_count; i++) {
        const uint8_t *bytes;
        size_t length;
        int err = loader_load(loader, PACK_DATA, node->content[i], &bytes, &length);
        if (err)
            return err_in(err, "%s", path);
        if (length > node->size || offset > node->size - length)
            return err_set(ERR_CORRUPT, _("%s: its chunks hold more than its %llu bytes"), path,
                           (unsigned long long)node->size);
        hole = all_zero(bytes, length);
        if (!hole)
            err = write_at(fd, bytes, length, offset, path);
        if (err)
            return err;
        offset += length;
    }
    if (offset != node->size)
        return err_set(ERR_CORRUPT, _("%s: its chunks hold %llu of its %llu bytes"), path,
                       (unsigned long long)offset, (unsigned long long)node->size);
    if (hole && ftruncate(fd, (off_t)offset) != 0)
        return err_sys(_("cannot write %s"), path);
    return 0;
}

static uint32_t plain_length(const struct vault *vault, const uint8_t *id)
{
    const struct index_entry *entry = index_find(vault_index(vault), PACK_DATA, id);
    return entry ? index_plain_length(entry) : 0;
}

/* Whether the chunk is in the file already; `bytes` is memory for it. */
static int is_there(int fd, const uint8_t *chunk, uint64_t offset, uint8_t *bytes, uint32_t length,
                    const char *path, bool *there)
{
    uint8_t id[SHA256_SIZE];
    ssize_t got = fd_pread_full(fd, bytes, length, offset, path);
    if (got < 0)
        return (int)got;
    *there = (size_t)got == length;
    if (*there) {
        sha256_of(bytes, length, id);
        *there = memcmp(id, chunk, SHA256_SIZE) == 0;
    }
    return 0;
}

static int write_chunk(struct loader *loader, const uint8_t *chunk, int fd, uint64_t offset, uint32_t length,
                       const char *path)
{
    const uint8_t *bytes;
    size_t loaded;
    int err = loader_load(loader, PACK_DATA, chunk, &bytes, &loaded);
    if (!err && loaded != length)
        err = err_set(ERR_CORRUPT, _("a chunk has another length than the index says"));
    return err ? err_in(err, "%s", path) : write_at(fd, bytes, length, offset, path);
}

/* Before the first change of a file that is there. */
static int begin_change(int fd, bool *begun, const char *path)
{
    if (*begun)
        return 0;
    *begun = true;
    return fchmod(fd, 0600) == 0 ? 0 : err_sys(_("cannot set the mode of %s"), path);
}

static int update_chunks(const struct vault *vault, struct loader *loader, const struct node *node, int fd,
                         bool dry_run, const char *path, uint64_t *written, bool *begun)
{
    uint64_t offset = 0;
    uint8_t *bytes MEM_AUTO = NULL;
    for (size_t i = 0; i < node->content_count; i++) {
        uint32_t length = plain_length(vault, node->content[i]);
        bool there = false;
        if (length > node->size - offset)
            return err_set(ERR_CORRUPT, _("%s: its chunks hold more than its %llu bytes"), path,
                           (unsigned long long)node->size);
        bytes = mem_resize(bytes, length + 1, 1);
        int err = is_there(fd, node->content[i], offset, bytes, length, path, &there);
        if (!err && !there && !dry_run)
            err = begin_change(fd, begun, path);
        if (!err && !there && !dry_run)
            err = write_chunk(loader, node->content[i], fd, offset, length, path);
        if (err)
            return err;
        *written += there ? 0 : length;
        offset += length;
    }
    return offset == node->size ? 0
                                : err_set(ERR_CORRUPT, _("%s: its chunks hold %llu of its %llu bytes"), path,
                                          (unsigned long long)offset, (unsigned long long)node->size);
}

int content_update(const struct vault *vault, struct loader *loader, const struct node *node, int fd,
                   bool dry_run, const char *path, uint64_t *written)
{
    bool begun = false;
    *written = 0;
    int err = update_chunks(vault, loader, node, fd, dry_run, path, written, &begun);
    struct stat st;
    if (!err && fstat(fd, &st) != 0)
        err = err_sys(_("cannot look at %s"), path);
    if (err || dry_run || (uint64_t)st.st_size == node->size)
        return err;
    err = begin_change(fd, &begun, path);
    if (!err && ftruncate(fd, (off_t)node->size) != 0)
        err = err_sys(_("cannot write %s"), path);
    return err;
}

int content_verify(const struct vault *vault, const struct node *node, int fd, const char *path)
{
    uint64_t offset = 0;
    uint8_t *bytes MEM_AUTO = NULL;
    for (size_t i = 0; i < node->content_count; i++) {
        uint32_t length = plain_length(vault, node->content[i]);
        uint8_t id[SHA256_SIZE];
        bytes = mem_resize(bytes, length, 1);
        ssize_t got = fd_pread_full(fd, bytes, length, offset, path);
        if (got < 0)
            return (int)got;
        sha256_of(bytes, (size_t)got, id);
        if (memcmp(id, node->content[i], SHA256_SIZE) != 0)
            return err_set(ERR_CORRUPT, _("%s: what was written differs from the snapshot at byte %llu"),
                           path, (unsigned long long)offset);
        offset += length;
    }
    return 0;
}
