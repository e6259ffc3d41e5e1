/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scores: what one process tree, user, remote client or protected tree has done so far.
 *
 * Limit: SCORE_SETS * SCORE_WAYS scores. At the limit a newcomer takes the place of the score with the
 * least evidence (of those in its set; the oldest among equals), so an attacker who forks without end
 * pushes out harmless programs and his own single acts, but never the user's and the tree's sums.
 */
#ifndef DETECT_SCORE_H
#define DETECT_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/compare.h"
#include "detect/limits.h"
#include "model/alert.h"

#define SCORE_SETS   256
#define SCORE_WAYS   8
#define SCORE_PATH   96
#define SCORE_EXT    24
#define SCORE_SPREAD 8

/* Evidence that is not a spoiled file; counted beside enum spoil. */
enum pattern { PATTERN_DECOY = 0, PATTERN_EXTENSION, PATTERN_NOTE, PATTERN_DELETION, PATTERN_COUNT };

struct score_part {
    uint64_t process; /* key of a process tree's score */
    int32_t milli;    /* what it added, and was not yet blamed for */
};

struct score {
    uint64_t key; /* 0: free */
    enum scope scope;
    uint32_t tree;
    struct actor actor; /* the latest that added to it */
    int64_t used_ns;    /* monotonic: last change */
    int64_t evidence_ns;
    int64_t faded_ns;
    int32_t clear, weak, pattern; /* evidence, in thousandths */
    bool watched, blamed;
    uint32_t touched, spoiled;
    uint64_t last_file; /* so that one file written again and again is touched once */
    int64_t first_harm_wall_ns, first_harm_ns;
    /* for the reasons */
    uint32_t spoils[SPOIL_COUNT];
    uint32_t patterns[PATTERN_COUNT];
    char first_path[SCORE_PATH]; /* the first spoiled file, how, and what it was */
    uint8_t first_spoil, first_type;
    char extension[SCORE_EXT], note[SCORE_PATH];
    uint64_t extension_hash, note_hash, note_folder;
    uint64_t pair_growth; /* of the latest pair found by size alone, plus 1; 0: none yet */
    uint64_t decoy_tops;  /* a bit per top folder, by hash */
    /* deletions, fading on their own */
    uint32_t deleted, created;
    int64_t delete_first_ns, delete_first_wall_ns;
    uint64_t tops[SCORE_SPREAD]; /* the first different top folders */
    /* of a sum over several process trees: who added to it */
    uint32_t part_count;
    struct score_part parts[ALERT_CULPRITS];
};

struct scores;

struct scores *scores_new(const struct limits *limits);
void scores_free(struct scores *s);

/* The keys. A process tree is (root_pid, root_start); without one, (pid, start). */
uint64_t score_key_process(const struct actor *actor);
uint64_t score_key_client(const struct actor *actor);
uint64_t score_key_user(const struct actor *actor);
uint64_t score_key_tree(uint32_t tree);

/* The score of a key, faded to `now`; NULL when there is none. */
struct score *scores_find(struct scores *s, uint64_t key, int64_t now);
/* The same, made when there is none. */
struct score *scores_get(struct scores *s, uint64_t key, enum scope scope, int64_t now);
/* Lets old evidence fade, in quarters of its half-life. */
void score_fade(const struct limits *limits, struct score *score, int64_t now);
/* All evidence together. */
int32_t score_total(const struct limits *limits, const struct score *score);
/* Adds evidence of `milli` (clear or weak by the limit) that came from the process tree `process`. */
void score_add(const struct limits *limits, struct score *score, int32_t milli, uint64_t process);
/* Takes out what `process` added: it was dealt with on its own. */
void score_remove_part(struct score *score, uint64_t process);
/* Forgets all evidence but keeps the identity. */
void score_reset(struct score *score);
/* Calls `visit` for each score in use. */
void scores_each(struct scores *s, void (*visit)(struct score *score, void *self), void *self);

#endif
