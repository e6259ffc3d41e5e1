/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The writer. In memory: the right edge of the tree, the bundle that is not full yet, and full tiles that
 * still have to be written. Nothing in memory is ever taken back, so two checkpoints of this journal never
 * contradict each other, whichever writes failed.
 */
#include "journal/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

/* A full tile on its way to the disk. */
struct waiting {
    int level;
    uint64_t index;
    uint8_t *bytes; /* owned */
    size_t length;
};

struct journal {
    int dirfd;
    int lock;
    struct note_key key;
    struct merkle tree;
    struct buf bundle;                /* the entries of the unfinished bundle */
    uint64_t signed_size;             /* what the checkpoint on the disk covers */
    uint64_t completed;               /* see journal_completed */
    struct waiting *waiting;          /* owned */
    size_t waiting_count;             /* of these the first `written` are on the disk already, and only */
    size_t written;                   /* wait for the checkpoint, after which their partials go */
    size_t waiting_bytes;             /* of entries in full bundles not on the disk */
    uint64_t tiles_at[MERKLE_LEVELS]; /* hashes of that level covered by what is on the disk */
    size_t partial_bytes[TILE_WIDTH]; /* size of the partial bundles of the unfinished tile, by width */
    size_t partial_total;
};

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

/* Puts an entry into the tree and the bundle; full tiles are queued. True when the bundle became full. */
static bool add(struct journal *j, const char *text, size_t length)
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
    bool full = add(j, text, length);
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

static int write_checkpoint(struct journal *j)
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
        err = write_checkpoint(j);
    if (err == ERR_NO_SPACE)
        return err_hint(err, _("make room on the disk of the state folder; %llu entries wait in memory"),
                        (unsigned long long)journal_unsigned(j));
    if (!err)
        remove_old_partials(j);
    return err;
}

static void journal_free(struct journal *j)
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

/* ---- opening ---- */

static int take_lock(struct journal *j)
{
    j->lock = openat(j->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (j->lock < 0)
        return err_sys(_("cannot open the journal's lock"));
    char text[24] = "";
    if (flock(j->lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return err_sys(_("cannot lock the journal"));
        ssize_t got = pread(j->lock, text, sizeof text - 1, 0);
        text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
        return err_set(ERR_LOCKED, _("the journal is being written by process %s"),
                       *text ? text : _("(unknown)"));
    }
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    /* The number only helps people; a full disk must not keep the journal from opening. */
    if (ftruncate(j->lock, 0) == 0 && pwrite(j->lock, text, (size_t)length, 0) < 0)
        err_clear();
    return 0;
}

static int write_public_key(struct journal *j)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    note_key_print_public(&j->key, &text);
    return durable_write(j->dirfd, "key.pub", text.data, text.length, 0444);
}

static int make_key(struct journal *j, const char *origin)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    int err = note_key_generate(origin, &j->key);
    if (err)
        return err;
    note_key_print_private(&j->key, &text);
    err = durable_create(j->dirfd, "key", text.data, text.length, 0400);
    return err ? err : write_public_key(j);
}

static int load_key(struct journal *j, const char *origin)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    int err = fd_read_file(j->dirfd, "key", &text);
    if (err == ERR_NOT_FOUND)
        return make_key(j, origin);
    if (!err)
        err = note_key_parse((const char *)text.data, text.length, &j->key);
    if (err)
        return err_in(err, _("the journal's key"));
    if (faccessat(j->dirfd, "key.pub", F_OK, 0) != 0)
        return write_public_key(j);
    return 0;
}

/* The unfinished tiles of the upper levels, and the width of the lowest. */
static int load_tiles(struct journal *j, uint64_t size)
{
    struct buf tile BUF_AUTO;
    buf_init(&tile, TILE_WIDTH * HASH_SIZE);
    for (unsigned level = 1; level < MERKLE_LEVELS; level++) {
        size_t width = merkle_width(size, level);
        j->tiles_at[level] = size >> (8 * level);
        if (!width)
            continue;
        int err = tile_read(j->dirfd, (int)level, (size >> (8 * level)) / TILE_WIDTH, width, &tile);
        if (err)
            return err;
        memcpy(j->tree.hashes[level], tile.data, tile.length);
    }
    j->tiles_at[0] = size;
    return 0;
}

/* The entries of the unfinished bundle; their hashes are the lowest level. */
static int load_bundle(struct journal *j, uint64_t size)
{
    size_t width = merkle_width(size, 0);
    j->tree.size = size - width;
    struct buf bundle BUF_AUTO;
    buf_init(&bundle, BUNDLE_MAX_BYTES);
    int err = width ? tile_read(j->dirfd, TILE_ENTRIES, size / TILE_WIDTH, width, &bundle) : 0;
    struct reader r;
    reader_init(&r, bundle.data, bundle.length);
    while (!err && j->tree.size < size) {
        const char *text;
        size_t length;
        err = bundle_next(&r, &text, &length);
        if (err == 0)
            return err_set(ERR_CORRUPT, _("the journal's last bundle ends before entry %llu"),
                           (unsigned long long)j->tree.size);
        if (err > 0)
            err = 0;
        if (!err)
            add(j, text, length);
    }
    return err;
}

static int check_root(struct journal *j, const struct checkpoint *checkpoint)
{
    uint8_t root[HASH_SIZE];
    merkle_root(&j->tree, root);
    if (memcmp(root, checkpoint->root, HASH_SIZE) == 0)
        return 0;
    return err_set(ERR_CORRUPT, _("the journal's last entries do not fit its checkpoint"));
}

/* Takes in what lies beyond the checkpoint in one bundle. True when it filled the bundle, so that there may
 * be a next one. */
static bool complete_bundle(struct journal *j)
{
    uint64_t index = j->tree.size / TILE_WIDTH;
    size_t have = merkle_width(j->tree.size, 0), longest = tile_longest(j->dirfd, TILE_ENTRIES, index);
    if (longest <= have)
        return false;
    struct buf bundle BUF_AUTO;
    buf_init(&bundle, BUNDLE_MAX_BYTES);
    if (tile_read(j->dirfd, TILE_ENTRIES, index, longest, &bundle) != 0 || bundle.length < j->bundle.length ||
        (have && memcmp(bundle.data, j->bundle.data, j->bundle.length) != 0))
        return false;
    struct reader r;
    reader_init(&r, bundle.data + j->bundle.length, bundle.length - j->bundle.length);
    const char *text;
    size_t length;
    for (size_t i = have; i < longest; i++) {
        if (bundle_next(&r, &text, &length) != 1)
            return false;
        j->completed++;
        if (add(j, text, length))
            return true;
    }
    return false;
}

/* What a killed writer was writing when it died; the lock says that nobody writes now. */
static void remove_temporaries(struct journal *j, const char *path)
{
    int fd = openat(j->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        fd_close(&fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (strncmp(entry->d_name, ".tmp-", 5) == 0)
            unlinkat(fd, entry->d_name, 0);
    closedir(folder);
}

static void remove_all_temporaries(struct journal *j)
{
    remove_temporaries(j, ".");
    for (int level = TILE_ENTRIES; level < MERKLE_LEVELS; level++) {
        char path[TILE_PATH_SIZE];
        uint64_t index = j->tree.size >> (8 * (level < 0 ? 0 : level)) >> 8;
        for (uint64_t at = index ? index - 1 : 0; at <= index; at++) {
            tile_path(level, at, 1, path);
            *strrchr(path, '/') = '\0';
            remove_temporaries(j, path);
            *strrchr(path, '/') = '\0';
            remove_temporaries(j, path);
        }
    }
}

/* Partial tiles that a crash left behind when their full one was written. */
static void remove_leftovers(struct journal *j)
{
    for (int level = TILE_ENTRIES; level + 1 < MERKLE_LEVELS; level++) {
        uint64_t full = j->tree.size >> (8 * (level < 0 ? 1 : level + 1));
        char path[TILE_PATH_SIZE];
        if (!full)
            continue;
        tile_path(level, full - 1, 1, path);
        *strrchr(path, '/') = '\0';
        if (faccessat(j->dirfd, path, F_OK, 0) == 0)
            tile_remove_partial(j->dirfd, level, full - 1, 0);
    }
}

/* Partial bundles of the unfinished tile: those that are covered are counted, those beyond it are dropped. */
static void settle_partials(struct journal *j)
{
    uint64_t index = j->tree.size / TILE_WIDTH;
    size_t width = merkle_width(j->tree.size, 0);
    for (size_t at = 1; at < TILE_WIDTH; at++) {
        char path[TILE_PATH_SIZE];
        struct stat st;
        tile_path(TILE_ENTRIES, index, at, path);
        if (fstatat(j->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (at > width) {
            unlinkat(j->dirfd, path, 0);
            continue;
        }
        j->partial_bytes[at] = (size_t)st.st_size;
        j->partial_total += (size_t)st.st_size;
    }
}

static int start_or_load(struct journal *j)
{
    struct checkpoint checkpoint;
    int err = journal_checkpoint(j->dirfd, &j->key, &checkpoint, NULL);
    if (err == ERR_NOT_FOUND && faccessat(j->dirfd, "tile", F_OK, 0) != 0) {
        remove_all_temporaries(j);
        return write_checkpoint(j);
    }
    if (err == ERR_NOT_FOUND)
        return err_set(ERR_CORRUPT, _("the journal has entries but no checkpoint"));
    if (!err)
        err = load_tiles(j, checkpoint.size);
    if (!err)
        err = load_bundle(j, checkpoint.size);
    if (!err)
        err = check_root(j, &checkpoint);
    if (err)
        return err;
    j->signed_size = checkpoint.size;
    while (complete_bundle(j))
        ;
    settle_partials(j);
    remove_all_temporaries(j);
    err = journal_flush(j);
    if (!err)
        remove_leftovers(j);
    return err;
}

int journal_open(int dirfd, const char *origin, struct journal **out)
{
    struct journal *j = mem_zalloc(1, sizeof *j);
    buf_init(&j->bundle, BUNDLE_MAX_BYTES);
    j->lock = -1;
    j->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
    int err = j->dirfd < 0 ? err_sys(_("cannot open the journal's folder")) : take_lock(j);
    if (!err)
        err = load_key(j, origin);
    if (!err)
        err = start_or_load(j);
    if (err == ERR_CORRUPT)
        err_hint(err, _("see what is wrong with: beffroi journal verify"));
    if (err) {
        journal_free(j);
        return err;
    }
    *out = j;
    return 0;
}
