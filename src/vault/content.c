/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

int content_each(struct loader *loader, const struct node *node, const char *path, content_take *take,
                 void *context)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < node->content_count; i++) {
        const uint8_t *bytes;
        size_t length;
        int err = loader_load(loader, PACK_DATA, node->content[i], &bytes, &length);
        if (err)
            return err_in(err, "%s", path);
        if (length > node->size || offset > node->size - length)
            return err_set(ERR_CORRUPT, _("%s: its chunks hold more than its %llu bytes"), path,
                           (unsigned long long)node->size);
        err = take(context, bytes, length);
        if (err)
            return err;
        offset += length;
    }
    if (offset != node->size)
        return err_set(ERR_CORRUPT, _("%s: its chunks hold %llu of its %llu bytes"), path,
                       (unsigned long long)offset, (unsigned long long)node->size);
    return 0;
}

struct writing {
    int fd;
    const char *path;
    uint64_t offset;
    bool hole; /* at the end, so far */
};

static int write_chunk(void *context, const uint8_t *bytes, size_t length)
{
    struct writing *w = context;
    w->hole = all_zero(bytes, length);
    int err = w->hole ? 0 : write_at(w->fd, bytes, length, w->offset, w->path);
    w->offset += length;
    return err;
}

int content_write(struct loader *loader, const struct node *node, int fd, const char *path)
{
    struct writing w = {.fd = fd, .path = path};
    int err = content_each(loader, node, path, write_chunk, &w);
    if (!err && w.hole && ftruncate(fd, (off_t)w.offset) != 0)
        return err_sys(_("cannot write %s"), path);
    return err;
}

static uint32_t plain_length(const struct vault *vault, const uint8_t *id)
{
    const struct index_entry *entry = index_find(vault_index(vault), PACK_DATA, id);
    return entry ? index_plain_length(entry) : 0;
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
