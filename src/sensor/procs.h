/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who a process is: its program, user, process tree and, for a file server, its client. Looked up once per
 * process while it is alive (usually while it waits at the gate) and remembered after its death, because
 * its notifications come later. Any thread.
 */
#ifndef SENSOR_PROCS_H
#define SENSOR_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/event.h"

struct procs;

/* The parts of /proc/PID/status that count. */
struct proc_status {
    char name[16];
    int32_t tgid, parent;
    uint32_t uid; /* effective */
};
/* The parts of /proc/PID/stat that count. */
struct proc_stat {
    char name[64];
    int32_t parent, session, terminal;
    uint64_t start;
};

struct procs *procs_new(void);
void procs_free(struct procs *p);

/* The process (tgid) if it is known with this start time and has not run another program since (its name is
 * still `name`); its effective user is set to `uid`. Allocates nothing and reads nothing. */
bool procs_recall(struct procs *p, int32_t pid, uint64_t start, const char *name, uint32_t uid,
                  struct actor *out);
/* Looks the process up and remembers it. For a dead one: what is remembered, else only the pid. */
void procs_look(struct procs *p, int32_t pid, struct actor *out);

/* Parsers of the kernel's texts; false when it is not one. */
bool procs_parse_status(const char *text, size_t length, struct proc_status *out);
bool procs_parse_stat(const char *text, size_t length, struct proc_stat *out);
/* Finds in a table of /proc/PID/net/tcp or tcp6 the peer of the established connection to local port 445 or
 * 139 whose socket is one of `inodes`. An IPv4 address in IPv6 is written as IPv4. */
bool procs_parse_peer(const char *table, size_t length, const uint64_t *inodes, size_t inode_count,
                      char out[static ACTOR_CLIENT_SIZE]);
/* Whether a stop has reached the thread's process: a thread of it stands still, or the signal is pending and
 * will be met before the waiting thread returns to its program. Also true when it is gone. */
bool procs_is_stopped(int32_t tid);
/* The same of one thread, from the text of its status. */
bool procs_parse_stopped(const char *text, size_t length);
/* Whether the process has the file open for writing. */
bool procs_is_writing(int32_t pid, uint64_t device, uint64_t inode);
/* Reads /proc/PID/NAME; returns the length or -1. */
ssize_t procs_read(int32_t pid, const char *name, char *out, size_t size);

#endif
