/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is counted, and how it is told: the text format of Prometheus.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdint.h>

#include "base/buf.h"

/* Why something was refused; the words stand in the journal, too. */
enum refusal {
    REFUSED_NOT,
    REFUSED_LOGIN,       /* "login" */
    REFUSED_LOGINS,      /* "too-many-logins": put off */
    REFUSED_OTHERS,      /* "not-yours": the repository of somebody else */
    REFUSED_APPEND_ONLY, /* "append-only" */
    REFUSED_LOCK,        /* "lock-of-another" */
    REFUSED_SEALED,      /* "sealed" */
    REFUSED_QUOTA,       /* "quota" */
    REFUSED_DISK,        /* "disk-full" */
    REFUSED_EXISTS,      /* "exists" */
    REFUSED_HASH,        /* "wrong-hash" */
    REFUSED_TOO_LARGE,   /* "too-large" */
    REFUSED_PATH,        /* "path": malformed */
    REFUSED_METHOD,      /* "method" */
    REFUSED_BUSY,        /* "busy" */
    REFUSED_BROKEN,      /* "failed": the disk or the folder does not let us */
    REFUSED_COUNT
};
const char *refusal_word(enum refusal refusal);

struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* One request that is over. `repository` (NULL: none that is there, or whoever asked was not let in) is
 * counted by itself, up to METRICS_REPOSITORIES of them; the rest together, as "...". */
#define METRICS_REPOSITORIES 4096
struct metrics_request {
    const char *method;     /* of static storage */
    const char *repository; /* may be NULL */
    unsigned status;
    uint64_t received, sent; /* bytes of bodies */
    unsigned added, removed; /* objects */
    enum refusal refusal;
};
void metrics_count(struct metrics *metrics, const struct metrics_request *request);
void metrics_put(struct metrics *metrics, struct buf *out);
/* One sample without labels, with its HELP and TYPE ("gauge", "counter") lines. */
void metrics_put_one(struct buf *out, const char *name, const char *type, const char *help, uint64_t value);
/* The value of a label: quoted, and escaped as Prometheus wants it. */
void metrics_put_label(struct buf *out, const char *text);

#endif
