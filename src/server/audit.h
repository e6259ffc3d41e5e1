/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is written into the journal: each object that came or went, what was refused, the seal. One thread
 * writes, and signs what came in half a second at once; nobody waits for it. What is refused again and again
 * (same action, reason, repository, user and address) is told once, and then once a minute how often; of more
 * than 200 such in a minute, only how many there were. When
 * the journal cannot be written, what is to be told waits; what is too much to wait is counted, and told of
 * when it can be.
 */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "blob/store.h"
#include "server/target.h"

struct audit;

/* As struct server_event of journal/entry.h; what is too long is cut. */
struct audit_event {
    const char *action;          /* of static storage */
    const char *reason;          /* of static storage; "": not refused */
    const struct target *target; /* NULL: of the server itself */
    const char *user, *address;  /* may be NULL */
    uint64_t bytes;
    int severity;
};

/* Opens the journal below the state folder and starts the thread, after which this process has more than
 * one. ERR_LOCKED: another server has it. */
int audit_open(int state, struct audit **out);
/* The thread: after the sandbox was entered. */
int audit_start(struct audit *audit);
void audit_tell(struct audit *audit, const struct audit_event *event);
/* Writes what waits, and ends. NULL is fine. */
void audit_close(struct audit *audit);

struct audit_figures {
    uint64_t entries, waiting, lost; /* in the journal; not yet there; never will be */
};
struct audit_figures audit_figures(struct audit *audit);

#endif
