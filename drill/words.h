/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * French as a town hall writes it: sentences, names of people, dates, amounts; all of them invented.
 */
#ifndef DRILL_WORDS_H
#define DRILL_WORDS_H

#include "base/buf.h"
#include "drill/rng.h"

/* Appends one sentence with its full stop. */
void words_sentence(struct buf *out, struct rng *r);
/* Appends sentences until about `bytes` more are in `out`, each followed by `separator`. */
void words_paragraph(struct buf *out, struct rng *r, size_t bytes, const char *separator);
/* One of the first and last names; borrowed, static. */
const char *words_first_name(struct rng *r);
const char *words_last_name(struct rng *r);
/* "janvier" to "décembre". */
const char *words_month(unsigned month_from_0);
/* A street of the town, without number. */
const char *words_street(struct rng *r);

#endif
