/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Detection: events in, alerts out. No I/O, no clock of its own, no memory of files' contents: everything it
 * knows came in an event, so a recorded trace replays exactly.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/event.h"

struct detect;

struct detect_sink {
    /* An attack. Called again for the same culprits only when they harm on after they were let go. */
    void (*alert)(const struct alert *alert, void *self);
    /* Somebody looks wrong but not yet guilty (or no longer): hold his opens until his events are weighed.
     * Which fields of `who` count depends on the scope. */
    void (*watch)(enum scope scope, const struct actor *who, uint32_t tree, bool on, void *self);
    void *self;
};

struct detect *detect_new(const struct detect_sink *sink, size_t tree_count);
void detect_free(struct detect *d);
/* How many files a protected tree has: mass deletion is measured against it. Not known until the first call;
 * between two calls the events themselves are counted. */
void detect_set_tree_files(struct detect *d, uint32_t tree, uint32_t files);
void detect_event(struct detect *d, const struct event *event);
/* About once a second: lets old scores fade. Monotonic time, as in the events. */
void detect_tick(struct detect *d, int64_t monotonic_ns);
/* This program (its exe), run by this user, on this tree, is never again a reason for an alert; when `who`
 * has a client, this client instead: the program is then only the file server that works for everybody. */
void detect_approve(struct detect *d, const struct actor *who, uint32_t tree);
/* Forgets the scores of an actor, of his client and of his user: he was let go, and rings again only if he
 * harms on. For somebody who was stopped for good there is no need to call it. */
void detect_forget(struct detect *d, const struct actor *who);
/* Whether this single event spoiled or removed contents that mattered: what the incident counts. */
bool detect_is_harm(const struct detect *d, const struct event *event);

#endif
