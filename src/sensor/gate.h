/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The gate: every open() of a file in a protected folder waits here for an answer. Opens for reading and
 * quiet opens for writing are answered by the gate thread alone; whatever may block (copying, looking a
 * process up, reading from the disk) is done by the copiers; the deadline thread answers what takes too long.
 */
#ifndef SENSOR_GATE_H
#define SENSOR_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct gate;
struct sensor;

/* Makes the permission group and its threads. ERR_UNSUPPORTED when this kernel has no permission events. */
int gate_start(struct sensor *s, struct gate **out);
/* Lets all waiting openers through and ends the threads; the gate can still be asked and marked (in vain). */
void gate_stop(struct gate *g);
void gate_free(struct gate *g); /* after gate_stop */
/* From now on the files right in this folder are gated. */
int gate_mark(struct gate *g, int folder_fd);
/* The judge's answer to a hold. */
void gate_synced(struct gate *g, uint64_t token, bool deny);
/* 99 % of the decisions took at most so long. */
uint64_t gate_p99_ns(const struct gate *g);

#endif
