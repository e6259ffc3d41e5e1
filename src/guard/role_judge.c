/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The judge's process: judge.h in a role.
 */
#include <jansson.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "guard/judge.h"
#include "guard/role.h"
#include "guard/roles.h"

static struct judge *judge;

static void send_to(enum role to, const struct message *m, void *self)
{
    (void)self;
    int err = role_send(to, m);
    /* A peer that is away is told all that still matters when it is back. */
    if (err && err != ERR_CLOSED)
        log_error("%s did not get a message: %s", role_name(to), err_text());
}

static void tick(void *self)
{
    judge_tick(self);
}

static int start(const struct config *config, sd_event *loop)
{
    (void)loop;
    static const struct judge_ops ops = {.send = send_to};
    json_object_seed(0); /* jansson would open /dev/urandom later, inside the sandbox */
    judge = judge_new(config, &clock_system, &ops, NULL);
    return role_every(NS_PER_SECOND, tick, judge);
}

static void wired(enum role peer)
{
    judge_peer(judge, peer, true);
}

static void peer_lost(enum role peer)
{
    judge_peer(judge, peer, false);
}

static void message(enum role peer, struct message *m, int fd)
{
    (void)fd;
    judge_message(judge, peer, m);
}

static void stop(void)
{
    judge_stop(judge);
}

/* The journal may be away for a while, with a full disk. */
#define BACKLOG ((size_t)64 << 20)

const struct role_ops role_judge_ops = {
    .start = start,
    .wired = wired,
    .message = message,
    .peer_lost = peer_lost,
    .stop = stop,
    .backlog = BACKLOG,
};
