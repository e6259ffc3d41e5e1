/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening for writing: the lock, the key, the right edge, and what a crash left behind.
 */
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
#include "journal/writer.h"

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
            journal_add(j, text, length);
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
        if (journal_add(j, text, length))
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
        return journal_write_checkpoint(j);
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
