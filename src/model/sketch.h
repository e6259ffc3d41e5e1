/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small picture of a file's contents, taken before it is changed and after, at the same places, so that
 * the detectors compare the two without ever reading a file. The sensor draws it; detect/ reads it.
 */
#ifndef MODEL_SKETCH_H
#define MODEL_SKETCH_H

#include <stddef.h>
#include <stdint.h>

/* What the first bytes say a file is. Only fixed signatures at fixed places: nothing is parsed. */
enum filetype {
    FILETYPE_NONE = 0, /* no bytes at all */
    FILETYPE_UNKNOWN,  /* bytes without a known signature */
    FILETYPE_TEXT,     /* UTF-8 or Latin text without control characters */
    FILETYPE_ZIP,      /* also docx, xlsx, odt, ods, jar */
    FILETYPE_PDF,
    FILETYPE_JPEG,
    FILETYPE_PNG,
    FILETYPE_GIF,
    FILETYPE_OLE, /* the older doc, xls, msg */
    FILETYPE_SQLITE,
    FILETYPE_ELF,
    FILETYPE_GZIP,
    FILETYPE_XZ,
    FILETYPE_BZIP2,
    FILETYPE_ZSTD,
    FILETYPE_7Z,
    FILETYPE_RAR,
    FILETYPE_RIFF,  /* wav, avi, webp */
    FILETYPE_MEDIA, /* mp3, mp4, ogg, mkv, flac */
    FILETYPE_TIFF,
    FILETYPE_PST,
    FILETYPE_GPG,    /* OpenPGP, age, openssl's "Salted__" */
    FILETYPE_PACKED, /* compressed without a key, rarer: lz4, lzip, lzma, lzop, compress, deb, rpm, cab */
    FILETYPE_COUNT
};

#define SKETCH_BLOCKS     16
#define SKETCH_BLOCK_SIZE 4096

/* Where the blocks lie: fixed places that do not depend on the size, so that a version that grew or shrank
 * is compared like with like. Dense at the start (small files whole, head-only encryption), then doubling. */
extern const uint64_t sketch_offsets[SKETCH_BLOCKS];

struct sketch_block {
    uint32_t hash;   /* of the bytes: equal blocks were not touched */
    uint16_t length; /* bytes that were there, up to SKETCH_BLOCK_SIZE; 0: past the end */
    uint8_t entropy; /* Shannon entropy of the bytes, in 1/31 bit: 0..248 */
    uint8_t ascii;   /* printable and white-space bytes, in 1/255 */
    uint16_t chi;    /* chi-square of the byte counts against a uniform spread, capped at 65535; random
                        bytes give about 255 +- 23 whatever the length */
};

struct sketch {
    uint64_t size;
    uint8_t valid;    /* 0: nobody could look at the file */
    uint8_t filetype; /* enum filetype */
    struct sketch_block blocks[SKETCH_BLOCKS];
};

/* Measures `length` bytes (at most SKETCH_BLOCK_SIZE of them are looked at) into `out`. Integer arithmetic
 * alone, the same on every machine: a recorded sketch can be compared with one drawn elsewhere. */
void sketch_block_measure(const uint8_t *bytes, size_t length, struct sketch_block *out);

/* The type that a file's first bytes speak of; `length` up to SKETCH_BLOCK_SIZE are looked at (text is told
 * from binary by all of them, a signature by the first 16). A ZIP archive whose first member is encrypted
 * counts as FILETYPE_GPG: what matters is that only a key opens it. */
enum filetype filetype_guess(const uint8_t *head, size_t length);

/* A filetype's word in JSON ("zip") and for people, not yet translated ("ZIP archive or office document"). */
const char *filetype_name(enum filetype type);
const char *filetype_label(enum filetype type);

#endif
