/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One kind of response, and the state that all share. A further kind is a file of its own and a row in
 * respond.c. Inside of respond/ only.
 */
#ifndef RESPOND_RESPONDER_H
#define RESPOND_RESPONDER_H

#include "respond/containment.h"
#include "respond/proc.h"
#include "respond/respond.h"

struct respond {
    struct respond_options options;
    struct containment containment;
    char last_client[ACTOR_CLIENT_SIZE]; /* who was locked out last, and as which user it had come */
    char last_user[64];
};

struct responder {
    enum order_kind kind;
    /* Whether the order makes sense at all: a negative enum err and its text when not. */
    int (*check)(struct respond *r, const struct order *order);
    /* These fill *action: result, time_ns (preset to now), done, failed, text. */
    void (*execute)(struct respond *r, const struct order *order, struct action *action);
    void (*undo)(struct respond *r, const struct order *order, struct action *action);
    /* What it would do, into action->text. */
    void (*describe)(struct respond *r, const struct order *order, struct action *action);
    /* At open: what is remembered takes effect again; failures are left in err_text(). May be NULL. */
    void (*reapply)(struct respond *r);
};

extern const struct responder freeze_responder;
extern const struct responder lockout_responder;

/* A growing list of opened processes. */
struct proclist {
    struct proc *items;
    size_t count;
};

void proclist_add(struct proclist *list, const struct proc *p);
bool proclist_has(const struct proclist *list, int32_t pid);
void proclist_free(struct proclist *list); /* closes their descriptors */
/* Waits, at most 500 ms, until all are stopped. Counts those that wait inside the kernel for something (they
 * stop before they come out of it) and returns how many still run. */
size_t proclist_wait_stopped(const struct proclist *list, size_t *waiting);

#endif
