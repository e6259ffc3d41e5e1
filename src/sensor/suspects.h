/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whom the judge wants to be asked about (watched) and whom he wants stopped or refused (condemned).
 */
#ifndef SENSOR_SUSPECTS_H
#define SENSOR_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/alert.h"

struct suspects;

enum verdict { VERDICT_QUIET, VERDICT_WATCHED, VERDICT_CONDEMNED };

struct suspects *suspects_new(void);
void suspects_free(struct suspects *s);
void suspects_watch(struct suspects *s, enum scope scope, const struct actor *who, uint32_t tree, bool on);
void suspects_condemn(struct suspects *s, const struct actor *who, bool on);
/* False when nobody at all is watched or condemned: the usual case, one atomic read. */
bool suspects_any(const struct suspects *s);
/* `tree` may be UINT32_MAX: not known; then every watched tree counts. Allocates nothing. */
enum verdict suspects_ask(struct suspects *s, const struct actor *who, uint32_t tree);

#endif
