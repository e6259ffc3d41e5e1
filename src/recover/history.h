/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each actor did to the protected trees lately, kept small, so that exactly his changes can be taken
 * back. Bounded: HISTORY_MAX changes in all; then the oldest changes of actors without an incident go first.
 */
#ifndef RECOVER_HISTORY_H
#define RECOVER_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

#define HISTORY_MAX 400000

struct history;

/* A change, in the order it happened: the parts of an event that taking it back needs. */
struct change {
    uint64_t sequence;
    enum event_kind kind;
    uint32_t flags;
    uint32_t tree;
    const char *path;     /* borrowed from the history */
    const char *new_path; /* of a rename, else "" */
    struct version before;
    struct version replaced;
    struct filestate after;
};

struct history *history_new(void);
void history_free(struct history *h);
void history_add(struct history *h, const struct event *event);
/* Calls `each` for all changes made by the culprits (same client if they have one, else same process tree)
 * from `since_ns` (monotonic) on, oldest first, and from then on keeps them for this incident's plan (0: for
 * none): two plans that take back the same change would meet each other's work. Returns how many were left
 * out since another has them; those that made what a later change found are given all the same. */
size_t history_of(struct history *h, const struct actor *culprits, size_t count, int64_t since_ns,
                  uint32_t incident, void (*each)(const struct change *change, void *self), void *self);
/* Keeps the changes of these actors whatever happens, until history_release: an incident needs them. */
void history_pin(struct history *h, const struct actor *culprits, size_t count);
void history_release(struct history *h, const struct actor *culprits, size_t count);

#endif
