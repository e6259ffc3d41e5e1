/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a detector found: an attack under way, its reasons, and who is behind it.
 */
#ifndef MODEL_ALERT_H
#define MODEL_ALERT_H

#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

enum severity { SEVERITY_LOW = 1, SEVERITY_MEDIUM = 2, SEVERITY_HIGH = 3, SEVERITY_CRITICAL = 4 };

/* What the detector added up over. */
enum scope { SCOPE_PROCESS_TREE = 1, SCOPE_USER = 2, SCOPE_CLIENT = 3, SCOPE_TREE = 4 };

#define ALERT_REASONS     6
#define ALERT_REASON_SIZE 200
#define ALERT_CULPRITS    32

struct alert {
    const char *detector; /* its name: "ransomware"; static */
    enum severity severity;
    enum scope scope;
    int64_t time_ns;        /* wall clock, when the detector decided */
    int64_t first_harm_ns;  /* the first change that counted */
    int64_t since_ns;       /* the same of all culprits, monotonic; not journaled; 0: not known */
    int64_t decisive_ns;    /* when the change that tipped the scale was made */
    uint64_t last_sequence; /* the event that tipped the scale */
    uint32_t tree;
    uint32_t touched; /* files changed by the culprits so far */
    uint32_t spoiled; /* of these, files whose contents were ruined or removed */
    size_t reason_count;
    char reasons[ALERT_REASONS][ALERT_REASON_SIZE]; /* whole sentences, already translated for people */
    size_t culprit_count;
    struct actor culprits[ALERT_CULPRITS]; /* one per process tree or client */
};

const char *severity_name(enum severity severity);
const char *scope_name(enum scope scope);

#endif
