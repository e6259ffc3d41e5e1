/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Responses: what stops an attack. Each has check, do, undo, and says what it would do (a dry order). They
 * run in the actor, which holds the privileges they need and parses nothing hostile beyond /proc and
 * smbstatus.
 */
#ifndef RESPOND_RESPOND_H
#define RESPOND_RESPOND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/order.h"

struct respond;

struct respond_options {
    const char *samba_config; /* NULL: Samba's default */
    int state_fd; /* what was frozen and shut out is remembered in the file `containment` there, so that
                     it can be undone after a restart */
    const int32_t *own_pids; /* never touched: the guard itself. Borrowed, and read at each order */
    size_t own_pid_count;
    const struct clock *clock;
};

/* What was shut out before is shut out again. When part of what was remembered is damaged or could not be put
 * in force again this still succeeds, and err_text() says what (it is "" otherwise). */
int respond_open(const struct respond_options *options, struct respond **out);
void respond_close(struct respond *r);
/* Executes an ORDER_FREEZE or ORDER_LOCKOUT (or its undo, or dry). Always fills *action, also on failure
 * (result ACTION_FAILED and a text). action->time_ns is when the culprit could do no more. */
void respond_execute(struct respond *r, const struct order *order, struct action *action);
/* The name of the user behind a client's session or a uid, for the incident; "" unknown. */
void respond_username(struct respond *r, const struct actor *who, char *out, size_t size);

#endif
