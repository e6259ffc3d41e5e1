/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking for damage.
 */
#ifndef VAULT_CHECK_H
#define VAULT_CHECK_H

#include "vault/vault.h"

enum vault_finding {
    VAULT_FINDING_DAMAGE, /* something cannot be restored */
    VAULT_FINDING_NOTE,   /* worth knowing, nothing is lost */
};

struct vault_check_options {
    bool read_data;       /* read and verify every pack whole; or of them: */
    unsigned part, parts; /* the part-th of so many parts (1 to 256), always the same packs; 0: all */
    double percent;       /* so many, by chance; 0: all */
    uint64_t most_bytes;  /* about so much, by chance; 0: all */
    bool no_lock;
    void *context;
    /* Told of each finding, with its text; never two at once, from any thread. */
    void (*on_finding)(void *context, enum vault_finding kind, const char *text);
    void (*on_progress)(void *context, uint64_t done, uint64_t total); /* packs read; may be NULL */
};

struct vault_check_result {
    uint64_t damages, notes;
    uint64_t snapshots, trees, blobs, packs, bytes_read;
};

/* Indexes, packs (there, of the right size), snapshots, folders (read whole), that every chunk of every file
 * is in the index; with read_data also every byte. 0 when nothing is damaged, ERR_CORRUPT when something is,
 * another error when it could not be looked at. */
int vault_check(struct vault *vault, const struct vault_check_options *options,
                struct vault_check_result *result);

#endif
