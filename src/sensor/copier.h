/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The copiers: threads that do for a waiting opener what may take time. Copy the file aside, look the
 * opener up, draw the picture of before, ask the judge if he is watched.
 */
#ifndef SENSOR_COPIER_H
#define SENSOR_COPIER_H

#include "sensor/jobs.h"

struct copiers;
struct sensor;

int copiers_start(struct sensor *s, struct jobs *jobs, size_t count, struct copiers **out);
/* After jobs_end: waits for them. NULL is fine. */
void copiers_join(struct copiers *c);

#endif
