/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The guard's own programs: beffroi-guard, which is the supervisor, and beffroi-ROLE for each role. Each is
 * linked with what its role calls and no more: a role's process does not hold the code of the others, nor the
 * libraries they need, which every process would have to map, relocate and keep in memory.
 */
#ifndef GUARD_PROGRAM_H
#define GUARD_PROGRAM_H

/* Opens beffroi-NAME, close-on-exec, for program_run: the one beside the running program (as in the build
 * tree), or else the installed one. PATH is never asked. A descriptor or a negative enum err.
 * Who keeps the descriptor runs the same program again even after the file was replaced by a newer one. */
int program_open(const char *name);
/* Becomes the program; returns only when the kernel refuses, with errno set. Async-signal-safe. */
void program_run(int fd, char *const arguments[], char *const environment[]);

#endif
