/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs the detectors again over a recorded trace, and says for each event what they made of it.
 */
#ifndef DETECT_REPLAY_H
#define DETECT_REPLAY_H

#include "base/buf.h"
#include "detect/compare.h"
#include "detect/detect.h"
#include "detect/limits.h"

/* What one event looks like on its own. */
struct replay_opinion {
    struct verdict verdict; /* before against after */
    enum look look;         /* of what is there afterwards */
    bool harm;              /* detect_is_harm */
};

struct replay_sink {
    /* Each may be NULL. `event` comes before the alerts and watches it causes. */
    void (*event)(const struct event *event, const struct replay_opinion *opinion, void *self);
    void (*alert)(const struct alert *alert, void *self);
    void (*watch)(enum scope scope, const struct actor *who, uint32_t tree, bool on, void *self);
    void *self;
};

/* `limits`: NULL for the defaults. 0, or what trace_open and trace_next return. Trees above 1024 are
 * replayed without their file counts. */
int replay_trace(const void *bytes, size_t length, const struct limits *limits,
                 const struct replay_sink *sink);

/* The opinion in a line of text for people ("was a PDF document, is now bytes of no known type: 1000"). */
void replay_describe(const struct event *event, const struct replay_opinion *opinion, char *out, size_t size);

/* The trace's result in a few stable lines, for golden tests and for comparing two versions:
 *   events N harm N watched N
 *   alert SCOPE SEVERITY at EVENT harm N touched N spoiled N culprits N
 *     REASON                                                     (one per reason)
 */
int replay_summary(const void *bytes, size_t length, const struct limits *limits, struct buf *out);

#endif
