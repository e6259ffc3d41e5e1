/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys of a repository: each is a file that holds the one master key, sealed for a password of its own.
 * Whoever had the master key once can read the repository for ever; taking a key away keeps out those who
 * know its password and never opened it.
 */
#ifndef VAULT_KEYS_H
#define VAULT_KEYS_H

#include "vault/key.h"
#include "vault/vault.h"

struct vault_key_info {
    const char *id;
    bool current; /* the one that opened this vault */
    const char *username, *hostname;
    int64_t created_ns; /* 0 when it is not said */
};

/* Tells of each key file, with a shared lock (none where nothing can be written). One that cannot be read is
 * told to `on_bad` and passed over. */
int vault_keys_list(const struct vault *vault,
                    void (*on_key)(void *context, const struct vault_key_info *key), vault_bad_file *on_bad,
                    void *context);

/* Adds a key for a password, with a shared lock, and proves that it opens; `id` gets its name. One that does
 * not is removed again: ERR_CORRUPT. */
int vault_keys_add(const struct vault *vault, const char *password, const struct key_owner *owner,
                   char id[static VAULT_ID_TEXT]);
/* Removes the key whose ID begins with `name`, with the exclusive lock; `id` gets its whole ID.
 * ERR_NOT_FOUND; ERR_INVALID when several begin so, or when it is the one in use. */
int vault_keys_remove(const struct vault *vault, const char *name, char id[static VAULT_ID_TEXT]);
/* Adds a key and then removes the one in use, with the exclusive lock: cut off between the two, both
 * passwords open. The vault stays usable; its key in use is the new one. */
int vault_keys_change(struct vault *vault, const char *password, const struct key_owner *owner,
                      char id[static VAULT_ID_TEXT]);

#endif
