/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two sketches of one file, before and after: was it edited or spoiled, how, and how sure is that?
 */
#ifndef DETECT_COMPARE_H
#define DETECT_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/limits.h"
#include "model/sketch.h"

/* What was done to a file. The order is that of enum words in traces: append only. */
enum spoil {
    SPOIL_NONE = 0,
    SPOIL_TYPE_LOST,  /* a known type became bytes without a type */
    SPOIL_RANDOM,     /* readable bytes became random ones */
    SPOIL_PARTLY,     /* some blocks became random, others stayed */
    SPOIL_REPLACED,   /* a compressed type: the inside was replaced while head and size stayed */
    SPOIL_SHELL,      /* the type's signature is there, but all behind it is pure randomness */
    SPOIL_ENCRYPTED,  /* became a container that only a key opens */
    SPOIL_ENCODED,    /* became base64, hex or their like */
    SPOIL_EMPTIED,    /* cut to nothing */
    SPOIL_CUT,        /* cut so that its type cannot work any more */
    SPOIL_BLANKED,    /* overwritten with one byte value */
    SPOIL_SHUFFLED,   /* its blocks changed places */
    SPOIL_SUPPLANTED, /* deleted (or overwritten by a rename) after a random file was made from it */
    SPOIL_COUNT
};

enum verdict_kind {
    VERDICT_UNKNOWN = 0, /* one of the two could not be looked at */
    VERDICT_UNCHANGED,   /* size and every sampled block are the same */
    VERDICT_FILLED,      /* there was nothing before */
    VERDICT_EDITED,      /* changed as programs change their files */
    VERDICT_SPOILED,     /* see `spoil` and `strength` */
};

struct verdict {
    enum verdict_kind kind;
    enum spoil spoil;
    int32_t strength; /* thousandths: 1000 is certain; 0 unless SPOILED */
};

struct verdict compare_sketches(const struct limits *limits, const struct sketch *before,
                                const struct sketch *after);

/* What a new file looks like, for pairing it with the original that goes away. */
enum look {
    LOOK_ORDINARY = 0,
    LOOK_RANDOM,     /* no type, random bytes */
    LOOK_ENCRYPTED,  /* OpenPGP, age, openssl, locked zip */
    LOOK_ARCHIVE,    /* 7z, RAR: may have a password */
    LOOK_ZIP,        /* unlocked zip */
    LOOK_COMPRESSED, /* gzip, xz, bzip2, zstd: no key */
    LOOK_ENCODED,    /* base64 or hex text */
};
enum look compare_look(const struct limits *limits, const struct sketch *sketch);

/* Whether a sketch shows something a person would miss: it has a type, or bytes that are not random. */
bool compare_is_valuable(const struct limits *limits, const struct sketch *sketch);

bool compare_is_random(const struct limits *limits, const struct sketch_block *block);
bool compare_is_encoded(const struct limits *limits, const struct sketch_block *block);

#endif
