/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shutting a remote client of Samba out. One smbd serves one client's connection: these are stopped first,
 * which takes effect at once; then the address is dropped, then its sessions end. SIGTERM is sent before
 * SIGCONT: smbd's event loop looks at signals before it looks at sockets, so no further request of the client
 * runs. The smbd that listens and those of other clients are never touched.
 *
 * Needs: what freeze.c, wall.c and samba.c need, and CAP_SYS_PTRACE to read /proc/PID/fd of smbd.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "respond/responder.h"
#include "respond/samba.h"
#include "respond/sockets.h"
#include "respond/wall.h"

#define SOCKETS_MOST 1024
#define ASK_MS       700
#define END_WAIT     (2 * NS_PER_SECOND)
#define KILL_WAIT    (1 * NS_PER_SECOND)

struct hunt {
    struct proclist found;
    const uint64_t *inodes;
    size_t inode_count;
};

static bool is_smbd(const struct proc *p)
{
    return strncmp(p->comm, "smbd", 4) == 0;
}

/* The smbd that listens is the parent of those that serve; its own parent is not an smbd. */
static bool serves_a_client(const struct proc *p)
{
    struct proc parent = {.pidfd = -1};
    return is_smbd(p) && proc_read(p->parent, &parent) && is_smbd(&parent);
}

static void stop_serving(struct hunt *h, int32_t pid, uint64_t start)
{
    struct proc p;
    if (proclist_has(&h->found, pid) || !proc_open(pid, start, &p))
        return;
    if (!serves_a_client(&p)) {
        proc_close(&p);
        return;
    }
    proc_signal(&p, SIGSTOP);
    proclist_add(&h->found, &p);
}

static void stop_if_connected(int32_t pid, void *self)
{
    struct hunt *h = self;
    struct proc p = {.pidfd = -1};
    if (!proclist_has(&h->found, pid) && proc_read(pid, &p) && serves_a_client(&p) &&
        sockets_held(pid, h->inodes, h->inode_count))
        stop_serving(h, pid, p.start);
}

/* Any smbd at all, to find the network namespace when the culprit's own is gone. */
static void remember_smbd(int32_t pid, void *self)
{
    struct proc p = {.pidfd = -1};
    int32_t *found = self;
    if (*found == 0 && proc_read(pid, &p) && is_smbd(&p))
        *found = pid;
}

/* Stops all smbd that are connected with the address. */
static void stop_connected(struct hunt *h, int32_t server, const char *address)
{
    uint64_t inodes[SOCKETS_MOST];
    h->inode_count = server > 0 ? sockets_of(server, address, inodes, SOCKETS_MOST) : 0;
    h->inodes = inodes;
    if (h->inode_count > 0)
        proc_all(stop_if_connected, h);
    h->inodes = NULL;
}

static int check(struct respond *r, const struct order *order)
{
    char address[WALL_ADDRESS_SIZE];
    (void)r;
    return wall_address(order->culprit.client, address);
}

/* Ends the stopped ones; those that do not end in time are killed. Returns how many are still there. */
static size_t end_sessions(const struct proclist *list)
{
    size_t left = 0;
    for (size_t i = 0; i < list->count; i++) {
        proc_signal(&list->items[i], SIGTERM);
        proc_signal(&list->items[i], SIGCONT);
    }
    int64_t until = clock_system.monotonic_ns(clock_system.self) + END_WAIT;
    for (size_t i = 0; i < list->count; i++)
        if (!proc_wait_gone(&list->items[i], until)) {
            proc_signal(&list->items[i], SIGKILL);
            left += !proc_wait_gone(&list->items[i], until + KILL_WAIT);
        }
    return left;
}

/* The name of the client's user, while Samba still knows the session; and any session that no socket led to.
 */
static void ask_samba(struct respond *r, struct hunt *h, const char *address, char *user, size_t size)
{
    struct samba_sessions sessions = {0};
    char machine[WALL_ADDRESS_SIZE];
    user[0] = '\0';
    if (samba_sessions(r->options.samba_config, ASK_MS, &sessions) != 0)
        return;
    for (size_t i = 0; i < sessions.count; i++) {
        const struct samba_session *s = &sessions.items[i];
        bool same = wall_address(s->machine, machine) == 0 && strcmp(machine, address) == 0;
        if (!same && !proclist_has(&h->found, s->pid))
            continue;
        if (s->username[0])
            snprintf(user, size, "%s", s->username);
        if (same)
            stop_serving(h, s->pid, 0);
    }
    samba_sessions_free(&sessions);
}

static void say(struct action *action, const char *address, const char *user, const struct hunt *h,
                size_t left, int dropped)
{
    size_t ended = h->found.count - left;
    char who[200], more[240] = "";
    if (user[0])
        snprintf(who, sizeof who, _("%s (user %s)"), address, user);
    else
        snprintf(who, sizeof who, "%s", address);
    if (wall_is_loopback(address))
        snprintf(more, sizeof more, _("; the address is this machine's own and is not dropped"));
    else if (dropped != 0)
        snprintf(more, sizeof more, _("; its packets are not dropped: %.150s"), err_text());
    action->done = (uint32_t)ended;
    action->failed = (uint32_t)left;
    action->result = left == 0 && (dropped == 0 || wall_is_loopback(address)) ? ACTION_DONE : ACTION_PARTLY;
    snprintf(action->text, sizeof action->text,
             P_("locked out %s: %zu session ended%s%s", "locked out %s: %zu sessions ended%s%s", ended), who,
             ended, left > 0 ? _(" (others resist)") : "", more);
}

static void execute(struct respond *r, const struct order *order, struct action *action)
{
    struct hunt h = {0};
    char address[WALL_ADDRESS_SIZE], user[64];
    size_t waiting;
    int32_t server = 0;
    wall_address(order->culprit.client, address);
    struct contained *e = containment_take(&r->containment, order);
    (void)containment_save(&r->containment,
                           false); /* so that a crash leaves nobody stopped for good: see reapply */
    stop_serving(&h, order->culprit.pid, order->culprit.start);
    if (h.found.count > 0)
        server = h.found.items[0].pid;
    else
        proc_all(remember_smbd, &server);
    stop_connected(&h, server, address);
    (void)proclist_wait_stopped(&h.found, &waiting);
    action->time_ns = r->options.clock->wall_ns(r->options.clock->self);

    e->namespace = server > 0 ? wall_namespace(server) : wall_namespace(0);
    int dropped = 0;
    if (!wall_is_loopback(address))
        dropped = wall_drop(server, address);
    char why[200];
    snprintf(why, sizeof why, "%.199s", err_text());
    stop_connected(&h, server, address); /* who came back before the drop */
    ask_samba(r, &h, address, user, sizeof user);
    snprintf(r->last_client, sizeof r->last_client, "%s", order->culprit.client);
    snprintf(r->last_user, sizeof r->last_user, "%s", user);
    size_t left = end_sessions(&h.found);
    (void)samba_kill_client(r->options.samba_config, address, ASK_MS); /* for what no look-up found */
    if (dropped != 0 || wall_is_loopback(address))
        containment_drop(&r->containment, e);
    int saved = containment_save(&r->containment, true);
    if (dropped != 0)
        err_set((enum err)dropped, "%s", why);
    say(action, address, user, &h, left, dropped ? dropped : saved);
    proclist_free(&h.found);
}

struct find_namespace {
    uint64_t namespace;
    int32_t pid;
};

static void match_namespace(int32_t pid, void *self)
{
    struct find_namespace *f = self;
    struct proc p = {.pidfd = -1};
    if (f->pid == 0 && proc_read(pid, &p) && is_smbd(&p) && wall_namespace(pid) == f->namespace)
        f->pid = pid;
}

/* A process in the namespace where the address is dropped: 0 for our own, negative when there is none any
 * more. */
static int32_t process_in(uint64_t namespace)
{
    if (namespace == 0 || namespace == wall_namespace(0))
        return 0;
    struct find_namespace f = {.namespace = namespace};
    proc_all(match_namespace, &f);
    return f.pid ? f.pid : -1;
}

static void undo(struct respond *r, const struct order *order, struct action *action)
{
    char address[WALL_ADDRESS_SIZE];
    struct contained *e = containment_find(&r->containment, ORDER_LOCKOUT, &order->culprit);
    wall_address(order->culprit.client, address);
    action->result = ACTION_DONE;
    snprintf(action->text, sizeof action->text, _("%s may connect again"), address);
    if (!e || wall_is_loopback(address))
        return;
    int32_t pid = process_in(e->namespace);
    if (pid >= 0 && wall_undrop(pid, address) != 0) {
        action->result = ACTION_FAILED;
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
        return;
    }
    action->done = 1;
    containment_drop(&r->containment, e);
    if (containment_save(&r->containment, true) != 0) {
        action->result = ACTION_PARTLY;
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
    }
}

static void describe(struct respond *r, const struct order *order, struct action *action)
{
    (void)r;
    snprintf(action->text, sizeof action->text,
             order->undo ? _("would let %s connect again")
                         : _("would end the sessions of %s and drop its packets"),
             order->culprit.client);
}

/* A crash during a lockout leaves the client's smbd stopped: they are ended now. */
static void finish(int32_t server, const char *address)
{
    struct hunt h = {0};
    if (server == 0)
        proc_all(remember_smbd, &server);
    stop_connected(&h, server, address);
    end_sessions(&h.found);
    proclist_free(&h.found);
}

/* After a restart, or a reload of the firewall, the addresses are dropped again. */
static void reapply(struct respond *r)
{
    for (size_t i = 0; i < r->containment.count; i++) {
        char address[WALL_ADDRESS_SIZE];
        const struct contained *e = &r->containment.entries[i];
        if (e->kind != ORDER_LOCKOUT || wall_address(e->client, address) != 0)
            continue;
        int32_t pid = process_in(e->namespace);
        if (!wall_is_loopback(address))
            (void)wall_drop(pid > 0 ? pid : 0, address);
        finish(pid > 0 ? pid : 0, address);
    }
}

const struct responder lockout_responder = {ORDER_LOCKOUT, check, execute, undo, describe, reapply};
