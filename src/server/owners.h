/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose lock is whose: a small file for each lock in the state folder's "locks", which outlives a restart.
 * One that is lost leaves a lock that nobody owns, which may be removed once it is stale.
 */
#ifndef SERVER_OWNERS_H
#define SERVER_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "blob/store.h"

#define OWNERS_STALE_NS (INT64_C(30) * 60 * 1000000000)

/* Opens, or makes, the folder below the state folder; a descriptor or a negative error. */
int owners_open(int state);
/* `name` is the lock's. */
int owners_set(int owners, const char *repository, const char *name, const char *user);
void owners_forget(int owners, const char *repository, const char *name);
/* Whether `user` put it there. */
bool owners_is(int owners, const char *repository, const char *name, const char *user);
/* Removes what is told of locks that are no longer there; `path` is the served folder. */
void owners_sweep(int owners, const char *path);

#endif
