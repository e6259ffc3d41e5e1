/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/names.h"

#include <string.h>
#include <strings.h>

uint64_t names_hash(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ length, word;
    for (; length >= 8; length -= 8, at += 8) {
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    for (; length > 0; length--)
        hash = (hash ^ *at++) * UINT64_C(0x100000001B3);
    hash = (hash ^ (hash >> 29)) * UINT64_C(0xBF58476D1CE4E5B9);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

uint64_t names_hash_text(const char *text)
{
    return names_hash(text, strlen(text));
}

const char *names_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

uint64_t names_folder_hash(const char *path)
{
    const char *base = names_base(path);
    return names_hash(path, base == path ? 0 : (size_t)(base - path - 1));
}

uint64_t names_top_hash(const char *path)
{
    const char *slash = strchr(path, '/');
    return names_hash(path, slash ? (size_t)(slash - path) : 0);
}

const char *names_appended(const char *old_path, const char *new_path)
{
    const char *old_base = names_base(old_path), *new_base = names_base(new_path);
    size_t length = strlen(old_base);
    if (length == 0 || strncmp(old_base, new_base, length) != 0 || new_base[length] == '\0')
        return NULL;
    return new_base + length;
}

/* The length of `name` without its last extension; a leading dot starts none. */
static size_t stem_length(const char *name, size_t length)
{
    for (size_t i = length; i > 1; i--)
        if (name[i - 1] == '.')
            return i - 1;
    return 0;
}

struct names_stems names_stems(const char *path)
{
    struct names_stems out = {0};
    const char *base = names_base(path);
    size_t length = strlen(base);
    out.whole = names_hash(base, length);
    length = stem_length(base, length);
    out.stem = length ? names_hash(base, length) : 0;
    length = length ? stem_length(base, length) : 0;
    out.stem2 = length ? names_hash(base, length) : 0;
    return out;
}

bool names_related(const struct names_stems *new_file, const struct names_stems *original)
{
    if (new_file->whole == original->whole)
        return true; /* the same name in another folder */
    if (new_file->stem && (new_file->stem == original->whole || new_file->stem == original->stem))
        return true; /* a.docx.locked or a.locked for a.docx */
    return new_file->stem2 && (new_file->stem2 == original->whole || new_file->stem2 == original->stem);
}

enum filetype names_promised(const char *path)
{
    static const struct {
        const char *extension;
        enum filetype type;
    } promises[] = {
        {"docx", FILETYPE_ZIP},  {"xlsx", FILETYPE_ZIP},      {"pptx", FILETYPE_ZIP},
        {"odt", FILETYPE_ZIP},   {"ods", FILETYPE_ZIP},       {"odp", FILETYPE_ZIP},
        {"zip", FILETYPE_ZIP},   {"pdf", FILETYPE_PDF},       {"jpg", FILETYPE_JPEG},
        {"jpeg", FILETYPE_JPEG}, {"png", FILETYPE_PNG},       {"gif", FILETYPE_GIF},
        {"doc", FILETYPE_OLE},   {"xls", FILETYPE_OLE},       {"ppt", FILETYPE_OLE},
        {"msg", FILETYPE_OLE},   {"txt", FILETYPE_TEXT},      {"csv", FILETYPE_TEXT},
        {"html", FILETYPE_TEXT}, {"xml", FILETYPE_TEXT},      {"md", FILETYPE_TEXT},
        {"eml", FILETYPE_TEXT},  {"mbox", FILETYPE_TEXT},     {"sql", FILETYPE_TEXT},
        {"php", FILETYPE_TEXT},  {"rtf", FILETYPE_TEXT},      {"tif", FILETYPE_TIFF},
        {"tiff", FILETYPE_TIFF}, {"mp3", FILETYPE_MEDIA},     {"mp4", FILETYPE_MEDIA},
        {"mov", FILETYPE_MEDIA}, {"sqlite", FILETYPE_SQLITE}, {"pst", FILETYPE_PST},
    };
    const char *dot = strrchr(names_base(path), '.');
    for (size_t i = 0; dot && i < sizeof(promises) / sizeof(promises[0]); i++)
        if (strcasecmp(dot + 1, promises[i].extension) == 0)
            return promises[i].type;
    return FILETYPE_UNKNOWN;
}

bool names_may_be_note(const struct limits *limits, const struct sketch *sketch)
{
    return sketch->valid && sketch->filetype == FILETYPE_TEXT && sketch->size > 0 &&
           sketch->size <= (uint64_t)limits->note_size;
}

void names_for_people(const char *path, char *out, size_t size)
{
    size_t length = strlen(path), at = 0, skip = 0;
    if (size < 8) {
        if (size)
            out[0] = '\0';
        return;
    }
    if (length >= size) {
        skip = length - (size - 4);
        while (((uint8_t)path[skip] & 0xC0) == 0x80)
            skip++;
        memcpy(out, "...", 3);
        at = 3;
    }
    for (const char *from = path + skip; *from && at + 1 < size; from++)
        out[at++] = (uint8_t)*from < 32 || *from == 127 ? '?' : *from;
    out[at] = '\0';
}
