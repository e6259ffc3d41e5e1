/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame around the detectors: who is approved, and handing events on.
 */
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "detect/compare.h"
#include "detect/detector.h"
#include "detect/known.h"

#define DETECTORS_MAX 16
#define APPROVALS_MAX 256 /* at the limit the oldest approval is forgotten */

struct approval {
    char client[ACTOR_CLIENT_SIZE]; /* not "": it counts instead of the program */
    char exe[ACTOR_EXE_SIZE];
    uint32_t uid;
    uint32_t tree;
};

struct detect {
    struct detect_context context;
    struct known *known;
    struct event *scratch; /* the event at hand, completed */
    void *states[DETECTORS_MAX];
    size_t approval_count;
    struct approval approvals[APPROVALS_MAX];
};

struct detect *detect_new(const struct detect_sink *sink, size_t tree_count)
{
    return detect_new_with(sink, tree_count, &limits_default);
}

struct detect *detect_new_with(const struct detect_sink *sink, size_t tree_count, const struct limits *limits)
{
    struct detect *d = mem_zalloc(1, sizeof(*d));
    d->known = known_new();
    d->scratch = mem_zalloc(1, sizeof(*d->scratch));
    d->context.sink = *sink;
    d->context.limits = *limits;
    d->context.tree_count = tree_count;
    d->context.tree_files = mem_zalloc(tree_count + 1, sizeof(uint32_t));
    memset(d->context.tree_files, 0xFF, tree_count * sizeof(uint32_t)); /* DETECT_FILES_UNKNOWN */
    for (size_t i = 0; detector_table[i] && i < DETECTORS_MAX; i++)
        d->states[i] = detector_table[i]->create(&d->context);
    return d;
}

void detect_free(struct detect *d)
{
    if (!d)
        return;
    for (size_t i = 0; detector_table[i] && i < DETECTORS_MAX; i++)
        detector_table[i]->destroy(d->states[i]);
    known_free(d->known);
    free(d->scratch);
    free(d->context.tree_files);
    free(d);
}

void detect_set_tree_files(struct detect *d, uint32_t tree, uint32_t files)
{
    if (tree < d->context.tree_count)
        d->context.tree_files[tree] = files;
}

uint32_t detect_context_files(const struct detect_context *context, uint32_t tree)
{
    return tree < context->tree_count ? context->tree_files[tree] : DETECT_FILES_UNKNOWN;
}

/* Between two counts by the sensor, what is made and deleted is counted here: a deletion is measured against
 * what the tree had, and files made a moment ago may be deleted again. */
static void count_on(struct detect *d, const struct event *event)
{
    if ((event->flags & (EVENT_FOLDER | EVENT_SYMLINK)) || event->tree >= d->context.tree_count)
        return;
    uint32_t *files = &d->context.tree_files[event->tree];
    if (*files == DETECT_FILES_UNKNOWN)
        return;
    if (event->kind == EVENT_CREATED && *files < DETECT_FILES_UNKNOWN - 1)
        ++*files;
    else if (event->kind == EVENT_DELETED && *files > 0)
        --*files;
}

static bool is_approved(const struct detect *d, const struct actor *actor, uint32_t tree)
{
    for (size_t i = 0; i < d->approval_count; i++) {
        const struct approval *a = &d->approvals[i];
        if (a->tree != tree || strcmp(a->client, actor->client) != 0)
            continue;
        /* A file server changes its effective user from request to request. */
        if (*a->client || (a->uid == actor->uid && strcmp(a->exe, actor->exe) == 0))
            return true;
    }
    return false;
}

void detect_event(struct detect *d, const struct event *event)
{
    if (event->monotonic_ns < 0)
        return; /* no clock of Linux says so: a malformed event, and all arithmetic counts on it */
    bool approved = is_approved(d, &event->actor, event->tree);
    count_on(d, event);
    event = known_complete(d->known, event, d->scratch);
    for (size_t i = 0; detector_table[i] && i < DETECTORS_MAX; i++)
        detector_table[i]->on_event(d->states[i], event, approved);
    known_learn(d->known, event);
}

void detect_tick(struct detect *d, int64_t monotonic_ns)
{
    for (size_t i = 0; monotonic_ns >= 0 && detector_table[i] && i < DETECTORS_MAX; i++)
        detector_table[i]->on_tick(d->states[i], monotonic_ns);
}

void detect_approve(struct detect *d, const struct actor *who, uint32_t tree)
{
    struct approval a = {.uid = who->uid, .tree = tree};
    if (!*who->exe && !*who->client)
        return; /* an unknown program cannot be told from another */
    memcpy(a.client, who->client, strnlen(who->client, sizeof(a.client) - 1));
    if (!*a.client)
        memcpy(a.exe, who->exe, strnlen(who->exe, sizeof(a.exe) - 1));
    for (size_t i = 0; i < d->approval_count; i++)
        if (memcmp(&d->approvals[i], &a, sizeof(a)) == 0)
            return;
    if (d->approval_count == APPROVALS_MAX)
        memmove(d->approvals, d->approvals + 1, --d->approval_count * sizeof(a));
    d->approvals[d->approval_count++] = a;
}

void detect_forget(struct detect *d, const struct actor *who)
{
    for (size_t i = 0; detector_table[i] && i < DETECTORS_MAX; i++)
        detector_table[i]->forget(d->states[i], who);
}

static bool is_harmful_change(const struct detect *d, const struct event *event)
{
    struct verdict v = compare_sketches(&d->context.limits, &event->old_sketch, &event->new_sketch);
    return v.kind == VERDICT_SPOILED && v.strength >= d->context.limits.harm;
}

bool detect_is_harm(const struct detect *d, const struct event *event)
{
    if ((event->flags & (EVENT_FOLDER | EVENT_SYMLINK)) || is_approved(d, &event->actor, event->tree))
        return false;
    event = known_complete(d->known, event, d->scratch);
    switch (event->kind) {
    case EVENT_WRITTEN:
    case EVENT_TRUNCATED:
        return !(event->flags & EVENT_FRESH) && is_harmful_change(d, event);
    case EVENT_DELETED:
        return !(event->flags & EVENT_FRESH) && event->before.size > 0;
    case EVENT_RENAMED:
        return event->replaced.inode != 0 && is_harmful_change(d, event);
    default:
        return false;
    }
}
