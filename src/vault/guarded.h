/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Repositories whose store locks what is written against deletion, by whomever (S3 with Object Lock). None of
 * this needs the password: it is about objects, not about what they hold.
 */
#ifndef VAULT_GUARDED_H
#define VAULT_GUARDED_H

#include "vault/vault.h"

struct vault_extend_result {
    uint64_t objects;  /* that are to stay locked: all but locks of the repository */
    uint64_t extended; /* of them */
};

/* Locks everything that the repository holds for longer, where that is due. ERR_INVALID when the store does
 * not lock; after another error some objects were extended. */
int vault_extend_locks(const char *location, struct vault_extend_result *result);

/* Brings back what was deleted or overwritten since then; see blob_undelete. */
int vault_undelete(const char *location, int64_t since_ns, bool dry_run, blob_undelete_visit *visit,
                   void *context);

/* Of an open vault: 0 when its store does not lock or has proved that it does; otherwise see blob_prove_lock.
 */
int vault_prove_lock(const struct vault *vault);

#endif
