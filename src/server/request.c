/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of a request. The HTTP library calls request_handle when the headers are there, for each piece of
 * the body, at its end, and once more after each time the request rested. Answers are sent at the end of the
 * body, never before it, but for uploads of those who may not be here at all or who wait to be told to go on:
 * a client that is still writing would see a broken connection instead of the reason.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "server/context.h"

#define DRAIN_MOST   ((uint64_t)512 << 20) /* of a body that nobody wants */
#define METRICS_USER "metrics"
#define LOG_URL_MOST 200

/* ---- beginning and end ---- */

static enum method method_of(const char *name, const char **stored)
{
    static const char *const names[] = {
        [METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD", [METHOD_POST] = "POST", [METHOD_DELETE] = "DELETE"};
    int method = METHOD_GET;
    while (method < METHOD_OTHER && strcmp(names[method], name) != 0)
        method++;
    *stored = method < METHOD_OTHER ? names[method] : "OTHER";
    return (enum method)method;
}

/* The library has checked that it is a number. */
static uint64_t announced_length(struct MHD_Connection *connection)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *coding =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    if (coding || !text || strlen(text) > 18)
        return coding || text ? UINT64_MAX : 0;
    return strtoull(text, NULL, 10);
}

static struct request *request_new(struct server *server, struct MHD_Connection *connection,
                                   const char *method)
{
    struct request *r = mem_zalloc(1, sizeof *r);
    r->server = server;
    r->connection = connection;
    r->peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    r->method = method_of(method, &r->method_name);
    r->length = announced_length(connection);
    peer_text(r->peer, r->address);
    peer_begin(r->peer);
    return r;
}

/* A line in the form of the web servers; what is not printable in a path is "?". */
static void log_request(const struct request *r)
{
    char when[64], url[TARGET_REPOSITORY_SIZE + BLOB_NAME_LENGTH + 32] = "-";
    time_t now = (time_t)(clock_system.wall_ns(clock_system.self) / NS_PER_SECOND);
    struct tm parts;
    if (r->server->log < 0 || !r->status)
        return;
    localtime_r(&now, &parts);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S %z", &parts);
    const struct target *t = &r->target;
    bool part = t->kind == TARGET_LIST || t->kind == TARGET_OBJECT;
    if (r->refusal != REFUSED_PATH)
        snprintf(url, sizeof url, "/%s%s%s%s%s", t->kind == TARGET_METRICS ? "metrics" : t->repository,
                 *t->repository ? "/" : "", part ? blob_kind_folder(t->type) : "",
                 part && t->type != BLOB_CONFIG ? "/" : "", t->name);
    char *line MEM_AUTO =
        mem_printf("%s - %s [%s] \"%s %s HTTP/1.1\" %u %llu\n", r->address, *r->who.name ? r->who.name : "-",
                   when, r->method_name, url, r->status, (unsigned long long)r->sent);
    ssize_t ignored = write(r->server->log, line, strlen(line));
    (void)ignored;
}

void request_completed(void *server, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code)
{
    struct request *r = *context;
    (void)server;
    (void)connection;
    (void)code;
    if (!r)
        return;
    objects_drop(r);
    metrics_count(r->server->metrics,
                  &(struct metrics_request){.method = r->method_name,
                                            .repository = r->known ? r->target.repository : NULL,
                                            .status = r->status,
                                            .received = r->added ? r->received : 0,
                                            .sent = r->sent,
                                            .added = r->added,
                                            .removed = r->removed,
                                            .refusal = r->refusal});
    log_request(r);
    peer_end(r->peer);
    blob_close(r->store);
    free(r->text);
    mem_wipe(&r->who, sizeof r->who);
    free(r);
    *context = NULL;
}

void request_connection(void *self, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    struct server *server = self;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *socket_context =
            peers_add(server->peers,
                      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    else
        peers_remove(server->peers, *socket_context);
}

size_t request_unescape(void *server, struct MHD_Connection *connection, char *text)
{
    (void)server;
    (void)connection;
    return strlen(text);
}

/* ---- work elsewhere ---- */

static void run_job(struct work *work)
{
    struct request *r = (struct request *)work;
    r->job(r);
    peer_working(r->peer, false);
    MHD_resume_connection(r->connection);
}

/* The connection rests until a thread of the pool has done the job. */
static enum MHD_Result start_job(struct request *r, struct work_pool *pool, void (*job)(struct request *r))
{
    r->work.run = run_job;
    r->job = job;
    peer_working(r->peer, true);
    MHD_suspend_connection(r->connection);
    if (work_pool_add(pool, &r->work))
        return MHD_YES;
    peer_working(r->peer, false);
    r->phase = REQUEST_DONE;
    reply_refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, REFUSED_BUSY, _("too much at once: try again"));
    MHD_resume_connection(r->connection);
    return MHD_YES;
}

static void job_login(struct request *r)
{
    r->right = login_ask(r->server->login, peer_address(r->peer), &r->who);
}

static void job_end(struct request *r)
{
    objects_end(r);
    r->phase = REQUEST_DONE;
}

static void job_delete(struct request *r)
{
    objects_delete(r);
    r->phase = REQUEST_DONE;
}

static void job_create(struct request *r)
{
    objects_create(r);
    r->phase = REQUEST_DONE;
}

/* ---- who may ---- */

/* The answer of a request that is refused before its body: see above. */
static enum MHD_Result refuse_early(struct request *r)
{
    bool stranger = r->status == MHD_HTTP_UNAUTHORIZED || r->status == MHD_HTTP_TOO_MANY_REQUESTS;
    bool waits = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) != NULL;
    r->phase = REQUEST_DRAIN;
    if (r->method == METHOD_POST && r->length > 0 && (stranger || waits || r->length > DRAIN_MOST))
        return reply_send(r);
    return MHD_YES;
}

static bool is_allowed(struct request *r)
{
    const struct server_options *o = r->server->options;
    if (r->target.kind == TARGET_METRICS) {
        if (o->metrics_for_all || !r->server->login || strcmp(r->who.name, METRICS_USER) == 0)
            return true;
    } else if (!o->private_repositories || target_is_of(&r->target, r->who.name)) {
        return true;
    }
    reply_refuse(r, MHD_HTTP_FORBIDDEN, REFUSED_OTHERS, _("this is not the repository of this user"));
    return false;
}

/* Whoever asks is who they say. */
static enum MHD_Result go_on(struct request *r)
{
    mem_wipe(r->who.password, sizeof r->who.password);
    r->phase = REQUEST_BODY;
    if (is_allowed(r) && r->method == METHOD_POST && r->target.kind == TARGET_OBJECT)
        objects_begin(r);
    peer_receiving(r->peer, r->started);
    return r->status ? refuse_early(r) : MHD_YES;
}

static enum MHD_Result refuse_login(struct request *r, bool later)
{
    mem_wipe(r->who.password, sizeof r->who.password);
    if (later)
        reply_refuse(r, MHD_HTTP_TOO_MANY_REQUESTS, REFUSED_LOGINS,
                     _("too many wrong passwords from this address: try again later"));
    else
        reply_refuse(r, MHD_HTTP_UNAUTHORIZED, REFUSED_LOGIN, _("a user name and its password are needed"));
    return refuse_early(r);
}

static enum MHD_Result check_login(struct request *r)
{
    struct server *s = r->server;
    if (!s->login || (r->target.kind == TARGET_METRICS && s->options->metrics_for_all))
        return go_on(r);
    const char *header =
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    switch (login_quick(s->login, peer_address(r->peer), header, &r->who)) {
    case LOGIN_YES:
        return go_on(r);
    case LOGIN_ASK:
        r->phase = REQUEST_LOGIN;
        return start_job(r, s->hashing, job_login);
    case LOGIN_LATER:
        return refuse_login(r, true);
    default:
        return refuse_login(r, false);
    }
}

/* ---- what is asked ---- */

/* The headers are there. */
static enum MHD_Result begin(struct request *r, const char *url)
{
    if (target_parse(url, &r->target) != 0) {
        reply_refuse(r, MHD_HTTP_BAD_REQUEST, REFUSED_PATH, err_text());
        return refuse_early(r);
    }
    bool metrics = r->target.kind == TARGET_METRICS;
    bool adds = r->target.kind == TARGET_OBJECT || r->target.kind == TARGET_REPOSITORY;
    if (metrics && !r->server->options->metrics) {
        reply_set(r, MHD_HTTP_NOT_FOUND, _("there is nothing of that name"));
        return refuse_early(r);
    }
    if (r->method == METHOD_OTHER || (r->method == METHOD_POST && !adds) ||
        (r->method == METHOD_DELETE && r->target.kind != TARGET_OBJECT) ||
        (r->target.kind == TARGET_REPOSITORY && r->method != METHOD_POST)) {
        reply_refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, REFUSED_METHOD, _("this cannot be done here"));
        return refuse_early(r);
    }
    return check_login(r);
}

static enum MHD_Result create(struct request *r)
{
    const char *wanted = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "create");
    if (wanted && strcmp(wanted, "true") == 0) {
        r->phase = REQUEST_JOB;
        return start_job(r, r->server->disk, job_create);
    }
    reply_refuse(r, MHD_HTTP_BAD_REQUEST, REFUSED_PATH, _("only ?create=true can be done with a repository"));
    return reply_send(r);
}

/* The body is there. */
static enum MHD_Result end(struct request *r)
{
    switch (r->target.kind) {
    case TARGET_METRICS:
        return reply_metrics(r);
    case TARGET_LIST:
        return objects_list(r);
    case TARGET_REPOSITORY:
        return create(r);
    default:
        break;
    }
    if (r->method == METHOD_GET || r->method == METHOD_HEAD)
        return objects_get(r);
    r->phase = REQUEST_JOB;
    return start_job(r, r->server->disk, r->method == METHOD_POST ? job_end : job_delete);
}

/* A piece of the body; false: more than anybody will read. */
static bool take_piece(struct request *r, const char *bytes, size_t length)
{
    if (r->phase == REQUEST_BODY && r->started) {
        objects_piece(r, bytes, length);
        if (r->status)
            r->phase = REQUEST_DRAIN;
        return true;
    }
    r->received += length;
    return r->received <= DRAIN_MOST;
}

enum MHD_Result request_handle(void *server, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **context)
{
    struct request *r = *context;
    (void)version;
    if (!r) {
        *context = r = request_new(server, connection, method);
        return begin(r, url);
    }
    if (*upload_size) {
        size_t length = *upload_size;
        *upload_size = 0;
        peer_receiving(r->peer, true);
        return take_piece(r, upload, length) ? MHD_YES : MHD_NO;
    }
    peer_receiving(r->peer, false);
    switch (r->phase) {
    case REQUEST_LOGIN:
        return r->right ? go_on(r) : refuse_login(r, false);
    case REQUEST_BODY:
        return end(r);
    case REQUEST_DRAIN:
    case REQUEST_DONE:
        return reply_send(r);
    default:
        return MHD_YES; /* rests still */
    }
}
