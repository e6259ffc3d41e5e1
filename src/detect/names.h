/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What file names tell: an appended extension, the stem that a copy and its original share, the same note
 * in many folders. Names are hostile bytes: nothing here copies without a bound.
 */
#ifndef DETECT_NAMES_H
#define DETECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/limits.h"
#include "model/sketch.h"

/* A hash of `length` bytes; never 0, which stands for "none". */
uint64_t names_hash(const void *bytes, size_t length);
uint64_t names_hash_text(const char *text);

/* What follows the last slash. */
const char *names_base(const char *path);
/* The hash of everything before the last slash (of "" for a file at the top). */
uint64_t names_folder_hash(const char *path);
/* The hash of the first part of the path: the top folder; of "" for a file at the top. */
uint64_t names_top_hash(const char *path);

/* When `new_name` is `old_name` plus something (an extension appended, in the same or another folder), the
 * part added, inside `new_name`; else NULL. Both are paths; their last parts are compared. */
const char *names_appended(const char *old_path, const char *new_path);

/* Hashes by which a new file and its original find each other: the whole last part, that without its
 * last extension, and that without the last two. A pair shares one of the first's with the second's
 * whole name or stem. Unused ones are 0. */
struct names_stems {
    uint64_t whole, stem, stem2;
};
struct names_stems names_stems(const char *path);
bool names_related(const struct names_stems *new_file, const struct names_stems *original);

/* The type that the name promises by its extension ("a.docx": ZIP); FILETYPE_UNKNOWN when it promises none.
 */
enum filetype names_promised(const char *path);

/* A short text or web page, as ransom notes are. */
bool names_may_be_note(const struct limits *limits, const struct sketch *sketch);

/* Copies `path` for a sentence: at most `size` - 1 bytes, the end kept and the cut marked with "...", control
 * characters replaced, no character cut in two. */
void names_for_people(const char *path, char *out, size_t size);

#endif
