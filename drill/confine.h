/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walls around a simulator: mount, process, network, IPC and host name spaces of its own, everything it
 * can see mounted read-only but the one share (or nothing at all), an unprivileged user without a single
 * capability. confine_check looks from inside whether all that is so; no simulator touches a file before.
 */
#ifndef DRILL_CONFINE_H
#define DRILL_CONFINE_H

#include <stdint.h>
#include <sys/types.h>

#include "drill/yard.h"

struct confine {
    const struct yard *yard;
    bool writable; /* the share stays writable; else all is read-only */
    int netns;     /* network namespace to join, or -1 for a new one without any interface */
    uid_t uid;     /* neither of them 0 */
    gid_t gid;
    /* The caller's own namespaces, to tell them from the new ones; filled by confine_note. */
    ino_t outside[3];
};

/* Notes the caller's namespaces. Call before fork. */
int confine_note(struct confine *c);
/* In a child of its own: raises the walls and returns in a grandchild that is process 1 of its process
 * namespace and leads a session of its own; the child itself waits for it and exits as it did. *share is the
 * share, opened anew inside (-1 unless `writable`). Neither outlives the caller. */
int confine_enter(const struct confine *c, int *share);
/* From inside: ERR_PERMISSION unless every wall stands. Done by confine_enter too. */
int confine_check(const struct confine *c);

#endif
