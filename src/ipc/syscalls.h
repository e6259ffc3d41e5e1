/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The part of a sandbox that is about system calls: a seccomp list that kills by default.
 */
#ifndef IPC_SYSCALLS_H
#define IPC_SYSCALLS_H

/* Allows the loop and the groups in `calls` (enum sandbox_calls) and nothing else; needs no_new_privs.
 * ERR_UNSUPPORTED on a kernel without seccomp filters. */
int syscalls_enter(unsigned calls);

#endif
