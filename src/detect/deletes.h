/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Mass deletion. Throwing away one old folder, however large, is work; emptying the share is an attack. So
 * the count of deleted files (of those that were there before the actor) is held against the tree's, the more
 * strictly the more top folders they lie in, and less what the actor newly made when they are many folders
 * (a checkout of another branch deletes and creates). Whoever leaves the same note in many folders meanwhile
 * has said what he is doing.
 */
#ifndef DETECT_DELETES_H
#define DETECT_DELETES_H

#include <stdbool.h>
#include <stdint.h>

#include "detect/limits.h"
#include "detect/score.h"

/* Counts one deleted file with this top folder (names_top_hash). */
void deletes_count(struct score *score, uint64_t top);
/* In how many top folders: 0..SCORE_SPREAD. */
unsigned deletes_spread(const struct score *score);
/* Whether the score's deletions are an attack; `tree_files`: what the tree had, or
 * DETECT_FILES_UNKNOWN. */
bool deletes_is_mass(const struct limits *limits, const struct score *score, uint32_t tree_files);

#endif
