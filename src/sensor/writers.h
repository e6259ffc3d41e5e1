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
/* The same, but an opening that was believed for two seconds is looked for in /proc, with its openers and
 * with `pid` (0: nobody else), and forgotten when it is only left over: the closing of a file in a folder
 * that was not known yet, two closings in one notification, and a reader who was taken for a writer leave one
 * behind. */
bool writers_is_open_indeed(struct writers *w, uint64_t device, uint64_t inode, int32_t pid);
/* The files that are open for writing and by whom; frees nothing: the caller frees *out. */
struct writer {
    uint64_t device, inode;
    int32_t pid;
};
size_t writers_list(struct writers *w, struct writer **out);
/* The file is gone: its openings are of no use any more. */
void writers_forget(struct writers *w, uint64_t device, uint64_t inode);

#endif
