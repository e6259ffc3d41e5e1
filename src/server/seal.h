/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The seal, for the day of an attack: while the file "sealed" stands in the state folder, nothing is added
 * and nothing removed, whoever asks, also after a restart. Any file of that name is a seal; the one that is
 * made here says when it was made.
 */
#ifndef SERVER_SEAL_H
#define SERVER_SEAL_H

#include <stdbool.h>

#define SEAL_NAME "sealed"

/* Whether it is there, at this moment; when that cannot be told, it is. */
bool seal_is_set(int state);
/* Sets it, durable when this returns 0; ERR_EXISTS: it is there already. */
int seal_set(int state);
/* Takes it away; ERR_NOT_FOUND: there is none. */
int seal_break(int state);

#endif
