/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The writer. In memory: the right edge of the tree, the bundle that is not full yet, and full tiles that
 * still have to be written. Nothing in memory is ever taken back, so two checkpoints of this journal never
 * contradict each other, whichever writes failed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "journal/writer.h"

uint64_t journal_size(const struct journal *j)
{
    return j->tree.size;
}

uint64_t journal_unsigned(const struct journal *j)
{
    return j->tree.size - j->signed_size;
}

uint64_t journal_completed(const struct journal *j)
{
    return j->completed;
}

const char *journal_origin(const struct journal *j)
{
    return j->key.name;
}

/* ---- adding ---- */

static void wait_for(struct journal *j, int level, uint64_t index, const void *bytes, size_t length)
{
    j->waiting = mem_resize(j->waiting, j->waiting_count + 1, sizeof *j->waiting);
    j->waiting[j->waiting_count++] = (struct waiting){level, index, mem_dup(bytes, length), length};
    if (level == TILE_ENTRIES)
        j->waiting_bytes += length;
}

bool journal_add(struct journal *j, const char *text, size_t length)
{
    uint8_t leaf[HASH_SIZE];
    merkle_leaf(text, length, leaf);
    bundle_put(&j->bundle, text, length);
    merkle_push(&j->tree, leaf);
    unsigned full = merkle_full(&j->tree);
    if (!full)
        return false;
    wait_for(j, TILE_ENTRIES, j->tree.size / TILE_WIDTH - 1, j->bundle.data, j->bundle.length);
    buf_clear(&j->bundle);
    for (unsigned level = 0; level < full; level++)
        wait_for(j, (int)level, (j->tree.size >> (8 * (level + 1))) - 1, j->tree.hashes[level],
                 sizeof j->tree.hashes[level]);
    return true;
}

int journal_append(struct journal *j, const char *text, size_t length, bool urgent, uint64_t *index)
{
    if (index)
        *index = UINT64_MAX;
    if (length == 0)
        return err_set(ERR_INVALID, _("an empty text cannot be a journal entry"));
    if (length > ENTRY_MAX_BYTES)
        return err_set(ERR_TOO_LARGE, _("a journal entry of %zu bytes is longer than %d"), length,
                       ENTRY_MAX_BYTES);
    if (j->waiting_bytes + j->bundle.length + length > JOURNAL_PENDING_BYTES) {
        int err = journal_flush(j);
        if (err)
            return err_in(err, _("the journal refuses an entry, too many wait already"));
    }
    if (index)
        *index = j->tree.size;
    bool full = journal_add(j, text, length);
    return urgent || full ? journal_flush(j) : 0;
}

/* ---- writing ---- */

static int write_waiting(struct journal *j)
{
    for (; j->written < j->waiting_count; j->written++) {
        struct waiting *tile = &j->waiting[j->written];
        int err = tile_write(j->dirfd, tile->level, tile->index, TILE_WIDTH, tile->bytes, tile->length);
        if (err)
            return err;
        if (tile->level == TILE_ENTRIES)
            j->waiting_bytes -= tile->length;
        free(tile->bytes);
        tile->bytes = NULL;
    }
    return 0;
}

static void forget_partial(struct journal *j, size_t width)
{
    j->partial_total -= j->partial_bytes[width];
    j->partial_bytes[width] = 0;
}

static int write_partial_bundle(struct journal *j)
{
    size_t width = merkle_width(j->tree.size, 0);
    if (width == 0)
        return 0;
    uint64_t index = j->tree.size / TILE_WIDTH;
    int err = tile_write(j->dirfd, TILE_ENTRIES, index, width, j->bundle.data, j->bundle.length);
    if (err)
        return err;
    forget_partial(j, width);
    j->partial_bytes[width] = j->bundle.length;
    j->partial_total += j->bundle.length;
    return 0;
}

static int write_partial_tiles(struct journal *j)
{
    for (unsigned level = 0; level < MERKLE_LEVELS; level++) {
        uint64_t count = j->tree.size >> (8 * level);
        size_t width = merkle_width(j->tree.size, level);
        if (count == j->tiles_at[level])
            break;
        if (width) {
            int err = tile_write(j->dirfd, (int)level, count / TILE_WIDTH, width, j->tree.hashes[level],
                                 width * HASH_SIZE);
            if (err)
                return err;
        }
        j->tiles_at[level] = count;
    }
    return 0;
}

int journal_write_checkpoint(struct journal *j)
{
    uint8_t root[HASH_SIZE];
    merkle_root(&j->tree, root);
    struct buf note BUF_AUTO;
    buf_init(&note, NOTE_MAX_BYTES);
    int err = note_sign(&j->key, j->tree.size, root, &note);
    if (!err)
        err = durable_write(j->dirfd, "checkpoint", note.data, note.length, 0644);
    if (err)
        return err_in(err, _("the journal's checkpoint"));
    j->signed_size = j->tree.size;
    return 0;
}

/* After the checkpoint: partial tiles that a full one has replaced, and the oldest partial bundles. */
static void remove_old_partials(struct journal *j)
{
    for (size_t i = 0; i < j->waiting_count; i++) {
        tile_remove_partial(j->dirfd, j->waiting[i].level, j->waiting[i].index, 0);
        if (j->waiting[i].level != TILE_ENTRIES)
            continue;
        size_t newest = merkle_width(j->tree.size, 0);
        for (size_t width = 1; width < TILE_WIDTH; width++)
            if (width != newest)
                forget_partial(j, width);
    }
    j->waiting_count = j->written = 0;
    size_t newest = merkle_width(j->signed_size, 0);
    for (size_t width = 1; width < newest && j->partial_total > JOURNAL_PARTIAL_BYTES; width++) {
        if (!j->partial_bytes[width])
            continue;
        tile_remove_partial(j->dirfd, TILE_ENTRIES, j->signed_size / TILE_WIDTH, width);
        forget_partial(j, width);
    }
}

int journal_flush(struct journal *j)
{
    if (j->tree.size == j->signed_size)
        return 0;
    int err = write_waiting(j);
    if (!err)
        err = write_partial_bundle(j);
    if (!err)
        err = write_partial_tiles(j);
    if (!err)
        err = journal_write_checkpoint(j);
    if (err == ERR_NO_SPACE)
        return err_hint(err, _("make room on the disk of the state folder; %llu entries wait in memory"),
                        (unsigned long long)journal_unsigned(j));
    if (!err)
        remove_old_partials(j);
    return err;
}

void journal_free(struct journal *j)
{
    for (size_t i = 0; i < j->waiting_count; i++)
        free(j->waiting[i].bytes);
    free(j->waiting);
    buf_free(&j->bundle);
    note_key_wipe(&j->key);
    fd_close(&j->lock);
    fd_close(&j->dirfd);
    free(j);
}

int journal_close(struct journal *j)
{
    if (!j)
        return 0;
    int err = journal_flush(j);
    journal_free(j);
    return err;
}
