/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/tile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

#define FOLDER_MODE 0750
#define TILE_MODE   0640

void tile_path(int level, uint64_t index, size_t width, char out[static TILE_PATH_SIZE])
{
    char groups[48] = "", digits[32];
    int length = snprintf(digits, sizeof digits, "%03llu", (unsigned long long)index);
    /* Filled up with zeros in front, so that it divides into groups of three. */
    length = snprintf(digits, sizeof digits, "%0*llu", (length + 2) / 3 * 3, (unsigned long long)index);
    for (int from = 0, at = 0; from < length; from += 3)
        at += snprintf(groups + at, sizeof groups - (size_t)at, "%s%s%.3s", from ? "/" : "",
                       from + 3 < length ? "x" : "", digits + from);
    char kind[12] = "entries";
    if (level != TILE_ENTRIES)
        snprintf(kind, sizeof kind, "%d", level);
    if (width < TILE_WIDTH)
        snprintf(out, TILE_PATH_SIZE, "tile/%s/%s.p/%zu", kind, groups, width);
    else
        snprintf(out, TILE_PATH_SIZE, "tile/%s/%s", kind, groups);
}

static bool exists(int dirfd, int level, uint64_t index, size_t width)
{
    char path[TILE_PATH_SIZE];
    struct stat st;
    tile_path(level, index, width, path);
    return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

size_t tile_longest(int dirfd, int level, uint64_t index)
{
    for (size_t width = TILE_WIDTH; width > 0; width--)
        if (exists(dirfd, level, index, width))
            return width;
    return 0;
}

static int read_width(int dirfd, int level, uint64_t index, size_t width, struct buf *out)
{
    char path[TILE_PATH_SIZE];
    tile_path(level, index, width, path);
    buf_clear(out);
    return fd_read_file(dirfd, path, out);
}

int tile_read(int dirfd, int level, uint64_t index, size_t width, struct buf *out)
{
    int err = read_width(dirfd, level, index, width, out);
    if (err == ERR_NOT_FOUND && width < TILE_WIDTH)
        err = read_width(dirfd, level, index, TILE_WIDTH, out);
    for (size_t more = width + 1; err == ERR_NOT_FOUND && more < TILE_WIDTH; more++)
        if (exists(dirfd, level, index, more))
            err = read_width(dirfd, level, index, more, out);
    char path[TILE_PATH_SIZE];
    tile_path(level, index, width, path);
    if (err == ERR_NOT_FOUND)
        return err_set(ERR_NOT_FOUND, _("%s is missing"), path);
    if (err || level == TILE_ENTRIES)
        return err;
    if (out->length < width * HASH_SIZE)
        return err_set(ERR_CORRUPT, _("%s is cut short"), path);
    out->length = width * HASH_SIZE;
    return 0;
}

/* Makes the folders in front of the last slash; a new one is made to last in its parent. Returns the last one
 * opened, or a negative error. */
static int open_folders(int dirfd, const char *path)
{
    int at FD_AUTO = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (const char *slash; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
        char name[TILE_PATH_SIZE];
        snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
        if (mkdirat(at, name, FOLDER_MODE) == 0) {
            int err = durable_sync_folder(at, name);
            if (err)
                return err;
        } else if (errno != EEXIST) {
            return err_sys(_("cannot make the journal's folder %s"), name);
        }
        int next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        fd_close(&at);
        at = next;
    }
    if (at < 0)
        return err_sys(_("cannot open a folder of the journal"));
    return fd_take(&at);
}

int tile_write(int dirfd, int level, uint64_t index, size_t width, const void *bytes, size_t length)
{
    char path[TILE_PATH_SIZE];
    tile_path(level, index, width, path);
    int folder FD_AUTO = open_folders(dirfd, path);
    if (folder < 0)
        return folder;
    int err = durable_write(folder, strrchr(path, '/') + 1, bytes, length, TILE_MODE);
    return err ? err_in(err, _("the journal's %s"), path) : 0;
}

void tile_remove_partial(int dirfd, int level, uint64_t index, size_t width)
{
    char path[TILE_PATH_SIZE];
    size_t first = width ? width : 1, last = width ? width : TILE_WIDTH - 1;
    for (size_t at = first; at <= last; at++) {
        tile_path(level, index, at, path);
        unlinkat(dirfd, path, 0);
    }
    if (!width) {
        *strrchr(path, '/') = '\0';
        unlinkat(dirfd, path, AT_REMOVEDIR);
    }
}

int bundle_next(struct reader *r, const char **text, size_t *length)
{
    if (!reader_left(r) && !r->failed)
        return 0;
    const uint8_t *size = reader_bytes(r, 2);
    size_t wanted = size ? (size_t)size[0] << 8 | size[1] : 0;
    const uint8_t *at = wanted ? reader_bytes(r, wanted) : NULL;
    if (!at)
        return err_set(ERR_CORRUPT, _("a bundle of journal entries is cut short"));
    *text = (const char *)at;
    *length = wanted;
    return 1;
}

void bundle_put(struct buf *bundle, const char *text, size_t length)
{
    buf_put_u8(bundle, (uint8_t)(length >> 8));
    buf_put_u8(bundle, (uint8_t)length);
    buf_put(bundle, text, length);
}
