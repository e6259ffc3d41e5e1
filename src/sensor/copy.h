/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copies bytes between files in the cheapest way that the file systems offer.
 */
#ifndef SENSOR_COPY_H
#define SENSOR_COPY_H

#include <stdbool.h>
#include <stdint.h>

/* Copies the first `size` bytes of `from` into the empty file `to`: shares the blocks where it can
 * (FICLONE), else lets the kernel copy, else reads and writes. Ends early with ERR_CANCELED once *gave_up
 * (may be NULL) is set, with ERR_CHANGED when the source is shorter than `size`. */
int copy_bytes(int from, int to, uint64_t size, const bool *gave_up);

#endif
