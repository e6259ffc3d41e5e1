/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Times written after a sample, as Go's time.Format does it: the sample shows how
 * Mon Jan 2 15:04:05 2006 -0700 MST would be written. Source: Go's package time, "Layout".
 */
#ifndef MOUNT_GOTIME_H
#define MOUNT_GOTIME_H

#include <stdint.h>

#include "base/buf.h"

#define GOTIME_RFC3339 "2006-01-02T15:04:05Z07:00"

/* Appends the moment `wall_ns` as a clock shows it that is `zone_s` seconds east of UTC. What the sample
 * holds besides parts of a time is copied. */
void gotime_put(struct buf *out, const char *sample, int64_t wall_ns, int32_t zone_s);

#endif
