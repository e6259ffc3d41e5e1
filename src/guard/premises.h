/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must be there before the roles start: the state folder and its rooms, the lock that keeps a second
 * guard out, the vault's password.
 */
#ifndef GUARD_PREMISES_H
#define GUARD_PREMISES_H

#include <stdbool.h>

#include "guard/config.h"

/* Makes the state folder (mode 0700; journal/, shadow/, held/, incidents/, cache/ in it), the socket's folder
 * and the repository's if it is one, and takes the lock <state>/guard.lock. *lock is the descriptor that
 * holds it: keep it open. ERR_LOCKED names the process that guards already; ERR_INVALID when the state folder
 * belongs to somebody else or others may write in it. */
int premises_open(const struct config *config, int *lock);

/* Makes the vault's password file (32 random bytes in hexadecimal, mode 0400) if there is none and no
 * repository either; ERR_NOT_FOUND for a remote one, of which nobody can tell yet. *made says that it did:
 * the user must be told to write it down. */
int premises_password(const struct config *config, bool *made);

#endif
