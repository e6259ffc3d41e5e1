/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/context.h"
#include "server/seal.h"

#define METRICS_MAX ((size_t)16 << 20)

void reply_set(struct request *r, unsigned status, const char *text)
{
    r->status = status;
    free(r->text);
    r->text = text ? mem_strdup(text) : NULL;
}

static const char *action_of(const struct request *r)
{
    switch (r->method) {
    case METHOD_POST:
        return "add-refused";
    case METHOD_DELETE:
        return "remove-refused";
    default:
        return "read-refused";
    }
}

void reply_refuse(struct request *r, unsigned status, enum refusal refusal, const char *text)
{
    bool login = refusal == REFUSED_LOGIN || refusal == REFUSED_LOGINS;
    r->refusal = refusal;
    reply_set(r, status, text);
    /* Whoever sent no name at all did not try one. */
    if ((login && !*r->who.name) || refusal == REFUSED_METHOD)
        return;
    audit_tell(r->server->audit, &(struct audit_event){.action = login ? "login-refused" : action_of(r),
                                                       .reason = refusal_word(refusal),
                                                       .target = login ? NULL : &r->target,
                                                       .user = refusal == REFUSED_LOGINS ? "" : r->who.name,
                                                       .address = r->address,
                                                       .severity = 2});
}

void reply_failure(struct request *r, int err)
{
    if (err == ERR_NOT_FOUND) {
        reply_set(r, MHD_HTTP_NOT_FOUND, _("there is nothing of that name"));
        return;
    }
    if (err == ERR_NO_SPACE) {
        reply_refuse(r, MHD_HTTP_INSUFFICIENT_STORAGE, REFUSED_DISK, _("the disk of the vault is full"));
        return;
    }
    log_error("%s", err_text());
    reply_refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, REFUSED_BROKEN,
                 _("the vault server cannot do this; its log says why"));
}

enum MHD_Result reply_response(struct request *r, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    r->status = status;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result reply_send(struct request *r)
{
    char *text MEM_AUTO = r->text ? mem_printf("%s\n", r->text) : NULL;
    size_t length = text ? strlen(text) : 0;
    struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    if (text)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
    if (r->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE,
                                "Basic realm=\"vault\", charset=\"UTF-8\"");
    if (r->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST, DELETE");
    if (r->status == MHD_HTTP_TOO_MANY_REQUESTS || r->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "6");
    return reply_response(r, r->status, response);
}

static void put_quota(void *context, const struct quota_figures *figures)
{
    struct buf *out = context;
    static const struct {
        const char *name;
        size_t offset;
    } rows[] = {{"held", offsetof(struct quota_figures, held)},
                {"reserved", offsetof(struct quota_figures, reserved)},
                {"limit", offsetof(struct quota_figures, limit)}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value;
        memcpy(&value, (const char *)figures + rows[i].offset, sizeof value);
        buf_printf(out, "beffroi_vault_quota_bytes{what=\"%s\",account=", rows[i].name);
        metrics_put_label(out, figures->account);
        buf_printf(out, "} %llu\n", (unsigned long long)value);
    }
}

static void put_server(struct server *s, struct buf *out)
{
    struct audit_figures audit = audit_figures(s->audit);
    metrics_put_one(out, "beffroi_vault_start_time_seconds", "gauge", "When the server was started.",
                    (uint64_t)(s->started_ns / NS_PER_SECOND));
    metrics_put_one(out, "beffroi_vault_sealed", "gauge", "Whether the vault is sealed.",
                    seal_is_set(s->state));
    metrics_put_one(out, "beffroi_vault_connections", "gauge", "Connections that are open.",
                    peers_count(s->peers));
    metrics_put_one(out, "beffroi_vault_slow_connections_total", "counter",
                    "Connections that were ended for being too slow.", peers_ended(s->peers));
    metrics_put_one(out, "beffroi_vault_journal_entries", "gauge", "Entries in the journal.", audit.entries);
    metrics_put_one(out, "beffroi_vault_journal_waiting", "gauge", "Events that are not in the journal yet.",
                    audit.waiting);
    metrics_put_one(out, "beffroi_vault_journal_lost_total", "counter",
                    "Events that could not be written into the journal.", audit.lost);
    buf_printf(out, "# HELP beffroi_vault_quota_bytes What accounts with a quota hold and may hold.\n"
                    "# TYPE beffroi_vault_quota_bytes gauge\n");
    quota_each(s->quota, put_quota, out);
}

enum MHD_Result reply_metrics(struct request *r)
{
    struct buf out BUF_AUTO;
    buf_init(&out, METRICS_MAX);
    put_server(r->server, &out);
    metrics_put(r->server->metrics, &out);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(out.length, out.data, MHD_RESPMEM_MUST_COPY);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                "text/plain; version=0.0.4; charset=utf-8");
    r->sent = out.length;
    return reply_response(r, MHD_HTTP_OK, response);
}
