/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which snapshots of a group are kept, by restic's rules: pure logic.
 *
 * From the newest to the oldest, each rule keeps the first snapshot that it meets of an hour, day, ISO week,
 * month or year (local time), until its number is used up; the oldest of all is kept as long as a rule has
 * some left. "Within" counts back from the newest snapshot that is not dated ahead of now, so that a wrong
 * clock somewhere does not push the real ones out.
 */
#ifndef VAULT_RETENTION_H
#define VAULT_RETENTION_H

#include "vault/snapshot.h"

enum retention_period {
    RETENTION_LAST,
    RETENTION_HOURLY,
    RETENTION_DAILY,
    RETENTION_WEEKLY,
    RETENTION_MONTHLY,
    RETENTION_YEARLY,
    RETENTION_PERIODS
};

struct retention_duration {
    unsigned years, months, days, hours; /* all 0: none */
};

struct retention_policy {
    int64_t keep[RETENTION_PERIODS];                     /* how many; 0: rule not used; -1: all */
    struct retention_duration within[RETENTION_PERIODS]; /* RETENTION_LAST: every one of that time */
    const char *const *tags; /* each "a,b": kept when the snapshot has all of them; "" has none */
    size_t tag_count;
};

/* Reads "2y5m7d3h" (in any order, each once at most); ERR_INVALID. */
int retention_parse_duration(const char *text, struct retention_duration *out);
bool retention_is_empty(const struct retention_policy *policy);

#define RETENTION_REASONS_SIZE 512
struct retention_verdict {
    bool keep;
    char reasons[RETENTION_REASONS_SIZE]; /* as restic words them, a NUL after each, ends with an empty one */
};

/* Judges the snapshots of one group, given newest first. An empty policy keeps all. */
void retention_apply(const struct retention_policy *policy, struct snapshot *const *snapshots, size_t count,
                     int64_t now_ns, struct retention_verdict *verdicts);

#endif
