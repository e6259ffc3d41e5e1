/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that are opened for reading again and again (a web server's pages, a program's tables) while nobody
 * is suspected of anything. For some seconds the kernel need not ask about them: an ignore mark, which it
 * takes away by itself when the file is modified. Such a file may be opened for writing without the gate's
 * knowledge, so its bytes must be kept a second time and its picture be drawn before. Bounded in number and
 * time.
 *
 * hot_count and hot_keep are for the gate thread; the others for any.
 */
#ifndef SENSOR_HOT_H
#define SENSOR_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/kept.h"
#include "sensor/suspects.h"
#include "sensor/writers.h"

struct hot;

struct hot *hot_new(const struct suspects *suspects);
void hot_free(struct hot *h);
/* The group that asks; from its end (before it is closed) -1. */
void hot_set_group(struct hot *h, int fan);

/* Counts one more reading of the file; true when it is time to keep it. */
bool hot_count(struct hot *h, const struct stamp *stamp, int64_t monotonic_ns);
/* From now on the kernel does not ask about this file. `before` is what it is now and who made it hot. `fd`
 * is ours from then on. False (and nothing changes) when somebody is suspected or the kernel refuses. */
bool hot_keep(struct hot *h, int fd, uint64_t device, const struct before *before, int64_t monotonic_ns);

/* Somebody is suspected: the kernel asks about all of them again. What they were stays known. */
void hot_cool(struct hot *h);
/* The kernel asks again about those whose time is over. */
void hot_expire(struct hot *h, int64_t monotonic_ns);
/* The file was changed: forgets it and gives what it was; false when this version was not hot of late. */
bool hot_take(struct hot *h, const struct stamp *was, struct before *before);

/* The files that are or were hot of late, unchanged as far as was told. The caller frees *out. */
struct hot_file {
    uint64_t device;
    struct before before;
};
size_t hot_list(struct hot *h, struct hot_file **out);

#endif
