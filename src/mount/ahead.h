/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Threads that fetch what will be wanted soon. A wish too many is dropped: whoever needs it fetches it
 * himself.
 */
#ifndef MOUNT_AHEAD_H
#define MOUNT_AHEAD_H

#include <stdint.h>

#include "crypto/sha256.h"

struct ahead;
typedef void ahead_fetch(void *context, const uint8_t id[static SHA256_SIZE]);

/* Starts up to `threads` of them; they take no signals. With none nothing is fetched ahead. */
struct ahead *ahead_new(unsigned threads, ahead_fetch *fetch, void *context);
/* Waits for what is being fetched and ends them; NULL is fine. */
void ahead_free(struct ahead *ahead);
/* From any thread; returns at once. */
void ahead_want(struct ahead *ahead, const uint8_t id[static SHA256_SIZE]);

#endif
