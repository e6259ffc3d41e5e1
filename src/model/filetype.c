/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * File types by their signatures. The figures are those that the formats' own documents give.
 */
#include <stdbool.h>
#include <string.h>

#include "model/sketch.h"

struct signature {
    uint8_t offset;
    uint8_t length;
    uint8_t type;
    const char *bytes;
};

#define SIGNATURE(offset, bytes, type)                                                                       \
    {                                                                                                        \
        offset, sizeof(bytes) - 1, type, bytes                                                               \
    }

static const struct signature signatures[] = {
    SIGNATURE(0, "PK\003\004", FILETYPE_ZIP),
    SIGNATURE(0, "PK\005\006", FILETYPE_ZIP), /* an empty archive */
    SIGNATURE(0, "PK\007\010", FILETYPE_ZIP), /* one part of several */
    SIGNATURE(0, "%PDF-", FILETYPE_PDF),
    SIGNATURE(0, "\xFF\xD8\xFF", FILETYPE_JPEG),
    SIGNATURE(0, "\x89PNG\r\n\x1A\n", FILETYPE_PNG),
    SIGNATURE(0, "GIF87a", FILETYPE_GIF),
    SIGNATURE(0, "GIF89a", FILETYPE_GIF),
    SIGNATURE(0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", FILETYPE_OLE),
    SIGNATURE(0, "SQLite format 3\0", FILETYPE_SQLITE),
    SIGNATURE(0,
              "\x7F"
              "ELF",
              FILETYPE_ELF),
    SIGNATURE(0, "\x1F\x8B\x08", FILETYPE_GZIP),
    SIGNATURE(0,
              "\xFD"
              "7zXZ\0",
              FILETYPE_XZ),
    SIGNATURE(0, "BZh", FILETYPE_BZIP2),
    SIGNATURE(0, "\x28\xB5\x2F\xFD", FILETYPE_ZSTD),
    SIGNATURE(0, "7z\xBC\xAF\x27\x1C", FILETYPE_7Z),
    SIGNATURE(0, "Rar!\x1A\x07", FILETYPE_RAR),
    SIGNATURE(0, "RIFF", FILETYPE_RIFF),
    SIGNATURE(0, "ID3", FILETYPE_MEDIA),
    SIGNATURE(0, "\xFF\xFB", FILETYPE_MEDIA), /* MPEG 1 layer 3 frames without a tag */
    SIGNATURE(0, "\xFF\xF3", FILETYPE_MEDIA), /* the same, MPEG 2 */
    SIGNATURE(4, "ftyp", FILETYPE_MEDIA),
    SIGNATURE(0, "OggS", FILETYPE_MEDIA),
    SIGNATURE(0, "\x1A\x45\xDF\xA3", FILETYPE_MEDIA),
    SIGNATURE(0, "fLaC", FILETYPE_MEDIA),
    SIGNATURE(0, "II*\0", FILETYPE_TIFF),
    SIGNATURE(0, "MM\0*", FILETYPE_TIFF),
    SIGNATURE(0, "!BDN", FILETYPE_PST),
    SIGNATURE(0, "\x04\x22\x4D\x18", FILETYPE_PACKED), /* lz4 frame */
    SIGNATURE(0, "\x02\x21\x4C\x18", FILETYPE_PACKED), /* lz4, the legacy frame */
    SIGNATURE(0, "LZIP", FILETYPE_PACKED),
    SIGNATURE(0, "\x5D\0\0", FILETYPE_PACKED), /* lzma with its usual parameters */
    SIGNATURE(0, "\x89LZO\0\r\n", FILETYPE_PACKED),
    SIGNATURE(0, "\x1F\x9D", FILETYPE_PACKED), /* compress */
    SIGNATURE(0, "!<arch>\ndebian", FILETYPE_PACKED),
    SIGNATURE(0, "\xED\xAB\xEE\xDB", FILETYPE_PACKED), /* rpm */
    SIGNATURE(0, "MSCF\0\0\0\0", FILETYPE_PACKED),
    SIGNATURE(0, "Salted__", FILETYPE_GPG),
    SIGNATURE(0, "age-encryption.org/", FILETYPE_GPG),
    SIGNATURE(0, "-----BEGIN PGP MESSAGE", FILETYPE_GPG),
    SIGNATURE(0, "-----BEGIN AGE ENCRYPTED", FILETYPE_GPG),
    SIGNATURE(0, "\x8C\x0D\x04", FILETYPE_GPG), /* OpenPGP: symmetric session key, version 4 */
    SIGNATURE(0, "\x8C\x2E\x05", FILETYPE_GPG),
    SIGNATURE(0, "\xC3\x0D\x04", FILETYPE_GPG),
    SIGNATURE(0, "\x85\x01\x0C\x03", FILETYPE_GPG), /* OpenPGP: session key for a 2048-bit RSA key, */
    SIGNATURE(0, "\x85\x01\x8C\x03", FILETYPE_GPG), /* 3072 bits, */
    SIGNATURE(0, "\x85\x02\x0C\x03", FILETYPE_GPG), /* 4096 bits, */
    SIGNATURE(0, "\x84\x5E\x03", FILETYPE_GPG),     /* for a Curve25519 key */
    SIGNATURE(0, "\xC1\xC0\x4C\x03", FILETYPE_GPG),
};

/* The length of a UTF-8 sequence by its first byte; 0: no such byte starts one. */
static size_t sequence_length(uint8_t byte)
{
    if (byte < 0x80)
        return 1;
    if (byte >= 0xC2 && byte < 0xE0)
        return 2;
    if (byte >= 0xE0 && byte < 0xF0)
        return 3;
    return byte >= 0xF0 && byte < 0xF5 ? 4 : 0;
}

/* A sequence that the end of the block cuts is fine. */
static bool is_utf8(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t more = sequence_length(bytes[at++]);
        if (more == 0)
            return false;
        for (; more > 1 && at < length; more--)
            if ((bytes[at++] & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static bool is_control(uint8_t byte)
{
    return (byte < 32 && !(byte >= 9 && byte <= 13) && byte != 27) || byte == 127;
}

static bool is_text(const uint8_t *bytes, size_t length)
{
    size_t high = 0;
    if (length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        return true; /* UTF-16 with its mark */
    for (size_t i = 0; i < length; i++) {
        if (is_control(bytes[i]))
            return false;
        high += bytes[i] >= 0x80;
    }
    /* In Latin text accents are few; random bytes without a control character are half above 127. */
    return high == 0 || is_utf8(bytes, length) || high <= length / 4;
}

/* General purpose flag bit 0 of the first local header: the member is encrypted (APPNOTE 4.4.4). */
static bool is_locked_zip(const uint8_t *head, size_t length)
{
    return length > 6 && head[2] == 3 && (head[6] & 1);
}

enum filetype filetype_guess(const uint8_t *head, size_t length)
{
    if (length == 0)
        return FILETYPE_NONE;
    if (length > SKETCH_BLOCK_SIZE)
        length = SKETCH_BLOCK_SIZE;
    for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
        const struct signature *s = &signatures[i];
        if (length < (size_t)s->offset + s->length || memcmp(head + s->offset, s->bytes, s->length) != 0)
            continue;
        if (s->type == FILETYPE_ZIP && is_locked_zip(head, length))
            return FILETYPE_GPG;
        return (enum filetype)s->type;
    }
    return is_text(head, length) ? FILETYPE_TEXT : FILETYPE_UNKNOWN;
}
