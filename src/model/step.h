/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One step of putting a protected tree back as it was. recover/plan makes them from the changes of the
 * culprits; recover/apply carries them out; quarantine numbers make them reversible.
 */
#ifndef MODEL_STEP_H
#define MODEL_STEP_H

#include <stdint.h>

#include "model/event.h"
#include "model/version.h"

enum step_kind {
    STEP_RESTORE = 1,       /* make `path` hold `version`; what stands there goes to quarantine if it is
                               `expected`, else somebody else's work stands there and both are kept */
    STEP_RENAME = 2,        /* `from` gets its old name `path` back; its contents are right */
    STEP_QUARANTINE = 3,    /* take `path` away: the attacker made it */
    STEP_MAKE_FOLDER = 4,   /* make the folder `path` again */
    STEP_REMOVE_FOLDER = 5, /* remove the folder `path` if it is empty: the attacker made it */
};

struct step {
    uint32_t number; /* from 1, in the order of execution */
    enum step_kind kind;
    uint32_t tree;
    char path[EVENT_PATH_SIZE]; /* relative to the tree */
    char from[EVENT_PATH_SIZE]; /* STEP_RENAME; STEP_RESTORE: where the spoiled inode lies now when not at
                                   path; with nothing `expected`: the file that path was a hard link to */
    struct version version;    /* STEP_RESTORE and STEP_MAKE_FOLDER; STEP_RENAME: its inode alone, that of the
                                  file to exchange places with, or 0 */
    struct filestate expected; /* what the culprit left there; all zero: nothing */
};

enum step_result {
    STEP_DONE = 1,
    STEP_KEPT_BOTH = 2, /* done beside somebody else's newer version */
    STEP_NEEDLESS = 3,  /* it was already so */
    STEP_LOST = 4,      /* the version is nowhere to be had */
    STEP_FAILED = 5,    /* could not now; may be tried again */
};

#endif
