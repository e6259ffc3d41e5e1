/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Starting a role: its program, with nothing open but what the role needs.
 */
#ifndef GUARD_SPAWN_H
#define GUARD_SPAWN_H

#include <sys/types.h>

#include "ipc/message.h"

/* Starts `program` (see program_open) with `control`, `config` and (the sensor) `pulse` as descriptors 3, 4
 * and 5, and an environment of the few variables a role may need. Returns the process or a negative enum err.
 */
pid_t spawn_role(enum role role, int program, int control, int config, int pulse);

#endif
