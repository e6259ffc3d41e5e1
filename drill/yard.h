/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The yard: the one place where a simulator may do harm. It is a new folder `beffroi-drill.XXXXXX` that the
 * drill makes itself, and in it
 *
 *     share/                  the town's share, the only thing that is ever attacked
 *     share/.beffroi-drill    the marker: the yard's random id, device and inode of the share and of the yard
 *     share.key               the same, with the key that undoes what was encrypted, the town's seed and
 *                             the word village if it is a small one
 *     manifest, ledger, lock  what was built, what was done to it, who is running here
 *
 * yard_open is the gate of every simulator and of undo. It refuses (ERR_PERMISSION, with the reason) whatever
 * is not exactly this: a folder without marker, a marker copied from elsewhere, a way there over a symbolic
 * link, a share with anything mounted on it or in it, a yard that somebody else owns or may write to.
 */
#ifndef DRILL_YARD_H
#define DRILL_YARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define YARD_PREFIX   "beffroi-drill."
#define YARD_SHARE    "share"
#define YARD_MARKER   ".beffroi-drill" /* in the share */
#define YARD_KEY      "share.key"
#define YARD_MANIFEST "manifest"
#define YARD_LEDGER   "ledger"

struct yard {
    char *path;       /* absolute, without symbolic links */
    char *share_path; /* path/share */
    int fd;           /* the yard, open O_PATH or for reading */
    int share;        /* the share, a folder open for reading */
    char id[33];      /* 32 hexadecimal digits */
    uint8_t key[32];
    uint64_t seed;
    bool village; /* see town.h */
    dev_t share_device;
    ino_t share_inode;
    int lock; /* held by the run that made it; -1 in others */
};

/* Makes a yard in the folder `base` (NULL: $BEFFROI_DRILL_DIR, else /var/tmp), with an empty, marked share.
 */
int yard_create(const char *base, uint64_t seed, bool village, struct yard **out);
/* Opens the yard whose share is at `share_path`, after every check above. */
int yard_open(const char *share_path, struct yard **out);
/* Closes it; the files stay. NULL is fine. */
void yard_free(struct yard *yard);
/* Removes the yard from the disk: only one that yard_open would accept. */
int yard_remove(struct yard *yard);
/* Removes the yards below `base` (as in yard_create) whose run is dead and that were not to be kept. */
void yard_remove_stale(const char *base);
/* Marks a yard as to be kept after its run. */
int yard_keep(struct yard *yard);

#endif
