/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The freezer of control groups, version 2 (Linux 5.2; kernel documentation admin-guide/cgroup-v2:
 * cgroup.freeze, cgroup.events). Inside of respond/ only.
 */
#ifndef RESPOND_CGROUP_H
#define RESPOND_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CGROUP_PATH_SIZE 512

/* Where cgroup version 2 is mounted, from /proc/self/mountinfo; false when it is not. */
bool cgroup_mount(char *out, size_t size);
/* The cgroup v2 of a process, as in /proc/PID/cgroup ("/a/b"); "" unknown. */
void cgroup_of(int32_t pid, char *out, size_t size);
/* Makes `name` in the guard's own cgroup folder, ready to take processes. Negative enum err. */
int cgroup_make(const char *name);
/* Moves a process into the guard's `name`, or back to where it was; back to the root when that is gone. */
int cgroup_put(const char *name, int32_t pid);
int cgroup_return(const char *path, int32_t pid);
/* Freezes or thaws, and waits (at most 500 ms) until the kernel says it is so. */
int cgroup_freeze(const char *name, bool frozen);
/* Calls `each` for the processes in it. */
void cgroup_each(const char *name, void (*each)(int32_t pid, void *self), void *self);
/* Removes it when it is empty. */
void cgroup_remove(const char *name);

#endif
