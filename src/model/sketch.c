/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/sketch.h"

#include "base/i18n.h"

#define K (UINT64_C(1) << 10)
#define M (UINT64_C(1) << 20)

const uint64_t sketch_offsets[SKETCH_BLOCKS] = {
    0,       4 * K,   8 * K,   12 * K, 16 * K, 32 * K, 48 * K, 64 * K,
    128 * K, 256 * K, 512 * K, 1 * M,  2 * M,  4 * M,  16 * M, 64 * M,
};

static const struct {
    const char *name, *label;
} types[FILETYPE_COUNT] = {
    [FILETYPE_NONE] = {"empty", N_("an empty file")},
    [FILETYPE_UNKNOWN] = {"unknown", N_("bytes of no known type")},
    [FILETYPE_TEXT] = {"text", N_("text")},
    [FILETYPE_ZIP] = {"zip", N_("an office document or ZIP archive")},
    [FILETYPE_PDF] = {"pdf", N_("a PDF document")},
    [FILETYPE_JPEG] = {"jpeg", N_("a JPEG picture")},
    [FILETYPE_PNG] = {"png", N_("a PNG picture")},
    [FILETYPE_GIF] = {"gif", N_("a GIF picture")},
    [FILETYPE_OLE] = {"ole", N_("an older Office document")},
    [FILETYPE_SQLITE] = {"sqlite", N_("an SQLite database")},
    [FILETYPE_ELF] = {"elf", N_("a program")},
    [FILETYPE_GZIP] = {"gzip", N_("a gzip archive")},
    [FILETYPE_XZ] = {"xz", N_("an xz archive")},
    [FILETYPE_BZIP2] = {"bzip2", N_("a bzip2 archive")},
    [FILETYPE_ZSTD] = {"zstd", N_("a zstd archive")},
    [FILETYPE_7Z] = {"7z", N_("a 7z archive")},
    [FILETYPE_RAR] = {"rar", N_("a RAR archive")},
    [FILETYPE_RIFF] = {"riff", N_("a sound, picture or film")},
    [FILETYPE_MEDIA] = {"media", N_("a sound or film")},
    [FILETYPE_TIFF] = {"tiff", N_("a TIFF picture")},
    [FILETYPE_PST] = {"pst", N_("an Outlook mailbox")},
    [FILETYPE_GPG] = {"encrypted", N_("an encrypted file")},
    [FILETYPE_PACKED] = {"packed", N_("a compressed file or package")},
};

const char *filetype_name(enum filetype type)
{
    return (unsigned)type < FILETYPE_COUNT ? types[type].name : "unknown";
}

const char *filetype_label(enum filetype type)
{
    return (unsigned)type < FILETYPE_COUNT ? types[type].label : types[FILETYPE_UNKNOWN].label;
}
