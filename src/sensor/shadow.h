/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shadow store: copies of files that were about to be lost, in the folder shadow/ of the state folder. A
 * copy is a file named by its number (16 hexadecimal digits) with its bytes, reflinked where the file system
 * can, and a record in the store's index (what file it was, its metadata). The sensor writes it, the actor
 * reads it, in different processes.
 */
#ifndef SENSOR_SHADOW_H
#define SENSOR_SHADOW_H

#include <stdint.h>

#include "base/filemeta.h"
#include "model/event.h"
#include "model/version.h"

struct shadow_record {
    uint64_t number;
    uint32_t tree;
    uint64_t device;
    struct version version;     /* kind VERSION_SHADOW, id == number */
    char path[EVENT_PATH_SIZE]; /* relative to the tree, when it was copied; for people */
};

/* Reading, for recovery: opens copy `number` and gives its metadata (filemeta_free). ERR_NOT_FOUND when it
 * has expired, ERR_CORRUPT when it is not whole. */
int shadow_open(int shadow_dirfd, uint64_t number, int *fd, struct shadow_record *record,
                struct filemeta *meta);

/* The metadata that this version had in the end, when they were changed after its copy (`copied`, as
 * shadow_open gives it; NULL for one in the vault) was made; ERR_NOT_FOUND when they were not. */
int shadow_meta(int shadow_dirfd, const struct version *version, const struct version *copied,
                struct filemeta *meta);

#endif
