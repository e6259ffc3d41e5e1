/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Key files: the repository's master key, sealed with a key that scrypt makes from a password.
 *
 *     {"created","username","hostname","kdf":"scrypt","N","r","p","salt","data"}       (salt, data: base64)
 *     data unseals to {"mac":{"k","r"},"encrypt"}                                      (base64 each)
 */
#ifndef VAULT_KEY_H
#define VAULT_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/seal.h"

#define KEY_SALT 64

/* Whom a key is for, told to those who list the keys; NULL: this user, this machine. */
struct key_owner {
    const char *username, *hostname;
};

/* Seals `master` for a password; `out` gets the JSON of the file. `owner` may be NULL. */
int key_encode(const struct seal_key *master, const char *password, const struct key_owner *owner,
               struct buf *out);
/* Opens a key file. ERR_WRONG_SECRET when the password is not this key's, ERR_CORRUPT when it is malformed,
 * ERR_UNSUPPORTED for parameters out of range. */
int key_decode(const void *bytes, size_t length, const char *password, struct seal_key *master);

/* The fields of a key file, for key_decode and its fuzzer. */
struct key_file {
    uint64_t n, r, p;
    struct buf salt, data;
    int64_t created_ns;                /* 0 when it is not said */
    char username[256], hostname[256]; /* cut to that */
};
/* Reads the JSON only; key_file_free ends it also after a failure. */
int key_file_parse(const void *bytes, size_t length, struct key_file *out);
void key_file_free(struct key_file *file);
/* Reads what `data` unseals to. */
int key_master_parse(const void *bytes, size_t length, struct seal_key *out);

#endif
