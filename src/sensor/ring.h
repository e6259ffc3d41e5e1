/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Descriptors of files that somebody opened for reading a moment ago. While one is kept the file's bytes
 * outlive their last name, so that read-then-delete and read-then-replace lose nothing. Bounded in number
 * and time. The gate thread puts in, the notification thread takes out; nothing is allocated.
 */
#ifndef SENSOR_RING_H
#define SENSOR_RING_H

#include <stddef.h>
#include <stdint.h>

#include "sensor/kept.h"

struct ring;

struct ring *ring_new(size_t places);
void ring_free(struct ring *r); /* closes all */
/* Keeps `fd` (which is the ring's from now on); if the same version is kept already that one stays, for
 * longer. The oldest goes when there is no room. */
void ring_put(struct ring *r, int fd, const struct stamp *stamp, int64_t monotonic_ns);
/* Takes the descriptor of this file out, or returns -1. Only device and inode are compared. */
int ring_take(struct ring *r, uint64_t device, uint64_t inode);
/* Closes what is past its time: 3 s, and 50 ms more per MiB (a program needs that long to encrypt it). */
void ring_expire(struct ring *r, int64_t monotonic_ns);

#endif
