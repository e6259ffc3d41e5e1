/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The roles of this build, and who talks to whom.
 */
#ifndef GUARD_ROLES_H
#define GUARD_ROLES_H

#include <stdbool.h>

#include "guard/role.h"

/* ROLE_COUNT when there is no role of that name. */
enum role roles_find(const char *name);
bool roles_talk(enum role a, enum role b);

/* The order in which they are started; they are stopped the other way round, but for the sensor, which is
 * stopped before the scribe, so that the gate's end is still journaled. Ends with ROLE_SUPERVISOR. */
extern const enum role roles_start_order[];
extern const enum role roles_stop_order[];

/* What each role does; each is linked into the program of its role alone. */
extern const struct role_ops role_sensor_ops;
extern const struct role_ops role_judge_ops;
extern const struct role_ops role_actor_ops;
extern const struct role_ops role_vault_ops;
extern const struct role_ops role_api_ops;
extern const struct role_ops role_scribe_ops;

#endif
