/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Locks, as restic keeps them: a file in locks/ says who works on the repository.
 *
 *     {"time","exclusive","hostname","username","pid","uid"?,"gid"?}
 *
 * Shared locks (backup, restore, check) stand beside each other; an exclusive one (prune) stands alone. A
 * lock is stale after 30 minutes without refresh, or at once when its process on this very host is gone;
 * stale locks are removed by whoever meets them. A lock file of size zero is what a full disk leaves and is
 * passed over.
 */
#ifndef VAULT_LOCK_H
#define VAULT_LOCK_H

#include <stdbool.h>

#include "vault/vault.h"

#define LOCK_REFRESH_SECONDS (5 * 60)
#define LOCK_STALE_SECONDS   (30 * 60)

struct lock;

/* Takes a lock and keeps it fresh from a thread of its own until it is released. One that others hold is
 * waited for as long as vault_patience says; then ERR_LOCKED names who holds it. ERR_NO_SPACE, ERR_READ_ONLY
 * when it cannot be written. */
int lock_take(const struct vault *vault, bool exclusive, struct lock **out);
void lock_release(struct lock *lock); /* NULL is fine */

/* What a lock file says. */
struct lock_file {
    int64_t time_ns;
    bool exclusive;
    char hostname[256], username[256];
    int64_t pid;
};
int lock_decode(const void *bytes, size_t length, struct lock_file *out);
/* Reads one from the repository; ERR_NOT_FOUND when it was released meanwhile. */
int lock_read(const struct vault *vault, const char *name, struct lock_file *out);
/* Whether a lock may be passed over: `now_ns` is the wall clock, `hostname` this machine's name. */
bool lock_is_stale(const struct lock_file *file, int64_t now_ns, const char *hostname);
/* The same, now and on this machine. */
bool lock_is_stale_here(const struct lock_file *file);

#endif
