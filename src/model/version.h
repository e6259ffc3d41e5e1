/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which bytes a file had at a moment, and where they can be had again.
 */
#ifndef MODEL_VERSION_H
#define MODEL_VERSION_H

#include <stdint.h>

enum version_kind {
    VERSION_NONE = 0,   /* nowhere: the file was new, or nobody could keep it */
    VERSION_SHADOW = 1, /* `id` is a shadow copy's number */
    VERSION_VAULT =
        2, /* `id` is the first eight bytes of a snapshot's id, big-endian; `inode` finds the node */
};

struct version {
    enum version_kind kind;
    uint64_t id;
    uint64_t inode;
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns; /* in a plan: from before the culprits changed its attributes */
};

/* What a file is now, to tell whether somebody has changed it since. All zero: there is no such file. */
struct filestate {
    uint64_t inode;
    uint64_t size;
    int64_t ctime_ns;
};

#endif
