/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a server of restic's REST protocol says of the objects of a kind, as JSON:
 *
 *     version 2   [{"name":"0a1b...","size":4711}, ...]
 *     version 1   ["0a1b...", ...]
 *
 * Other members of an object are passed over, and so are names that are not of an object.
 */
#ifndef BLOB_LISTING_H
#define BLOB_LISTING_H

#include "blob/store.h"

#define LISTING_NO_SIZE UINT64_MAX /* what `visit` is told of an object in a list of version 1 */

/* Tells `visit` of each. ERR_CORRUPT when it is not such a list; those before the damage have been told. */
int listing_read(const char *text, size_t length, blob_visit *visit, void *context);

#endif
