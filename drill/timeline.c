/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/timeline.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "drill/stage.h"
#include "drill/town.h"

#define SHOWN_FILES 12 /* of the attacker's deeds, told one by one */

static void add(struct timeline *t, int64_t time_ns, const char *who, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(struct timeline *t, int64_t time_ns, const char *who, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    t->lines = mem_resize(t->lines, t->count + 1, sizeof *t->lines);
    t->lines[t->count++] = (struct timeline_line){time_ns, who, mem_strdup(text)};
}

static int by_time(const void *a, const void *b)
{
    int64_t x = ((const struct timeline_line *)a)->time_ns, y = ((const struct timeline_line *)b)->time_ns;
    return (x > y) - (x < y);
}

static void add_row(struct timeline *t, const struct run *run, const struct ledger_row *row, const char *who)
{
    const char *kind = run->ledger->attack;
    if (row->note)
        add(t, row->opened_ns, who, _("leaves the ransom note \"%s\""), row->path);
    else if (strcmp(kind, "delete") == 0)
        add(t, row->spoiled_ns, who, _("deletes \"%s\""), row->path);
    else if (strcmp(kind, "truncate") == 0)
        add(t, row->spoiled_ns, who, _("empties \"%s\""), row->path);
    else
        add(t, row->spoiled_ns, who, _("encrypts \"%s\""), row->path);
}

static void add_attack(struct timeline *t, const struct run *run)
{
    const char *who = run->scenario->over_smb ? _("infected PC") : _("attacker");
    const struct ledger_row *refused = NULL, *last = NULL;
    size_t shown = 0, more = 0;
    for (uint32_t i = 0; i < run->ledger->count && i < LEDGER_ROWS; i++) {
        const struct ledger_row *row = &run->ledger->rows[i];
        if (row->spoiled_ns && !row->note && (!t->zero_ns || row->spoiled_ns < t->zero_ns))
            t->zero_ns = row->spoiled_ns;
        if (row->error)
            refused = row;
        if (!row->spoiled_ns)
            continue;
        last = row;
        if (shown++ < SHOWN_FILES)
            add_row(t, run, row, who);
        else
            more++;
    }
    if (more)
        add(t, last->spoiled_ns, who, P_("... and %zu more", "... and %zu more", more), more);
    if (refused && run->scenario->over_smb)
        add(t, refused->opened_ns, who, _("is refused \"%s\": %s"), refused->path, strerror(refused->error));
}

/* The stage's accounts exist for its file server alone; the guard, outside, knows only their numbers. */
static const char *user_name(const struct guard_incident *in)
{
    char number[16];
    snprintf(number, sizeof number, "%u", TOWN_UID_FIRST);
    return strcmp(in->user, number) == 0 ? STAGE_INFECTED_USER : *in->user ? in->user : "?";
}

static void add_incident(struct timeline *t, const struct guard_incident *in)
{
    const char *who = "Beffroi";
    if (in->detected_ns)
        add(t, in->detected_ns, who, _("sounds the alarm (%s)"), in->detector);
    for (size_t i = 0; i < in->reason_count; i++)
        add(t, in->detected_ns, who, _("because %s"), in->reasons[i]);
    for (size_t i = 0; i < in->action_count; i++)
        add(t, in->actions[i].time_ns, who, "%s",
            *in->actions[i].text ? in->actions[i].text : in->actions[i].kind);
    if (in->contained_ns && *in->client)
        add(t, in->contained_ns, who, _("the culprit is stopped: user %s on the PC %s"), user_name(in),
            in->client);
    else if (in->contained_ns)
        add(t, in->contained_ns, who, _("the culprit is stopped: process %lld (%s)"),
            (long long)in->actor_pid, in->exe);
    if (in->recovered_ns)
        add(t, in->recovered_ns, who,
            P_("%lld file is back as it was", "%lld files are back as they were",
               (unsigned long)in->recovered),
            (long long)in->recovered);
}

struct timeline *timeline_make(const struct run *run)
{
    struct timeline *t = mem_zalloc(1, sizeof *t);
    add_attack(t, run);
    if (run->incident)
        add_incident(t, run->incident);
    if (!t->zero_ns && t->count)
        t->zero_ns = t->lines[0].time_ns;
    if (t->count)
        qsort(t->lines, t->count, sizeof *t->lines, by_time);
    return t;
}

void timeline_free(struct timeline *timeline)
{
    if (!timeline)
        return;
    for (size_t i = 0; i < timeline->count; i++)
        free(timeline->lines[i].text);
    free(timeline->lines);
    free(timeline);
}
