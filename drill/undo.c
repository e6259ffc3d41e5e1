/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/attack.h"
#include "drill/ledger.h"
#include "drill/manifest.h"
#include "drill/town.h"
#include "drill/town_yard.h"

struct undo {
    struct yard *yard;
    struct ledger *ledger;
    struct manifest *manifest;
    struct town *town;
    struct undo_counts *counts;
};

static bool is_right(const struct manifest_entry *e, const struct buf *b)
{
    uint8_t hash[32];
    EVP_Digest(b->data, b->length, hash, NULL, EVP_sha256(), NULL);
    return b->length == e->size && memcmp(hash, e->sha256, sizeof hash) == 0;
}

/* Reads a file of the share; false when it is not there. */
static bool read_share(const struct undo *u, const char *path, struct buf *out)
{
    buf_clear(out);
    int fd FD_AUTO = path_open_beneath(u->yard->share, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
    return fd >= 0 && fd_read_all(fd, out, path) == 0;
}

static void decrypt(const struct undo *u, const char *path, struct buf *b, uint64_t until)
{
    const struct attack_kind *kind = attack_find(u->ledger->attack);
    for (uint64_t at = 0; kind && kind->covers && at < b->length && at < until;) {
        size_t length = b->length - at < 4096 ? b->length - at : 4096;
        if (kind->covers(at))
            attack_cipher(u->yard->key, path, at, b->data + at, length);
        at += length;
    }
}

/* What was done to a file, or NULL. */
static const struct ledger_row *row_of(const struct undo *u, const char *path)
{
    for (uint32_t i = 0; i < u->ledger->count && i < LEDGER_ROWS; i++)
        if (!u->ledger->rows[i].note && strcmp(u->ledger->rows[i].path, path) == 0)
            return &u->ledger->rows[i];
    return NULL;
}

/* Tries the file under its name and its new name, decrypted as far as the ledger says, and one write further
 * (the simulator may have been stopped between writing and noting it). */
static bool decrypted(const struct undo *u, const struct manifest_entry *e, struct buf *b, char **found)
{
    const struct ledger_row *row = row_of(u, e->path);
    const char *extension = *u->ledger->extension ? u->ledger->extension : ".locked";
    for (int attempt = 0; row && attempt < 4; attempt++) {
        char *name = mem_printf("%s%s", e->path, attempt & 1 ? extension : "");
        if (read_share(u, name, b)) {
            decrypt(u, e->path, b, row->bytes + (attempt & 2 ? ATTACK_STREAM : 0));
            if (is_right(e, b)) {
                *found = name;
                return true;
            }
        }
        free(name);
    }
    return false;
}

static bool rebuilt(const struct undo *u, const struct manifest_entry *e, struct buf *b)
{
    buf_clear(b);
    for (size_t i = 0; i < u->town->count; i++)
        if (u->town->files[i].kind != TOWN_SYMLINK && strcmp(u->town->files[i].path, e->path) == 0)
            return town_make(u->town, i, b) == 0 && is_right(e, b);
    return false;
}

/* Gives an open file of the town its owner, mode, attributes and dates. */
static int dress(const struct undo *u, const char *path, int fd)
{
    for (size_t i = 0; i < u->town->count; i++)
        if (strcmp(u->town->files[i].path, path) == 0)
            return town_dress(u->town, i, fd);
    return 0;
}

static void redress(const struct undo *u, const char *path)
{
    int fd FD_AUTO = path_open_beneath(u->yard->share, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0 || dress(u, path, fd) < 0)
        u->counts->failed++;
}

static int write_back(const struct undo *u, const struct manifest_entry *e, const struct buf *b,
                      const char *found)
{
    const char *name, *locked;
    int parent FD_AUTO = path_open_parent(u->yard->share, e->path, &name);
    int from FD_AUTO = found ? path_open_parent(u->yard->share, found, &locked) : -1;
    if (parent < 0)
        return parent;
    if (found && strcmp(found, e->path) != 0 && (from < 0 || renameat(from, locked, parent, name) < 0))
        return err_sys(_("cannot rename %s"), found);
    int fd FD_AUTO = openat(parent, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot open %s"), e->path);
    int code = fd_write_all(fd, b->data, b->length, e->path);
    return code < 0 ? code : dress(u, e->path, fd);
}

static void undo_file(const struct undo *u, const struct manifest_entry *e)
{
    struct buf b BUF_AUTO;
    buf_init(&b, 0);
    char *found = NULL;
    if (read_share(u, e->path, &b) && is_right(e, &b)) {
        u->counts->right++;
        if (row_of(u, e->path)) /* its bytes are: an empty file that was cut has only lost its time */
            redress(u, e->path);
        return;
    }
    bool by_key = decrypted(u, e, &b, &found);
    bool good = by_key || rebuilt(u, e, &b);
    if (!good || write_back(u, e, &b, found) < 0)
        u->counts->failed++;
    else
        ++*(by_key ? &u->counts->decrypted : &u->counts->rebuilt);
    free(found);
}

/* A further name of a file that was given back: the attack made two files of one. */
static void undo_link(const struct undo *u, const struct manifest_entry *e)
{
    const char *name, *first;
    int to FD_AUTO = path_open_parent(u->yard->share, e->path, &name);
    int from FD_AUTO = path_open_parent(u->yard->share, e->same_as, &first);
    if (to < 0 || from < 0)
        return;
    unlinkat(to, name, 0);
    if (linkat(from, first, to, name, 0) < 0)
        u->counts->failed++;
}

static void remove_leftovers(const struct undo *u)
{
    for (uint32_t i = 0; i < u->ledger->count && i < LEDGER_ROWS; i++) {
        const struct ledger_row *row = &u->ledger->rows[i];
        const char *extension = *u->ledger->extension ? u->ledger->extension : ".locked", *name;
        char *path MEM_AUTO = mem_printf("%s%s", row->path, row->note ? "" : extension);
        int parent FD_AUTO = path_open_parent(u->yard->share, path, &name);
        if (parent >= 0 && !manifest_find(u->manifest, path))
            unlinkat(parent, name, 0);
    }
}

int undo_share(struct yard *yard, struct undo_counts *counts)
{
    struct undo u = {.yard = yard, .counts = counts};
    *counts = (struct undo_counts){0};
    int code = ledger_map(yard->fd, YARD_LEDGER, 0, &u.ledger);
    if (code == 0)
        code = town_yard_manifest(yard, &u.manifest);
    if (code == 0) {
        u.town = town_plan(yard->seed, yard->village);
        for (size_t i = 0; i < u.manifest->count; i++)
            if (u.manifest->entries[i].type == 'f' && !u.manifest->entries[i].same_as)
                undo_file(&u, &u.manifest->entries[i]);
        for (size_t i = 0; i < u.manifest->count; i++)
            if (u.manifest->entries[i].same_as)
                undo_link(&u, &u.manifest->entries[i]);
        if (counts->failed == 0) {
            remove_leftovers(&u);
            unlinkat(yard->fd, YARD_LEDGER, 0); /* ready to be attacked again */
        }
    }
    town_free(u.town);
    manifest_free(u.manifest);
    ledger_unmap(u.ledger);
    return code;
}
