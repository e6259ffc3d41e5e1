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
    struct match_pattern *patterns;
    size_t count;
    bool any_negated;
};

/* Adds a pattern; upper and lower case are the same with `fold`. ERR_INVALID when it is malformed ("[a");
 * an empty one is none. match_free ends the list. */
int match_add(struct match_list *list, const char *pattern, bool fold);
void match_free(struct match_list *list);

/* Whether the absolute `path` matches. */
bool match_any(const struct match_list *list, const char *path);
/* Whether something below the folder `path` could match. */
bool match_may_be_below(const struct match_list *list, const char *path);

#endif
