/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The part of a sandbox that is about files: linux/landlock.h by its three system calls. The numbers are
 * those of the kernel's documentation (Documentation/userspace-api/landlock.rst); the rights of newer
 * versions are named here because the build machine's header may not know them.
 */
#ifndef IPC_LANDLOCK_H
#define IPC_LANDLOCK_H

#include <stddef.h>

#include "ipc/sandbox.h"

/* Confines the process to the paths of `s`. ERR_UNSUPPORTED on a kernel without landlock (5.13) or where it
 * is off. Needs no_new_privs. */
int landlock_enter(const struct sandbox *s);

#endif
