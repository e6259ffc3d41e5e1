/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The endings of file names (".docx") that were ever seen in a tree: a set of hashes.
 */
#ifndef VAULT_ENDINGS_H
#define VAULT_ENDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDING_SIZE 17 /* longer ones are no endings */
#define ENDINGS_MAX                                                                                          \
    ((size_t)65536) /* when full, every ending counts as known: less is noticed, nothing invented */

struct endings {
    uint64_t *slots; /* hash, or 0 */
    size_t count, room;
};

/* The ending of a name without its dot, small letters, or "" for none. Returns the length of what is before
 * the dot (the whole name without one). */
size_t ending_of(const char *name, size_t length, char out[static ENDING_SIZE]);

bool endings_have(const struct endings *set, const char *ending);
void endings_add(struct endings *set, const char *ending);
void endings_merge(struct endings *set, const struct endings *more);
void endings_free(struct endings *set); /* leaves an empty set; {0} is one */

#endif
