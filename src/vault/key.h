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

/* Seals `master` for a password; `out` gets the JSON of the file. */
int key_encode(const struct seal_key *master, const char *password, struct buf *out);
/* Opens a key file. ERR_WRONG_SECRET when the password is not this key's, ERR_CORRUPT when it is malformed,
 * ERR_UNSUPPORTED for parameters out of range. */
int key_decode(const void *bytes, size_t length, const char *password, struct seal_key *master);

/* The fields of a key file, for key_decode and its fuzzer. */
struct key_file {
    uint64_t n, r, p;
    struct buf salt, data;
};
/* Reads the JSON only; key_file_free ends it also after a failure. */
int key_file_parse(const void *bytes, size_t length, struct key_file *out);
void key_file_free(struct key_file *file);
/* What `data` unseals to, written and read. */
void key_master_encode(const struct seal_key *master, struct buf *out);
int key_master_parse(const void *bytes, size_t length, struct seal_key *out);

#endif
