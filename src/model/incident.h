/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An incident: the story the journal tells about one attack. A projection; the journal is the truth.
 */
#ifndef MODEL_INCIDENT_H
#define MODEL_INCIDENT_H

#include <stddef.h>
#include <stdint.h>

#include "model/alert.h"
#include "model/order.h"

enum incident_state {
    INCIDENT_OPEN = 1,      /* noticed */
    INCIDENT_CONTAINED = 2, /* the culprit is stopped */
    INCIDENT_RECOVERED = 3, /* and the files are back */
    INCIDENT_DISMISSED = 4, /* a person said it was a false alarm; everything undone */
    INCIDENT_CLOSED = 5,    /* a person has dealt with it */
};

struct incident {
    uint32_t id; /* from 1, in the order of the journal */
    enum incident_state state;
    struct alert alert; /* the first alert, with its culprits as they are known now */
    char detector[32];  /* alert.detector points here */
    char username[64];  /* of the remote session or of the uid, once known */
    char tree_path[EVENT_PATH_SIZE];
    int64_t contained_ns; /* 0: not yet */
    int64_t recovered_ns;
    int64_t dismissed_ns;
    int64_t closed_ns;
    uint32_t recovered;     /* files put back */
    uint32_t kept;          /* files of which both versions were kept */
    uint32_t lost;          /* files that could not be had back */
    struct action *actions; /* in the order of time; owned */
    size_t action_count;
};

const char *incident_state_name(enum incident_state state);
void incident_free(struct incident *incident); /* frees what it owns, not the struct; NULL is fine */

#endif
