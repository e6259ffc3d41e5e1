/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The simulators: what ransomware does to files, done to the town's share and to nothing else, with
 * AES-256-CTR under the yard's key, so that it can be undone. One row of `attack_kinds` per way of working.
 */
#ifndef DRILL_ATTACK_H
#define DRILL_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drill/ledger.h"
#include "drill/yard.h"

#define ATTACK_NOTE   "README_DECRYPT.txt"
#define ATTACK_STREAM (1u << 16) /* bytes encrypted and written at a time */

struct attack_options {
    const char *kind;      /* a name of attack_kinds */
    const char *extension; /* ".locked", or "" to leave names alone */
    int64_t workers;       /* processes that share the work */
    int64_t per_minute;    /* files; 0: as fast as it goes */
    bool notes;            /* a ransom note in each folder */
    uint32_t uid, gid;     /* whose rights it has */
};

struct attack {
    const struct attack_options *options;
    struct ledger *ledger;
    int share; /* the share, opened inside the walls */
    uint8_t key[32];
    struct attack_target {
        char *path;
        uint64_t inode;
        uint32_t names;
    } * targets; /* owned; in the order of the attack */
    size_t count;
};

struct attack_kind {
    const char *name;
    /* Does it to one file, noting every step in `row` (already OPENED). 0 or a negative errno. */
    int (*spoil)(struct attack *a, struct ledger_row *row);
    /* Whether byte `offset` of a file is encrypted; NULL when nothing is (deletion, truncation). */
    bool (*covers)(uint64_t offset);
};
extern const struct attack_kind attack_kinds[]; /* ends with a row without name */
const struct attack_kind *attack_find(const char *name);

/* Starts the simulator against the share at `share_path` in a process of its own behind its walls, and
 * returns that process's id (a direct child of the caller, which waits for it) or a negative enum err when
 * yard_open refuses. What happens inside, a refusal of the walls included, stands in the ledger. */
int attack_start(const char *share_path, const struct attack_options *options, struct ledger *ledger);

/* En- or decrypts `length` bytes at `offset` of the file whose name (in the share) is `path`: the same twice
 * gives the bytes back. */
void attack_cipher(const uint8_t key[32], const char *path, uint64_t offset, uint8_t *bytes, size_t length);

/* For the rows of attack_kinds. */
int attack_spoil_in_place(struct attack *a, struct ledger_row *row);
int attack_spoil_head(struct attack *a, struct ledger_row *row);
int attack_spoil_intermittent(struct attack *a, struct ledger_row *row);
int attack_spoil_write_new(struct attack *a, struct ledger_row *row);
int attack_spoil_rename_first(struct attack *a, struct ledger_row *row);
int attack_spoil_delete(struct attack *a, struct ledger_row *row);
int attack_spoil_truncate(struct attack *a, struct ledger_row *row);

/* Opens a file of the share for the simulator: beneath it, no links, no other mount, a regular file with no
 * name outside the share. Returns the descriptor or a negative errno. */
int attack_open(const struct attack *a, const char *path, int flags);
/* Encrypts the open file `from` into `to` (the same file in place, or another), where `covers` says so. */
int attack_encrypt(const struct attack *a, struct ledger_row *row, int from, int to,
                   bool (*covers)(uint64_t));
/* Renames it to its name with the extension. */
int attack_rename(const struct attack *a, struct ledger_row *row);

#endif
