/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How far apart two words are, for "did you mean".
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <stddef.h>

#define WORDS_MAX 63 /* longer words count as far apart */
#define WORDS_FAR 99

/* How many letters to insert, delete or replace to make one of the other (Levenshtein); WORDS_FAR when one is
 * longer than WORDS_MAX bytes. */
size_t words_distance(const char *a, const char *b);

#endif
