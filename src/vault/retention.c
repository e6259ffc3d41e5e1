/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/retention.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"

static const char *const words[] = {"last snapshot",   "hourly snapshot",  "daily snapshot",
                                    "weekly snapshot", "monthly snapshot", "yearly snapshot"};
static const char *const within_words[] = {"within",        "hourly within",  "daily within",
                                           "weekly within", "monthly within", "yearly within"};

int retention_parse_duration(const char *text, struct retention_duration *out)
{
    *out = (struct retention_duration){0};
    const char *at = text;
    bool fine = *text != '\0';
    while (fine && *at) {
        char *unit;
        unsigned long number = isdigit((unsigned char)*at) ? strtoul(at, &unit, 10) : ULONG_MAX;
        unsigned *field = number > 100000 ? NULL
                          : *unit == 'y'  ? &out->years
                          : *unit == 'm'  ? &out->months
                          : *unit == 'd'  ? &out->days
                          : *unit == 'h'  ? &out->hours
                                          : NULL;
        fine = field && *field == 0;
        if (fine) {
            *field = (unsigned)number;
            at = unit + 1;
        }
    }
    return fine ? 0
                : err_hint(err_set(ERR_INVALID, _("\"%s\" is not a length of time"), text),
                           _("for example: 1y6m, 14d, 36h"));
}

static bool is_none(const struct retention_duration *d)
{
    return d->years == 0 && d->months == 0 && d->days == 0 && d->hours == 0;
}

bool retention_is_empty(const struct retention_policy *policy)
{
    bool empty = policy->tag_count == 0;
    for (int i = 0; i < RETENTION_PERIODS; i++)
        empty = empty && policy->keep[i] == 0 && is_none(&policy->within[i]);
    return empty;
}

static struct tm local(int64_t ns)
{
    time_t seconds = (time_t)(ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0));
    struct tm parts;
    localtime_r(&seconds, &parts);
    return parts;
}

/* The calendar counts: a month back from 31 March is 3 March, as Go has it. */
static int64_t before(int64_t ns, const struct retention_duration *d)
{
    struct tm parts = local(ns);
    parts.tm_year -= (int)d->years;
    parts.tm_mon -= (int)d->months;
    parts.tm_mday -= (int)d->days;
    parts.tm_isdst = -1;
    int64_t second = (int64_t)mktime(&parts) - (int64_t)d->hours * 3600;
    return second * NS_PER_SECOND + (ns % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND;
}

/* A number that all snapshots of one hour, day... share; of the last ones each has its own. */
static int64_t period_of(enum retention_period period, int64_t ns, size_t position)
{
    char week[16];
    struct tm t = local(ns);
    switch (period) {
    case RETENTION_HOURLY:
        return ((t.tm_year * INT64_C(12) + t.tm_mon) * 31 + t.tm_mday) * 24 + t.tm_hour;
    case RETENTION_DAILY:
        return (t.tm_year * INT64_C(12) + t.tm_mon) * 31 + t.tm_mday;
    case RETENTION_WEEKLY:
        strftime(week, sizeof week, "%G%V", &t);
        return strtoll(week, NULL, 10);
    case RETENTION_MONTHLY:
        return t.tm_year * INT64_C(12) + t.tm_mon;
    case RETENTION_YEARLY:
        return t.tm_year;
    case RETENTION_LAST:
    case RETENTION_PERIODS:
        break;
    }
    return (int64_t)position;
}

static void keep(struct retention_verdict *verdict, const char *format, const char *a, const char *b)
{
    char *end = verdict->reasons;
    while (*end)
        end += strlen(end) + 1;
    size_t room = sizeof verdict->reasons - 1 - (size_t)(end - verdict->reasons);
    if (room > 1) /* more reasons than there is room for: it is kept all the same */
        snprintf(end, room, format, a, b);
    verdict->keep = true;
}

static const char *duration_text(const struct retention_duration *d, char out[static 64])
{
    const unsigned numbers[] = {d->years, d->months, d->days, d->hours};
    int length = 0;
    for (int i = 0; i < 4; i++)
        if (numbers[i])
            length += snprintf(out + length, 64 - (size_t)length, "%u%c", numbers[i], "ymdh"[i]);
    return out;
}

/* A rule at work. */
struct rule {
    int64_t left; /* -1: without end */
    int64_t last;
    bool used; /* `last` is set */
    int64_t since_ns;
    bool within;
    char words[96];
};

static void apply_rule(struct rule *rule, enum retention_period period, const struct snapshot *snapshot,
                       size_t position, bool is_oldest, struct retention_verdict *verdict)
{
    if (rule->left == 0 || (rule->within && snapshot->time_ns <= rule->since_ns))
        return;
    int64_t now = period_of(period, snapshot->time_ns, position);
    bool again = rule->used && now == rule->last;
    if (again && !is_oldest)
        return;
    keep(verdict, again ? "oldest %s%s" : "%s%s", rule->words, "");
    rule->last = now;
    rule->used = true;
    if (rule->left > 0)
        rule->left--;
}

static int64_t newest(struct snapshot *const *snapshots, size_t count, int64_t now_ns)
{
    int64_t newest = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        if (snapshots[i]->time_ns > newest && snapshots[i]->time_ns < now_ns)
            newest = snapshots[i]->time_ns;
    return newest == INT64_MIN ? now_ns : newest;
}

static void make_rules(const struct retention_policy *policy, int64_t latest_ns, struct rule numbered[],
                       struct rule timed[])
{
    char text[64] = "";
    for (int i = 0; i < RETENTION_PERIODS; i++) {
        numbered[i] = (struct rule){.left = policy->keep[i]};
        snprintf(numbered[i].words, sizeof numbered[i].words, "%s", words[i]);
        timed[i] = (struct rule){.within = true};
        if (is_none(&policy->within[i]))
            continue;
        timed[i].left = -1;
        timed[i].since_ns = before(latest_ns, &policy->within[i]);
        snprintf(timed[i].words, sizeof timed[i].words, "%s %s", within_words[i],
                 duration_text(&policy->within[i], text));
    }
}

void retention_apply(const struct retention_policy *policy, struct snapshot *const *snapshots, size_t count,
                     int64_t now_ns, struct retention_verdict *verdicts)
{
    struct rule numbered[RETENTION_PERIODS], timed[RETENTION_PERIODS];
    bool all = retention_is_empty(policy);
    make_rules(policy, newest(snapshots, count, now_ns), numbered, timed);
    for (size_t n = 0; n < count; n++) {
        verdicts[n] = (struct retention_verdict){.keep = all};
        for (size_t i = 0; i < policy->tag_count; i++)
            if (snapshot_has_tags(snapshots[n], policy->tags[i]))
                keep(&verdicts[n], "has tags [%s]%s", policy->tags[i], "");
        apply_rule(&timed[RETENTION_LAST], RETENTION_LAST, snapshots[n], n, false, &verdicts[n]);
        for (int i = 0; i < RETENTION_PERIODS; i++)
            apply_rule(&numbered[i], (enum retention_period)i, snapshots[n], n, n + 1 == count, &verdicts[n]);
        for (int i = RETENTION_HOURLY; i < RETENTION_PERIODS; i++)
            apply_rule(&timed[i], (enum retention_period)i, snapshots[n], n, n + 1 == count, &verdicts[n]);
    }
}
