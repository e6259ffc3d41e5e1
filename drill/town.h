/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The town's share: 2 000 files, about 300 MB, in the formats and under the names that a town hall has,
 * made from a seed and byte for byte the same for a seed. A village has a tenth of each kind. The plan
 * (names, kinds, owners, dates) comes first; any single file can then be made again from it, which is how a
 * deletion is undone.
 */
#ifndef DRILL_TOWN_H
#define DRILL_TOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TOWN_FILES     2000  /* names of regular files, hard links among them */
#define TOWN_GID       20000 /* the group of all agents */
#define TOWN_UID_FIRST 20001 /* the secretariat; the other services follow */

enum town_kind {
    TOWN_TXT,
    TOWN_CSV,
    TOWN_MBOX,
    TOWN_ODT,
    TOWN_DOCX,
    TOWN_XLSX,
    TOWN_PDF,
    TOWN_JPG,
    TOWN_PNG,
    TOWN_SQLITE,
    TOWN_ZIP,
    TOWN_BIG_ZIP, /* the 100 MB file */
    TOWN_EMPTY,
    TOWN_HARD_LINK, /* `of` is the file it is another name of */
    TOWN_SYMLINK,   /* `target`; not among the 2 000 */
};

struct town_file {
    char *path; /* relative to the share, UTF-8 */
    enum town_kind kind;
    uint32_t size; /* aimed at, in bytes; formats come out near it */
    uint32_t mode, uid, gid;
    int64_t mtime_ns;
    size_t of;    /* TOWN_HARD_LINK */
    char *target; /* TOWN_SYMLINK */
    bool tagged;  /* has a user xattr */
    bool acl;     /* has a POSIX ACL */
};

struct town {
    uint64_t seed;
    bool village;
    struct town_file *files; /* owned */
    size_t count;
    char **folders; /* owned; parents before their children */
    size_t folder_count;
};

/* Where the honest colleague keeps her own documents: a folder of the share that is hers to change. */
#define TOWN_COLLEAGUE_FOLDER "Urbanisme/Dossiers de Claire Martin"

struct town *town_plan(uint64_t seed, bool village);
void town_free(struct town *town);

/* Appends the bytes of file `index` (not a link) to the empty `out`. */
int town_make(const struct town *town, size_t index, struct buf *out);

/* Makes every folder, file and link below the open, empty folder `dirfd`, on as many threads as there are
 * processors (at most 4). `owners`: also give each file to its owner, which takes root. */
int town_build(const struct town *town, int dirfd, bool owners);

/* Gives the open file its owner (when running as root), mode, attributes and dates, as file `index` has them.
 */
int town_dress(const struct town *town, size_t index, int fd);

#endif
