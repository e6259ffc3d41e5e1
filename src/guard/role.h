/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What every role has in common: it is a program of its own, started by the supervisor with descriptors and
 * nothing else, one loop, one thread to begin with. The order of its life:
 *
 *   start      still root: opens what it needs (the sandbox forbids it afterwards)
 *   sandbox    guard/bounds.h says what it may do from here on
 *   confined   starts its threads, which are confined too
 *   READY      then the loop: wired, message, peer_lost, guard_pid
 *   stop       on MSG_STOP or when the supervisor is gone; then the process ends
 *
 * All callbacks run on the loop's thread. Other threads reach it with role_post.
 */
#ifndef GUARD_ROLE_H
#define GUARD_ROLE_H

#include <systemd/sd-event.h>

#include "guard/config.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "ipc/pulse.h"

/* Descriptors that a role finds open. */
enum { ROLE_FD_CONTROL = 3, ROLE_FD_CONFIG = 4, ROLE_FD_PULSE = 5 };

/* A role whose `start` or `confined` fails ends with this status: starting it again will not help, so during
 * the guard's own start the supervisor gives up. */
#define ROLE_EXIT_START 78

struct role_ops {
    /* 0 or a negative enum err whose text is logged. */
    int (*start)(const struct config *config, sd_event *loop);
    /* As `start`, but inside the sandbox. May be NULL. */
    int (*confined)(void);
    /* There is a channel to `peer` (again): role_send reaches it. May be NULL. */
    void (*wired)(enum role peer);
    /* A message from a peer, or from ROLE_SUPERVISOR: MSG_ROLE_LOST (to the judge). `fd` came along (the
     * callee owns it) or is -1. The message is freed afterwards; what is kept must be taken out of it. */
    void (*message)(enum role peer, struct message *m, int fd);
    /* The peer died or its channel broke; `wired` tells when it is back. May be NULL. */
    void (*peer_lost)(enum role peer);
    /* One of the guard's own processes (sensor: let it through; actor: never touch it). May be NULL. */
    void (*guard_pid)(enum role role, int32_t pid, bool on);
    /* Finish: what must be on the disk is written, threads are joined. May be NULL. */
    void (*stop)(void);
    /* Bytes that may wait for one peer before role_send gives ERR_TOO_LARGE; 0: 8 MiB. */
    size_t backlog;
};

/* The life of a role; returns the exit status. */
int role_main(enum role role, const struct role_ops *ops);

/* For the role's own code. */
enum role role_self(void);
sd_event *role_loop(void);
const struct config *role_config(void); /* lives as long as the process */
/* The sensor's pulse, mapped; NULL in other roles. */
struct gate_pulse *role_pulse(void);
/* ERR_CLOSED while there is no channel to `peer`; else as channel_send. */
int role_send(enum role peer, const struct message *m);
int role_send_fd(enum role peer, const struct message *m, int fd);
/* Bytes that wait to be sent to `peer`; 0 without a channel. */
size_t role_backlog(enum role peer);
bool role_is_wired(enum role peer);
/* From any thread: `call(argument)` will run on the loop's thread, in the order of the posts. */
void role_post(void (*call)(void *argument), void *argument);
/* Calls `call(argument)` every `every_ns`, first after one period; until the process ends. */
int role_every(int64_t every_ns, void (*call)(void *argument), void *argument);

/* Makes the sandbox of `role` for this configuration and enters it; for role_main and role-try. */
int role_confine(enum role role, const struct config *config);

#endif
