/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/deletes.h"

#include "detect/detector.h"

#define WIDE_TOPS 4

void deletes_count(struct score *score, uint64_t top)
{
    score->deleted++;
    for (unsigned i = 0; i < SCORE_SPREAD; i++) {
        if (score->tops[i] == top)
            return;
        if (score->tops[i] == 0) {
            score->tops[i] = top;
            return;
        }
    }
}

unsigned deletes_spread(const struct score *score)
{
    unsigned spread = 0;
    while (spread < SCORE_SPREAD && score->tops[spread])
        spread++;
    return spread;
}

/* The same text left in folder after folder, and hardly anything else made: package trees repeat their
 * licenses, but they bring files. */
static bool is_noted(const struct limits *limits, const struct score *score)
{
    int64_t notes = score->patterns[PATTERN_NOTE];
    return notes >= limits->delete_noted_folders && (score->created - notes) * 4 <= score->deleted;
}

bool deletes_is_mass(const struct limits *limits, const struct score *score, uint32_t tree_files)
{
    int64_t gross = score->deleted, net = gross - score->created;
    unsigned spread = deletes_spread(score);
    if (gross < limits->delete_least)
        return false;
    if (is_noted(limits, score))
        return true;
    if (tree_files == DETECT_FILES_UNKNOWN)
        return spread >= WIDE_TOPS && net >= limits->delete_blind_files;
    if (spread < 2)
        return gross * 100 >= tree_files * limits->delete_single_percent;
    if (gross * 100 >= tree_files * limits->delete_narrow_percent)
        return true;
    return spread >= WIDE_TOPS && net >= limits->delete_least &&
           net * 100 >= tree_files * limits->delete_wide_percent;
}
