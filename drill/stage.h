/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The stage of a drill: a town hall's network in namespaces without names (they vanish with the drill,
 * however it ends), a real Samba server on the share, and the guard.
 *
 *     switch:  bridge          server: 10.77.0.1      infected PC: 10.77.0.11      colleague: 10.77.0.12
 *
 * Nothing of it touches the machine's own network, accounts or Samba; all files lie in the yard.
 */
#ifndef DRILL_STAGE_H
#define DRILL_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "drill/yard.h"

enum stage_place { STAGE_SWITCH, STAGE_SERVER, STAGE_INFECTED, STAGE_COLLEAGUE, STAGE_PLACES };

#define STAGE_SHARE          "partage" /* the name of the share in Samba */
#define STAGE_SERVER_IP      "10.77.0.1"
#define STAGE_INFECTED_IP    "10.77.0.11"
#define STAGE_COLLEAGUE_IP   "10.77.0.12"
#define STAGE_INFECTED_USER  "secretariat"
#define STAGE_COLLEAGUE_USER "urbanisme"
#define STAGE_PASSWORD       "exercice" /* of both; no other network can reach this server */

struct stage {
    const struct yard *yard;
    int net[STAGE_PLACES]; /* network namespaces; -1 when not made */
    pid_t smbd, guard;     /* 0 when not running */
    char *smb_conf;        /* paths in the yard; NULL when not made */
    char *guard_conf;
    const char *beffroi;    /* the program, for the guard and for asking it */
    bool (*canceled)(void); /* asked while waiting; may be NULL */
};

void stage_init(struct stage *s, const struct yard *yard);
/* The networks and, with `samba`, the file server, which answers when this returns. */
int stage_raise(struct stage *s, bool samba);
/* Starts the guard `beffroi` in the server's network and waits until every protected folder has its first
 * snapshot. */
int stage_guard(struct stage *s, const char *beffroi);
/* Ends everything that was started. May be called at any time, and twice. */
void stage_strike(struct stage *s);

/* The two halves of stage_raise. */
int stage_net_raise(struct stage *s);
int stage_samba_raise(struct stage *s);

#endif
