/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what happened to the figures that are promised, and how they are shown.
 */
#ifndef DRILL_FIGURES_H
#define DRILL_FIGURES_H

#include "drill/run.h"

/* Fills run->figures from its ledger, incident, comparison and colleague. */
void figures_take(struct run *run, const struct manifest *before);

/* One figure: its key in JSON, its words, and where it is. Durations are microseconds. */
struct figure {
    const char *key, *text;
    size_t offset; /* in struct run_figures, an int64_t */
    bool duration;
    const char *target; /* what it must reach, for people; NULL: none */
};
extern const struct figure figure_table[]; /* ends with a row without key */
int64_t figure_value(const struct run_figures *figures, const struct figure *figure);
/* Smallest, median (the lower one of two) and largest of a figure over `count` runs. */
void figures_spread(const struct run_figures *figures, size_t count, const struct figure *row,
                    int64_t out[3]);
/* "12.3 ms", "4.1 s", "17"; "-" for none. */
void figure_format(const struct figure *figure, int64_t value, char out[static 32]);

#endif
