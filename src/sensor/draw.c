/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/draw.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sensor/hash.h"

static const struct signature {
    enum filetype type;
    uint8_t offset, length;
    const char *bytes;
} signatures[] = {
    {FILETYPE_ZIP, 0, 4, "PK\3\4"},
    {FILETYPE_ZIP, 0, 4, "PK\5\6"},
    {FILETYPE_PDF, 0, 5, "%PDF-"},
    {FILETYPE_JPEG, 0, 3, "\xFF\xD8\xFF"},
    {FILETYPE_PNG, 0, 8, "\x89PNG\r\n\x1A\n"},
    {FILETYPE_GIF, 0, 5, "GIF87"},
    {FILETYPE_GIF, 0, 5, "GIF89"},
    {FILETYPE_OLE, 0, 8, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
    {FILETYPE_SQLITE, 0, 16, "SQLite format 3\0"},
    {FILETYPE_ELF, 0, 4,
     "\x7F"
     "ELF"},
    {FILETYPE_GZIP, 0, 3, "\x1F\x8B\x08"},
    {FILETYPE_XZ, 0, 6,
     "\xFD"
     "7zXZ\0"},
    {FILETYPE_BZIP2, 0, 3, "BZh"},
    {FILETYPE_ZSTD, 0, 4, "\x28\xB5\x2F\xFD"},
    {FILETYPE_7Z, 0, 6, "7z\xBC\xAF\x27\x1C"},
    {FILETYPE_RAR, 0, 6, "Rar!\x1A\7"},
    {FILETYPE_RIFF, 0, 4, "RIFF"},
    {FILETYPE_MEDIA, 0, 3, "ID3"},
    {FILETYPE_MEDIA, 0, 4, "OggS"},
    {FILETYPE_MEDIA, 0, 4, "fLaC"},
    {FILETYPE_MEDIA, 0, 4, "\x1A\x45\xDF\xA3"},
    {FILETYPE_MEDIA, 4, 4, "ftyp"},
    {FILETYPE_TIFF, 0, 4, "II*\0"},
    {FILETYPE_TIFF, 0, 4, "MM\0*"},
    {FILETYPE_PST, 0, 4, "!BDN"},
    {FILETYPE_GPG, 0, 8, "Salted__"},
    {FILETYPE_GPG, 0, 18, "age-encryption.org"},
    {FILETYPE_GPG, 0, 26, "-----BEGIN PGP MESSAGE----"},
    {FILETYPE_GPG, 0, 3, "\x85\x01\x0C"}, /* RFC 4880: packet to a 2048-bit key, old format */
    {FILETYPE_GPG, 0, 3, "\x85\x02\x0C"}, /* the same for 4096 bits */
    {FILETYPE_GPG, 0, 3, "\x8C\x0D\4"},   /* symmetric, version 4 */
};

/* UTF-8 sequences are stepped over; a lone high byte counts as a Latin letter. A sequence cut by the end of
 * the block is fine. */
static bool is_text(const uint8_t *bytes, size_t length)
{
    size_t lone = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t c = bytes[i];
        if (c < 0x20 ? !strchr("\t\n\r\f", c) || c == 0 : c == 0x7F)
            return false;
        if (c < 0x80)
            continue;
        size_t more = c >= 0xF0 && c < 0xF5 ? 3 : c >= 0xE0 ? 2 : c >= 0xC2 ? 1 : 0;
        size_t seen = 0;
        while (seen < more && i + seen + 1 < length && (bytes[i + seen + 1] & 0xC0) == 0x80)
            seen++;
        if (more > 0 && (seen == more || i + seen + 1 == length))
            i += seen;
        else
            lone++;
    }
    return lone * 4 <= length;
}

enum filetype draw_filetype(const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return FILETYPE_NONE;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *s = &signatures[i];
        if (length >= (size_t)s->offset + s->length && memcmp(bytes + s->offset, s->bytes, s->length) == 0)
            return s->type;
    }
    return is_text(bytes, length) ? FILETYPE_TEXT : FILETYPE_UNKNOWN;
}

static float n_log2_n[SKETCH_BLOCK_SIZE + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void)
{
    for (int n = 1; n <= SKETCH_BLOCK_SIZE; n++)
        n_log2_n[n] = (float)((double)n * log2((double)n));
}

static bool is_printable(int c)
{
    return (c >= 0x20 && c < 0x7F) || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

void draw_block(const uint8_t *bytes, size_t length, struct sketch_block *out)
{
    pthread_once(&once, prepare);
    *out = (struct sketch_block){.length = (uint16_t)length};
    if (length == 0)
        return;
    uint16_t counts[4][256] = {0}; /* four tables, so that runs of one byte do not wait for each other */
    size_t i = 0;
    for (; i + 4 <= length; i += 4)
        for (size_t lane = 0; lane < 4; lane++)
            counts[lane][bytes[i + lane]]++;
    for (; i < length; i++)
        counts[0][bytes[i]]++;
    float sum = 0;
    uint64_t squares = 0, printable = 0;
    for (int c = 0; c < 256; c++) {
        uint32_t count = (uint32_t)counts[0][c] + counts[1][c] + counts[2][c] + counts[3][c];
        sum += n_log2_n[count];
        squares += (uint64_t)count * count;
        printable += is_printable(c) ? count : 0;
    }
    float entropy = (n_log2_n[length] - sum) / (float)length;
    double chi = (double)squares * 256 / (double)length - (double)length;
    out->hash = (uint32_t)hash_bytes(bytes, length, 0);
    out->entropy = (uint8_t)(entropy <= 0 ? 0 : entropy * 31 + 0.5f);
    out->ascii = (uint8_t)(printable * 255 / length);
    out->chi = (uint16_t)(chi > 65535 ? 65535 : chi);
}

bool draw_sketch(int fd, uint64_t size, bool cached_only, struct sketch *out)
{
    uint8_t block[SKETCH_BLOCK_SIZE];
    *out = (struct sketch){.size = size, .filetype = FILETYPE_NONE};
    for (int i = 0; i < SKETCH_BLOCKS && sketch_offsets[i] < size; i++) {
        uint64_t left = size - sketch_offsets[i];
        size_t wanted = left < sizeof block ? (size_t)left : sizeof block;
        struct iovec place = {block, wanted};
        ssize_t got = preadv2(fd, &place, 1, (off_t)sketch_offsets[i], cached_only ? RWF_NOWAIT : 0);
        if (got < 0 || (cached_only && (size_t)got < wanted))
            return false;
        if (i == 0)
            out->filetype = (uint8_t)draw_filetype(block, (size_t)got);
        draw_block(block, (size_t)got, &out->blocks[i]);
    }
    out->valid = 1;
    return true;
}

uint32_t draw_check(const struct sketch *sketch)
{
    uint64_t check = hash_number(sketch->size);
    for (int i = 0; i < SKETCH_BLOCKS; i++)
        check = hash_number(check ^ (((uint64_t)sketch->blocks[i].length << 32) | sketch->blocks[i].hash));
    return (uint32_t)check;
}
