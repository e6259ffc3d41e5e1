/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The vault: a restic repository, format versions 1 and 2, in a store (blob/open.h: which there are). Open
 * it, then vault/backup.h, vault/snapshot.h, vault/fetch.h, vault/restore.h and vault/check.h work on it. An
 * open vault at rest holds a descriptor and its keys; the index is read when it is first needed and given
 * back by vault_rest.
 *
 * A vault is used by one thread at a time (its own functions start helpers and end them before they return).
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blob/store.h"
#include "crypto/seal.h"
#include "crypto/sha256.h"
#include "vault/index.h"

struct vault;
struct vault_key;

#define VAULT_ID_TEXT (2 * SHA256_SIZE + 1)

struct vault_init_options {
    uint64_t polynomial; /* of another repository: files are cut in the same places; 0: a random one */
    unsigned version;    /* 1 or 2; 0: 2 */
};
/* Makes a repository at `location`, which is made if missing, with one key for `password`; `options`
 * may be NULL. ERR_EXISTS when a repository is there already. The caller keeps and wipes the password. */
int vault_init(const char *location, const char *password, const struct vault_init_options *options);
/* Opens it: finds the key that the password opens (half a second of scrypt, on purpose). ERR_NO_REPOSITORY;
 * ERR_WRONG_SECRET; ERR_UNSUPPORTED: a newer format; ERR_CORRUPT. */
int vault_open(const char *location, const char *password, struct vault **out);
/* The same with a key that was kept: no scrypt. The key stays the caller's. */
int vault_open_with_key(const char *location, const struct vault_key *key, struct vault **out);
void vault_close(struct vault *vault); /* NULL is fine */

/* The derived key of an open vault, a copy in memory that is locked, left out of core dumps and wiped when it
 * is freed. A child made by fork has it too: so a worker per job needs no scrypt. */
struct vault_key *vault_keep_key(const struct vault *vault);
void vault_key_free(struct vault_key *key); /* NULL is fine */

/* How what is added is packed. With VAULT_COMPRESS_OFF file contents are not compressed, folders and the
 * index still are, as in restic. A repository of version 1 never compresses. */
enum vault_compression {
    VAULT_COMPRESS_AUTO,
    VAULT_COMPRESS_OFF,
    VAULT_COMPRESS_FASTEST,
    VAULT_COMPRESS_BETTER,
    VAULT_COMPRESS_MAX
};
struct vault_packing {
    enum vault_compression compression;
    size_t pack_bytes; /* a pack that has as much is written; 0: PACK_TARGET */
};
/* Before the first writer is made. */
void vault_set_packing(struct vault *vault, const struct vault_packing *packing);
const struct vault_packing *vault_packing(const struct vault *vault);

/* How long a lock that others hold is waited for (see vault/lock.h); 0, as at the beginning: not at all. */
void vault_set_patience(struct vault *vault, int64_t wait_ns);
int64_t vault_patience(const struct vault *vault);

/* Gives back the index and whatever else can be read again. */
void vault_rest(struct vault *vault);

/* The name of the key file that opened it; "" after vault_open_with_key. */
const char *vault_key_name(const struct vault *vault);
void vault_set_key_name(struct vault *vault, const char name[static VAULT_ID_TEXT]); /* for vault/keys.h */

/* Where it is: for texts, without secrets; and as it was given, to open it again. */
const char *vault_path(const struct vault *vault);
const char *vault_location(const struct vault *vault);
/* The repository's own ID (hex) and its format version, 1 or 2. */
const char *vault_id(const struct vault *vault);
unsigned vault_version(const struct vault *vault);

/* ---- for the vault room ---- */

uint64_t vault_polynomial(const struct vault *vault);
const struct seal_key *vault_seal_key(const struct vault *vault);
struct blob_reader vault_reader(const struct vault *vault);
struct blob_writer vault_writer(const struct vault *vault);
struct blob_remover vault_remover(const struct vault *vault);
struct blob_pruner vault_pruner(const struct vault *vault); /* with the exclusive lock alone */
/* How many requests at once its store is made for, if it is behind a network; 0: a disk of this machine. */
unsigned vault_connections(const struct vault *vault);
/* How many threads reading from it are well employed: one per processor, or per connection; 1 to `most`. */
unsigned vault_reading_threads(const struct vault *vault, unsigned most);
/* Makes a repository of version 1 one of version 2, in one step: with the exclusive lock alone. The vault
 * stays usable. ERR_UNSUPPORTED when it is of another version, or in a store that cannot. */
int vault_upgrade_config(struct vault *vault);
/* Reads all index files unless they are in memory. */
int vault_need_index(struct vault *vault);
/* Told of a file that cannot be read; the error text of the thread says why. */
typedef void vault_bad_file(void *context, const char *name, int err);
/* The same, but index files that cannot be read are told to `bad` and left out. */
int vault_need_index_but(struct vault *vault, vault_bad_file *bad, void *context);
struct index *vault_index(const struct vault *vault); /* NULL before vault_need_index */

/* Reads a file and verifies it against its name; sealed files stay sealed. */
int vault_read_file(const struct vault *vault, enum blob_kind kind, const char *name, struct buf *bytes);
/* Reads, verifies, unseals and unpacks an index, snapshot or lock file. */
int vault_load_file(const struct vault *vault, enum blob_kind kind, const char *name, struct buf *plain);
/* Seals and adds one; `name` gets its ID as text. */
int vault_save_file(const struct vault *vault, enum blob_kind kind, const void *plain, size_t length,
                    char name[static VAULT_ID_TEXT]);

/* Reads blobs; one per thread. */
struct loader;
struct loader *loader_new(const struct vault *vault);
void loader_free(struct loader *loader); /* NULL is fine */
/* The plain bytes of a blob, verified against its ID; they live until the next call. ERR_NOT_FOUND when no
 * index names it, ERR_CORRUPT when it is damaged or its pack is gone; ERR_SYSTEM, ERR_PERMISSION when its
 * pack cannot be read; ERR_CLOSED, ERR_TIMEOUT when the store is not reached. */
int loader_load(struct loader *loader, enum pack_type type, const uint8_t id[static SHA256_SIZE],
                const uint8_t **bytes, size_t *length);
/* The same from bytes already read from a pack (`sealed` is changed). */
int loader_open_blob(struct loader *loader, const struct pack_entry *entry, uint8_t *sealed,
                     const uint8_t **bytes, size_t *length);

#endif
