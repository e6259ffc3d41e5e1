/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a detector is. To add one: write its file, put its address into the list of table.c.
 */
#ifndef DETECT_DETECTOR_H
#define DETECT_DETECTOR_H

#include "detect/detect.h"
#include "detect/limits.h"

#define DETECT_FILES_UNKNOWN UINT32_MAX

/* What all detectors of one `struct detect` share; it outlives them. */
struct detect_context {
    struct detect_sink sink;
    struct limits limits;
    size_t tree_count;
    uint32_t *tree_files; /* by tree, as it is now; or DETECT_FILES_UNKNOWN */
};

struct detector {
    const char *name;
    void *(*create)(const struct detect_context *context);
    void (*destroy)(void *state);
    /* `approved`: what its actor does is never a reason for an alert. */
    void (*on_event)(void *state, const struct event *event, bool approved);
    void (*on_tick)(void *state, int64_t monotonic_ns);
    void (*forget)(void *state, const struct actor *who);
};

extern const struct detector detector_ransomware;

/* All detectors, ended by NULL. */
extern const struct detector *const detector_table[];

/* How many files a tree has now; DETECT_FILES_UNKNOWN also when there is no such tree. */
uint32_t detect_context_files(const struct detect_context *context, uint32_t tree);

/* detect_new with other limits than the defaults: for replays and tuning. */
struct detect *detect_new_with(const struct detect_sink *sink, size_t tree_count,
                               const struct limits *limits);

#endif
