/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns of --exclude and --include, with restic's meaning: parts between slashes are globs (*, ?, [a-z]),
 * "**" stands for any number of parts, a pattern that begins with a slash starts at the root and any other
 * may start at any part. What lies below a match matches too. A pattern that begins with "!" takes back what
 * those before it matched.
 */
#ifndef VAULT_MATCH_H
#define VAULT_MATCH_H

#include <stdbool.h>
#include <stddef.h>

struct match_list {
    const char *const *patterns;
    size_t count;
    bool any_case; /* capital and small letters are the same */
};

/* Whether the absolute `path` matches any of the patterns. */
bool match_any(const struct match_list *list, const char *path);
/* Whether something below the folder `path` could match one of them. */
bool match_may_be_below(const struct match_list *list, const char *path);

#endif
