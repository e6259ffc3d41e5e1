/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints as signed notes (c2sp.org/signed-note and c2sp.org/tlog-checkpoint):
 *
 *     ORIGIN "\n" SIZE "\n" base64(ROOT) "\n"             the text, which is signed
 *     "\n"
 *     "— " NAME " " base64(key id (4 bytes) || Ed25519 signature (64 bytes)) "\n"
 *
 * The name of our key is the origin. Signatures of other keys (witnesses) are allowed and ignored.
 *
 * Keys as text, as other note tools write them:
 *     NAME "+" key id (8 hexadecimal digits) "+" base64(0x01 || public key)
 *     "PRIVATE+KEY+" NAME "+" key id "+" base64(0x01 || seed)
 * where key id = SHA-256(NAME "\n" 0x01 public key), first four bytes.
 */
#ifndef JOURNAL_NOTE_H
#define JOURNAL_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/ed25519.h"
#include "journal/merkle.h"

#define NOTE_NAME_SIZE 256
#define NOTE_MAX_BYTES 65536 /* a note with a lot of witnesses */

struct checkpoint {
    char origin[NOTE_NAME_SIZE];
    uint64_t size; /* entries */
    uint8_t root[HASH_SIZE];
};

struct note_key {
    char name[NOTE_NAME_SIZE];
    uint32_t id;
    uint8_t public_key[ED25519_PUBLIC_SIZE];
    uint8_t seed[ED25519_SEED_SIZE]; /* all zero in a key that only verifies; note_key_wipe forgets it */
};

/* A name may stand in a note: not empty, shorter than NOTE_NAME_SIZE, no space, no control character, no "+".
 */
bool note_name_is_good(const char *name);

/* A new key pair for `name`; ERR_INVALID for a bad name. */
int note_key_generate(const char *name, struct note_key *out);
/* Reads one of the two texts above; a final newline may be missing. ERR_CORRUPT. */
int note_key_parse(const char *text, size_t length, struct note_key *out);
void note_key_print_public(const struct note_key *key, struct buf *out);
void note_key_print_private(const struct note_key *key, struct buf *out);
void note_key_wipe(struct note_key *key);

/* The signed checkpoint; the origin is the key's name. */
int note_sign(const struct note_key *key, uint64_t size, const uint8_t root[static HASH_SIZE],
              struct buf *out);
/* Takes a checkpoint apart and checks its signature; with `key` NULL it is only taken apart, and what it says
 * is nobody's word. ERR_CORRUPT says what is wrong. `out` is set only on success. */
int note_open(const char *text, size_t length, const struct note_key *key, struct checkpoint *out);

#endif
