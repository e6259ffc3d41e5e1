/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the detector remembers about single files: the first version it saw of a changed one, new files that
 * look encrypted, originals that went away, and copies that were made.
 *
 * Limits: FILES_BASELINES first versions, FILES_FRESH suspicious new files, FILES_GONE originals,
 * FILES_COPIES copies. At each limit the oldest (in its set) is forgotten; a file is then judged by its
 * latest change alone.
 */
#ifndef DETECT_FILES_H
#define DETECT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/compare.h"
#include "detect/names.h"
#include "model/event.h"

#define FILES_BASELINES 4096
#define FILES_FRESH     512
#define FILES_GONE      512
#define FILES_COPIES    8192
#define FILES_PATH      96

struct files;

struct files *files_new(const struct limits *limits);
void files_free(struct files *f);

/* Who acts, as far as pairing goes: the two halves must share the process tree, or user and client. */
struct files_actor {
    uint64_t process, client;
    uint32_t uid;
};

/* The verdict on a change of an existing file: this change, or all changes since its first version, whichever
 * is worse. *add is how much its strength grew over what was counted for this file already. */
struct verdict files_change(struct files *f, const struct event *event, uint64_t inode, int32_t *add);

/* A new file was written (or written again): remembered if it looks encrypted. When an original that fits
 * it went away before, returns the strength of the pair and copies the original's name and type out. */
struct files_pair {
    int32_t strength; /* thousandths; 0: no pair */
    enum spoil spoil;
    uint8_t type; /* enum filetype of the original */
    bool sized;   /* found by size alone; weigh it by `growth`: how much larger the new file is */
    uint64_t growth;
    char path[FILES_PATH];
};
struct files_pair files_made(struct files *f, const struct event *event, const struct files_actor *who);
/* A remembered new file got another name. */
struct files_pair files_renamed(struct files *f, const struct event *event, const struct files_actor *who);
/* An existing file goes away: is there a new file made from it? */
struct files_pair files_gone(struct files *f, const struct event *event, const struct files_actor *who);
/* A new file went away again: nothing can be paired with it any more. */
void files_unmade(struct files *f, uint64_t inode);
/* What the renamed file looked like when it was written, if it is a remembered new one. */
enum look files_look(const struct files *f, uint64_t inode);
/* Whether a copy of what the event took away or emptied was made lately: the same contents, or, when nobody
 * looked at the original, a readable file of its name and size. */
bool files_has_copy(const struct files *f, const struct event *event);

#endif
