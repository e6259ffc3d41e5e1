/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reasons of an alert in whole sentences.
 */
#ifndef DETECT_REASONS_H
#define DETECT_REASONS_H

#include "detect/score.h"
#include "model/alert.h"

/* Fills alert->reasons from what the score counted until `now` (monotonic), the weightiest first.
 * `tree_files`: what the tree had, for the sentence about deletions; or DETECT_FILES_UNKNOWN. */
void reasons_write(const struct score *score, uint32_t tree_files, int64_t now, struct alert *alert);

/* A spoil's word for traces and JSON ("type-lost"), and back (SPOIL_NONE when there is no such). */
const char *reasons_spoil_name(enum spoil spoil);

#endif
