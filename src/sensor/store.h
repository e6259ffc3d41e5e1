/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The writing side of the shadow store (sensor/shadow.h is the reading side). All functions may be called
 * from any thread.
 */
#ifndef SENSOR_STORE_H
#define SENSOR_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "sensor/kept.h"
#include "sensor/record.h"

struct store;

struct store_options {
    int state_fd; /* shadow/ is made in it; borrowed */
    uint64_t quota, largest;
    int64_t keep_ns;
};

struct store_state {
    uint64_t bytes, files;
    uint64_t unkept; /* could not be copied: too large, no space, or dropped for want of quota */
    bool full;       /* the last copy failed for want of disk space */
};

/* Reads the index (a torn end is cut), forgets copies whose file is gone, removes files without a record and
 * tells `kept` (borrowed) what is there. */
int store_open(const struct store_options *options, struct kept *kept, struct store **out);
void store_close(struct store *s);

/* What a copy is made of. */
struct store_source {
    int fd; /* of a regular file or folder, readable; or of the folder that holds the symbolic link `link` */
    const char *link;
    uint32_t tree;
    const char *path; /* for people */
};

/* Copies the whole file (or a link's target, or what a folder is but for its contents) aside. The version is
 * what the file was when the copy was whole. *gave_up (may be NULL), set by another thread, ends a copy under
 * way with ERR_CANCELED. ERR_CHANGED when the file would not hold still, ERR_TOO_LARGE, ERR_NO_SPACE; each
 * failure but ERR_CANCELED and ERR_CHANGED is counted as unkept. A file's version that is already in the
 * store is not copied again.
 */
int store_copy(struct store *s, const struct store_source *source, const bool *gave_up, struct version *out);
/* The file's owner, mode or attributes changed, its bytes did not: keeps what they are now beside the copy
 * that was made before, here or in the vault. Nothing is done when the copy has them already. */
int store_keep_meta(struct store *s, const struct store_source *source);
/* Counts a loss that the caller knows of. */
void store_count_unkept(struct store *s);
/* A snapshot of the tree was completed at this time: copies made before may go once they are old enough. */
void store_snapshot(struct store *s, uint32_t tree, int64_t wall_ns);
/* Drops what is past its time; call it now and then. */
void store_expire(struct store *s, int64_t wall_ns);
void store_get_state(struct store *s, struct store_state *out);

#endif
