/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The notification thread: marks and scans the trees, reads what the kernel tells about them, keeps the
 * catalog and gives events.
 */
#ifndef SENSOR_NOTIFY_H
#define SENSOR_NOTIFY_H

#include <stdint.h>

#include "model/event.h"

struct notify;
struct sensor;

/* Opens the notification groups for the trees' file systems; the thread starts with notify_run. What cannot
 * be seen on this kernel is appended to s->blind_to. */
int notify_start(struct sensor *s, struct notify **out);
int notify_run(struct notify *n);
void notify_stop(struct notify *n);
/* A copier asks (any thread): give all events that happened up to now, then call ops->sync. */
void notify_sync(struct notify *n, uint64_t token, const struct actor *actor);
/* What the vault holds of a tree is known (any thread): what it does not hold is copied aside soon. */
void notify_listed(struct notify *n, uint32_t tree);
/* As sensor_flush (any thread but the notification thread). */
void notify_flush(struct notify *n, const struct actor *who);

#endif
