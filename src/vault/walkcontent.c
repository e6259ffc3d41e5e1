/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The content of a file, cut into chunks and stored.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/walkparts.h"

#define READ_STEP ((size_t)1 << 20)

int walk_stop_if_canceled(struct walk *walk)
{
    if (walk->options->canceled && walk->options->canceled(walk->options->context))
        return err_set(ERR_CANCELED, _("the backup was stopped; no snapshot was made"));
    return 0;
}

static void add_content(struct walk *walk, const uint8_t *id)
{
    if (walk->content_count == walk->content_room) {
        walk->content_room = walk->content_room ? 2 * walk->content_room : 16;
        walk->content = mem_resize(walk->content, walk->content_room, sizeof *walk->content);
    }
    memcpy(walk->content[walk->content_count++], id, SHA256_SIZE);
}

static int store_chunk(struct walk *walk, const uint8_t *bytes, size_t length)
{
    uint8_t id[SHA256_SIZE];
    int err = walk_stop_if_canceled(walk);
    if (!err && walk->options->dry_run)
        sha256_of(bytes, length, id);
    else if (!err)
        err = writer_add(walk->writer, PACK_DATA, mem_dup(bytes, length), length, id, NULL);
    if (err)
        walk->fatal = err; /* it is the repository that fails, not the file */
    else
        add_content(walk, id);
    return err;
}

/* Stores the chunks that end within the first `length` bytes; returns how many bytes are left (moved to the
 * front), or a negative error. */
static ssize_t store_whole_chunks(struct walk *walk, struct chunker_state *state, size_t length)
{
    size_t cut;
    while ((cut = chunker_find(&walk->chunker, state, walk->chunk, length))) {
        int err = store_chunk(walk, walk->chunk, cut);
        if (err)
            return err;
        memmove(walk->chunk, walk->chunk + cut, length - cut);
        length -= cut;
        *state = (struct chunker_state){0};
    }
    return (ssize_t)length;
}

int walk_read_content(struct walk *walk, int fd, uint64_t expected, uint64_t *total)
{
    struct chunker_state state = {0};
    size_t fill = 0;
    *total = 0;
    walk->content_count = 0;
    if (!walk->chunk)
        walk->chunk = mem_resize(NULL, CHUNKER_MAX, 1);
    for (;;) {
        size_t room = CHUNKER_MAX - fill < READ_STEP ? CHUNKER_MAX - fill : READ_STEP;
        ssize_t got;
        do
            got = read(fd, walk->chunk + fill, room);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return err_sys(_("cannot read %s"), buf_string(&walk->path));
        fill += (size_t)got;
        *total += (uint64_t)got;
        ssize_t left = store_whole_chunks(walk, &state, fill);
        if (left < 0)
            return (int)left;
        fill = (size_t)left;
        if (got == 0 || ((size_t)got < room && *total == expected))
            break;
    }
    return fill ? store_chunk(walk, walk->chunk, fill) : 0;
}
