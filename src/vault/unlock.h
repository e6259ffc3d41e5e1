/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Removing the locks that programs left behind.
 */
#ifndef VAULT_UNLOCK_H
#define VAULT_UNLOCK_H

#include "vault/lock.h"

struct vault_unlock_options {
    bool all; /* also those that are not stale: whoever holds one works on without it */
    void *context;
    /* Told of each lock that goes (`file` is NULL when it could not be read), and of each that stays. Each
     * may be NULL. */
    void (*on_removed)(void *context, const char *name, const struct lock_file *file);
    void (*on_kept)(void *context, const char *name, const struct lock_file *file);
    vault_bad_file *on_bad; /* a lock that cannot be read, and stays */
};

/* Removes stale locks, or all. Takes no lock. An empty lock file is no lock, and goes with `all` alone. What
 * writers of this host left half-written goes too. ERR_PERMISSION, ERR_READ_ONLY when one cannot be removed.
 */
int vault_unlock(const struct vault *vault, const struct vault_unlock_options *options);

#endif
