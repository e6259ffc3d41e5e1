/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What earlier events told about files: who made them and how they looked last. The sensor draws sketches
 * when a file is written; a later deletion or rename of it comes without, and is completed from here.
 *
 * Limit: KNOWN_FILES. At the limit the oldest in its set is forgotten, and events about it stay as they came.
 */
#ifndef DETECT_KNOWN_H
#define DETECT_KNOWN_H

#include "model/event.h"

#define KNOWN_FILES 8192

struct known;

struct known *known_new(void);
void known_free(struct known *k);
/* Returns `event`, or `scratch` filled with a copy that has what was missing: the sketches of a deletion or
 * rename, and EVENT_FRESH when the actor's own process tree made the file, however often it wrote it since.
 */
const struct event *known_complete(const struct known *k, const struct event *event, struct event *scratch);
/* Remembers what the event tells; after it was completed and weighed. */
void known_learn(struct known *k, const struct event *event);

#endif
