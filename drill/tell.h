/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tells a run: as a timeline and a summary for people, or as JSON.
 */
#ifndef DRILL_TELL_H
#define DRILL_TELL_H

#include <stdio.h>

#include "drill/run.h"

/* The timeline, the summary beside the press figures, the figures, and what is not as it was. */
void tell_run(const struct run *run, FILE *out);
/* Smallest, median and largest of each figure over the runs. */
void tell_table(const struct scenario *scenario, const struct run_figures *figures, size_t count, FILE *out);
/* An object with every figure of every run and, for one run, its timeline. Key names: figure_table. */
void tell_json(const struct scenario *scenario, struct run *const *runs, const struct run_figures *figures,
               size_t count, FILE *out);

#endif
