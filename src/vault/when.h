/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dates as people write them in options, with restic's forms.
 */
#ifndef VAULT_WHEN_H
#define VAULT_WHEN_H

#include <stdint.h>

/* Reads "2026-11-28" or "28.11.2026", then nothing (midnight), "14:30", "14:30:05", or the latter with a
 * zone:
 * "+0100", "UTC", or a name that this machine's zone has. Without one it is local time. ERR_INVALID. */
int when_parse(const char *text, int64_t *wall_ns);

#endif
