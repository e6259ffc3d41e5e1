/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "detect/detector.h"
#include "detect/reasons.h"
#include "detect/trace.h"

#define REPLAY_TREES 1024

static void replay_event(struct detect *d, const struct limits *limits, const struct event *event,
                         const struct replay_sink *sink)
{
    struct replay_opinion opinion = {
        .verdict = compare_sketches(limits, &event->old_sketch, &event->new_sketch),
        .look = compare_look(limits, &event->new_sketch),
        .harm = detect_is_harm(d, event),
    };
    if (sink->event)
        sink->event(event, &opinion, sink->self);
    detect_event(d, event);
}

int replay_trace(const void *bytes, size_t length, const struct limits *limits,
                 const struct replay_sink *sink)
{
    struct reader r;
    struct detect_sink inner = {sink->alert, sink->watch, sink->self};
    int result = trace_open(&r, bytes, length);
    if (result < 0)
        return result;
    if (!limits)
        limits = &limits_default;
    struct detect *d = detect_new_with(&inner, REPLAY_TREES, limits);
    struct trace_record *record = mem_zalloc(1, sizeof(*record));
    while ((result = trace_next(&r, record)) > 0) {
        if (record->kind == TRACE_TREE)
            detect_set_tree_files(d, record->tree, record->files);
        else if (record->kind == TRACE_TICK)
            detect_tick(d, record->monotonic_ns);
        else
            replay_event(d, limits, &record->event, sink);
    }
    free(record);
    detect_free(d);
    return result;
}

void replay_describe(const struct event *event, const struct replay_opinion *opinion, char *out, size_t size)
{
    const char *before = _(filetype_label((enum filetype)event->old_sketch.filetype));
    const char *after = _(filetype_label((enum filetype)event->new_sketch.filetype));
    switch (opinion->verdict.kind) {
    case VERDICT_UNKNOWN:
        snprintf(out, size, "%s", _("could not be compared"));
        break;
    case VERDICT_UNCHANGED:
        snprintf(out, size, "%s", _("unchanged"));
        break;
    case VERDICT_FILLED:
        snprintf(out, size, _("new: %s"), after);
        break;
    case VERDICT_EDITED:
        snprintf(out, size, _("edited: was %s, is %s"), before, after);
        break;
    case VERDICT_SPOILED:
        snprintf(out, size, _("spoiled (%s, %d of 1000): was %s, is %s"),
                 reasons_spoil_name(opinion->verdict.spoil), opinion->verdict.strength, before, after);
        break;
    }
}

struct summary {
    struct buf *out; /* the alerts' lines */
    uint64_t events, harm, watched;
};

static void count_event(const struct event *event, const struct replay_opinion *opinion, void *self)
{
    struct summary *s = self;
    (void)event;
    s->events++;
    s->harm += opinion->harm;
}

static void count_watch(enum scope scope, const struct actor *who, uint32_t tree, bool on, void *self)
{
    struct summary *s = self;
    (void)scope;
    (void)who;
    (void)tree;
    s->watched += on;
}

static void print_alert(const struct alert *alert, void *self)
{
    struct summary *s = self;
    buf_printf(s->out, "alert %s %s at %" PRIu64 " harm %" PRIu64 " touched %u spoiled %u culprits %zu\n",
               scope_name(alert->scope), severity_name(alert->severity), alert->last_sequence, s->harm,
               alert->touched, alert->spoiled, alert->culprit_count);
    for (size_t i = 0; i < alert->reason_count; i++)
        buf_printf(s->out, "  %s\n", alert->reasons[i]);
}

int replay_summary(const void *bytes, size_t length, const struct limits *limits, struct buf *out)
{
    struct buf alerts;
    buf_init(&alerts, 1 << 20);
    struct summary s = {.out = &alerts};
    struct replay_sink sink = {count_event, print_alert, count_watch, &s};
    int result = replay_trace(bytes, length, limits, &sink);
    if (result == 0) {
        buf_printf(out, "events %" PRIu64 " harm %" PRIu64 " watched %" PRIu64 "\n", s.events, s.harm,
                   s.watched);
        buf_put(out, alerts.data, alerts.length);
    }
    buf_free(&alerts);
    return result;
}
