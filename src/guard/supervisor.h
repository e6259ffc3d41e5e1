/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The supervisor: starts the roles, wires them, watches them, starts again what dies, and tells systemd.
 * It parses the configuration (a file that root wrote) and messages without contents, and nothing else.
 *
 *   a role died          started again at once; then after 100 ms, doubling to 10 s; a quiet minute forgets
 *   a loop hangs         no answer to MSG_ALIVE for 10 s: killed
 *   the sensor is stopped (SIGSTOP): killed at once, the kernel tells
 *   the gate hangs       see guard/watch.h: killed after 75 to 115 ms
 *   during its own start a role that cannot start ends the guard, with that role's error
 */
#ifndef GUARD_SUPERVISOR_H
#define GUARD_SUPERVISOR_H

#include <stddef.h>

#include "guard/config.h"

/* Runs until SIGTERM or SIGINT (0) or until it cannot (a negative enum err). The caller has checked the
 * configuration, made the folders and holds the lock (guard/premises.h); `text` is what the roles get. */
int supervisor_run(const struct config *config, const char *text, size_t length);

#endif
