/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checking a whole journal: every entry against its hash, every hash against the tree, the tree against the
 * signed checkpoint, the checkpoint against one that was seen before. One bundle is in memory at a time.
 *
 * Where an entry and its hash disagree, the tree above tells which of the two was changed.
 */
#ifndef JOURNAL_VERIFY_H
#define JOURNAL_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/note.h"

#define FINDING_TEXT_SIZE     320
#define VERIFY_MAX_FINDINGS   100                 /* then `more` counts */
#define VERIFY_CLOCK_SLACK_NS INT64_C(2000000000) /* entries of several roles may cross by so much */

enum finding_kind {
    FINDING_CHANGED = 1, /* an entry is not the one that was signed */
    FINDING_REMOVED,     /* an entry was taken out, the ones behind it moved up */
    FINDING_MISSING,     /* entries are not there at all: a tail cut off, a bundle gone */
    FINDING_HASH,        /* the entries are right, a stored hash is not */
    FINDING_TREE,        /* entries and hashes agree with each other but not with what was signed */
    FINDING_CHECKPOINT,  /* the checkpoint is missing, malformed or not rightly signed */
    FINDING_ROLLBACK,    /* the checkpoint is older than one that was seen */
    FINDING_FORK,        /* the journal is another one than was seen */
    FINDING_KEY,         /* the key is another one than was seen */
    FINDING_CONTENT,     /* an entry is no JSON object with @timestamp */
    FINDING_CLOCK,       /* warning: an entry is older than the one before it */
    FINDING_BEYOND,      /* warning: entries beyond the checkpoint */
    FINDING_KIND_COUNT
};

struct finding {
    enum finding_kind kind;
    bool warning;                 /* strange, but no sign that somebody changed the journal */
    uint64_t first, last;         /* the entries it is about; UINT64_MAX: none in particular */
    char text[FINDING_TEXT_SIZE]; /* a sentence for people */
};

struct verify_report {
    char origin[NOTE_NAME_SIZE]; /* "" when not even that can be read */
    uint64_t size;               /* entries the checkpoint covers */
    uint64_t checked;            /* entries that were read and fit */
    bool compared;               /* a remembered checkpoint was compared */
    struct finding *findings;    /* owned */
    size_t count;
    size_t damages; /* findings that are no warnings, with those in `more` */
    size_t more;
};

/* Checks the journal in the folder `dirfd`. `key` NULL: its own key.pub, which proves nothing against
 * somebody who could write there. `remembered` (may be NULL) is the text of a checkpoint seen before. 0 when
 * it could be checked, whatever was found; the report is to be freed in any case. */
int journal_verify(int dirfd, const struct note_key *key, const char *remembered, size_t remembered_length,
                   struct verify_report *out);
void verify_report_free(struct verify_report *report); /* frees what it owns; NULL is fine */

const char *finding_name(enum finding_kind kind); /* "changed", "removed", ... for JSON */

#endif
