/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that are open for writing: what they were when the gate let the writer through, until the
 * notification of the closing asks for it. Bounded: the longest open are forgotten first (their change is
 * then reported without the picture of before). Any thread; writers_open allocates nothing.
 */
#ifndef SENSOR_WRITERS_H
#define SENSOR_WRITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/sketch.h"
#include "model/version.h"

struct writers;

/* A file before a change. */
struct before {
    struct version version;
    struct sketch sketch;
    int32_t pid;  /* who opened it last: thread group id, 0 unknown */
    uint32_t uid; /* his effective user then */
};

struct writers *writers_new(void);
void writers_free(struct writers *w);
/* Somebody is about to write. If an earlier opening was not yet reported, its picture stays the first. */
void writers_open(struct writers *w, uint64_t device, const struct before *before);
/* A closing is being reported: gives the picture of before the change (and who opened); false when nothing
 * is known. */
bool writers_close(struct writers *w, uint64_t device, uint64_t inode, struct before *out);
/* The same for an opening that goes on. */
bool writers_look(struct writers *w, uint64_t device, uint64_t inode, struct before *out);
/* True while an opening is not yet reported as closed. */
bool writers_is_open(struct writers *w, uint64_t device, uint64_t inode);
/* True for who opened it first or last since the closing that was reported last. */
bool writers_is_opener(struct writers *w, uint64_t device, uint64_t inode, int32_t pid);
/* True, and *out is what is known, when an opening was believed for WRITERS_SURE_NS: the closing of a file in
 * a folder that was not known yet, or two closings in one notification, leave one behind. It is believed as
 * long again; the caller looks whether it is still true, and forgets it if not. */
#define WRITERS_SURE_NS INT64_C(2000000000)
bool writers_doubt(struct writers *w, uint64_t device, uint64_t inode, struct before *out);
/* The files that are open for writing and by whom; frees nothing: the caller frees *out. */
struct writer {
    uint64_t device, inode;
    int32_t pid;
};
size_t writers_list(struct writers *w, struct writer **out);
/* The file is gone: its openings are of no use any more. */
void writers_forget(struct writers *w, uint64_t device, uint64_t inode);

#endif
