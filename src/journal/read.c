/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading without a lock: the checkpoint says how far, and all it covers is on the disk for good.
 */
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "journal/journal.h"

int journal_checkpoint(int dirfd, const struct note_key *key, struct checkpoint *out, struct buf *note)
{
    struct buf text BUF_AUTO;
    buf_init(&text, NOTE_MAX_BYTES);
    int err = fd_read_file(dirfd, "checkpoint", &text);
    if (!err)
        err = note_open((const char *)text.data, text.length, key, out);
    if (!err && note)
        buf_put(note, text.data, text.length);
    return err;
}

int journal_public_key(int dirfd, struct note_key *out)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    int err = fd_read_file(dirfd, "key.pub", &text);
    if (!err)
        err = note_key_parse((const char *)text.data, text.length, out);
    return err ? err_in(err, "key.pub") : 0;
}

/* The entries of one bundle from `from` up to `end`. */
static int read_bundle(const struct buf *bundle, uint64_t first, uint64_t from, uint64_t end,
                       journal_reader *callback, void *self)
{
    struct reader r;
    reader_init(&r, bundle->data, bundle->length);
    for (uint64_t index = first; index < end; index++) {
        const char *text;
        size_t length;
        int err = bundle_next(&r, &text, &length);
        if (err != 1)
            return err_set(ERR_CORRUPT, _("the journal is cut short before entry %llu"),
                           (unsigned long long)index);
        err = index >= from ? callback(self, index, text, length) : 0;
        if (err)
            return err;
    }
    return 0;
}

int journal_read(int dirfd, uint64_t from, journal_reader *callback, void *self)
{
    struct checkpoint checkpoint;
    int err = journal_checkpoint(dirfd, NULL, &checkpoint, NULL);
    struct buf bundle BUF_AUTO;
    buf_init(&bundle, BUNDLE_MAX_BYTES);
    while (!err && from < checkpoint.size) {
        uint64_t first = from - from % TILE_WIDTH;
        uint64_t left = checkpoint.size - first;
        size_t width = left < TILE_WIDTH ? (size_t)left : TILE_WIDTH;
        err = tile_read(dirfd, TILE_ENTRIES, first / TILE_WIDTH, width, &bundle);
        if (!err)
            err = read_bundle(&bundle, first, from, first + width, callback, self);
        from = first + width;
    }
    return err;
}
