/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Draws sketches (model/sketch.h) of open files.
 */
#ifndef SENSOR_DRAW_H
#define SENSOR_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sketch.h"

/* Reads the sketch's places of the file of `size` bytes and fills *out. With `cached_only` nothing is read
 * from the disk: false when some place is not in memory (or the file system cannot tell), and *out is not
 * valid then. Also false when the file cannot be read. */
bool draw_sketch(int fd, uint64_t size, bool cached_only, struct sketch *out);
/* One block's figures. `length` is at most SKETCH_BLOCK_SIZE. */
void draw_block(const uint8_t *bytes, size_t length, struct sketch_block *out);
/* What the first bytes of a file say it is. */
enum filetype draw_filetype(const uint8_t *bytes, size_t length);
/* A number that two sketches of the same bytes share. */
uint32_t draw_check(const struct sketch *sketch);

#endif
