/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast bytes may go, over all connections of the process together: blob_settings' upload_rate and
 * download_rate. Two buckets of tokens that fill up with time; whoever takes more than there is sleeps.
 */
#ifndef BLOB_RATE_H
#define BLOB_RATE_H

#include <stddef.h>

enum rate_way { RATE_UPLOAD, RATE_DOWNLOAD };

/* Waits until `length` bytes may go; at once without a limit. To be called before sending, or after
 * receiving, pieces of some KiB. Any thread. */
void rate_take(enum rate_way way, size_t length);
/* How many bytes to send at once, at most `length`: a slow line gets small pieces, so that none of several
 * senders waits for long. */
size_t rate_piece(enum rate_way way, size_t length);

#endif
