/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "respond/respond.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "respond/responder.h"
#include "respond/samba.h"
#include "respond/wall.h"

#define ASK_MS 1500

static const struct responder *const responders[] = {&freeze_responder, &lockout_responder};
#define RESPONDERS (sizeof responders / sizeof responders[0])

int respond_open(const struct respond_options *options, struct respond **out)
{
    struct respond *r = mem_zalloc(1, sizeof *r);
    r->options = *options;
    err_clear();
    int err = containment_open(options->state_fd, &r->containment);
    if (err && err != ERR_CORRUPT) {
        respond_close(r);
        return err;
    }
    *out = r;
    for (size_t i = 0; i < RESPONDERS; i++)
        if (responders[i]->reapply)
            responders[i]->reapply(r);
    return 0;
}

void respond_close(struct respond *r)
{
    if (!r)
        return;
    containment_close(&r->containment);
    free(r);
}

static const struct responder *responder_for(enum order_kind kind)
{
    for (size_t i = 0; i < RESPONDERS; i++)
        if (responders[i]->kind == kind)
            return responders[i];
    return NULL;
}

static int check(struct respond *r, const struct responder *responder, const struct order *order)
{
    if (!responder)
        return err_set(ERR_UNSUPPORTED, _("there is no response of the kind “%s” here"),
                       order_kind_name(order->kind));
    return responder->check(r, order);
}

void respond_execute(struct respond *r, const struct order *order, struct action *action)
{
    const struct responder *responder = responder_for(order->kind);
    *action = (struct action){.order = order->id,
                              .incident = order->incident,
                              .kind = order->kind,
                              .undo = order->undo,
                              .tree = order->tree,
                              .result = ACTION_FAILED,
                              .time_ns = r->options.clock->wall_ns(r->options.clock->self)};
    if (check(r, responder, order) != 0) {
        action->failed = 1;
        snprintf(action->text, sizeof action->text, "%.500s", err_text());
    } else if (order->dry) {
        action->result = ACTION_WOULD;
        responder->describe(r, order, action);
    } else if (order->undo) {
        responder->undo(r, order, action);
    } else {
        responder->execute(r, order, action);
    }
}

/* /etc/passwd itself: the name services of a machine under attack may be slow, remote or hostile. */
static void local_name(uint32_t uid, char *out, size_t size)
{
    FILE *file = fopen("/etc/passwd", "re");
    struct passwd entry, *found;
    char text[4096];
    while (file && fgetpwent_r(file, &entry, text, sizeof text, &found) == 0)
        if (entry.pw_uid == uid) {
            snprintf(out, size, "%s", entry.pw_name);
            break;
        }
    if (file)
        fclose(file);
}

static void session_name(struct respond *r, const struct actor *who, char *out, size_t size)
{
    struct samba_sessions sessions = {0};
    char address[WALL_ADDRESS_SIZE], machine[WALL_ADDRESS_SIZE];
    if (wall_address(who->client, address) != 0 ||
        samba_sessions(r->options.samba_config, ASK_MS, &sessions) != 0)
        return;
    for (size_t i = 0; i < sessions.count; i++) {
        const struct samba_session *s = &sessions.items[i];
        bool same = wall_address(s->machine, machine) == 0 && strcmp(machine, address) == 0;
        if (s->username[0] && (s->pid == who->pid || (same && !out[0])))
            snprintf(out, size, "%s", s->username);
    }
    samba_sessions_free(&sessions);
}

void respond_username(struct respond *r, const struct actor *who, char *out, size_t size)
{
    out[0] = '\0';
    if (who->client[0] && strcmp(who->client, r->last_client) == 0)
        snprintf(out, size, "%s", r->last_user); /* the session is ended, and Samba has forgotten it */
    if (who->client[0] && !out[0])
        session_name(r, who, out, size);
    if (!out[0])
        local_name(who->uid, out, size);
}
