/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store that tries again what failed for a reason that may pass (ERR_CLOSED, ERR_TIMEOUT): the network, a
 * server that is restarted or busy. It waits longer and longer in between, with some chance in it so that
 * many clients do not come back at the same moment, up to blob_settings' retry_ns for one request; and a
 * store that has answered nobody for that long fails at once. Somebody who waits is told once of each
 * incident, and when it is over, in the log. A store that has never answered is not waited for: its address
 * may be wrong.
 *
 * All operations of a store may be repeated: a name is the hash of its bytes, so a second write of an object
 * whose first answer was lost finds it there, which counts as done; a config that stands there is compared.
 */
#ifndef BLOB_RETRY_H
#define BLOB_RETRY_H

#include <stdbool.h>

#include "blob/store.h"

/* Whether an error of a store is of the kind that may pass by itself. */
bool retry_may_pass(int err);

/* How long to wait before the next attempt, after `failures` of them (1 or more), or -1: no further one.
 * `waited_ns` is how long this is going on, `limit_ns` how long it may; `chance` is from 0 to 1. */
int64_t retry_pause_ns(unsigned failures, int64_t waited_ns, int64_t limit_ns, double chance);

/* Wraps a store, which becomes the new one's and ends with it. */
struct blob_store *retry_wrap(struct blob_store *inner);

#endif
