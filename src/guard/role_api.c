/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The api: HTTP on a Unix socket, translated into requests to the judge. It runs as nobody in particular,
 * holds the listening socket and its channel, and knows nothing: whatever a client makes of it, it can only
 * ask the judge.
 *
 *     GET  /v1/status                              GET  /v1/incidents           GET /v1/incidents/N
 *     POST /v1/incidents/N/rollback|dismiss|close|release   POST /v1/snapshots[/TREE]
 *
 * The HTTP library works in our loop: its epoll descriptor is watched, and a timer wakes it when it asks.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "guard/api_route.h"
#include "guard/role.h"
#include "guard/roles.h"

#define CLIENTS_MAX     32
#define CLIENT_MEMORY   8192 /* request line and headers of one client */
#define IDLE_SECONDS    10
#define ANSWER_MAX      ((size_t)16 << 20)
#define ANSWER_LIMIT_NS (60 * NS_PER_SECOND)

/* A client whose connection rests until the judge has answered. */
struct waiting {
    struct waiting *next;
    uint64_t id;
    struct MHD_Connection *connection;
    int64_t asked_ns;
    bool done; /* `status` and `body` are the answer */
    uint16_t status;
    struct buf body;
};

static struct {
    int listener;
    struct MHD_Daemon *daemon;
    sd_event_source *timer;
    struct waiting *waiting;
    uint64_t last_id;
    bool running; /* inside the library: do not call it again */
} me = {.listener = -1};

/* --- the library in our loop --- */

static void run(void)
{
    if (me.running)
        return;
    me.running = true;
    MHD_run(me.daemon);
    me.running = false;
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(me.daemon, &ms) == MHD_YES) {
        sd_event_source_set_time_relative(me.timer, (uint64_t)ms * 1000);
        sd_event_source_set_enabled(me.timer, SD_EVENT_ONESHOT);
    } else {
        sd_event_source_set_enabled(me.timer, SD_EVENT_OFF);
    }
}

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *unused)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)unused;
    run();
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t when_us, void *unused)
{
    (void)source;
    (void)when_us;
    (void)unused;
    run();
    return 0;
}

/* --- answers --- */

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned status, const char *text,
                               size_t length)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void set_error(struct waiting *w, uint16_t status, int err)
{
    w->done = true;
    w->status = status;
    buf_clear(&w->body);
    api_error_json(&w->body, err_name(err), err_text(), err_hint_text());
}

static void judge_away(struct waiting *w)
{
    set_error(w, 503,
              err_hint(err_set(ERR_CLOSED, _("the part of the guard that decides (the judge) is away")),
                       _("it is being started again; ask again in a few seconds, or see journalctl -u "
                         "beffroi")));
}

static void wake(struct waiting *w)
{
    w->done = true;
    MHD_resume_connection(w->connection);
}

static void wake_late(void *unused)
{
    (void)unused;
    int64_t now = clock_system.monotonic_ns(NULL);
    bool any = false;
    for (struct waiting *w = me.waiting; w; w = w->next) {
        if (w->done || now - w->asked_ns < ANSWER_LIMIT_NS)
            continue;
        set_error(w, 503,
                  err_hint(err_set(ERR_TIMEOUT, _("the judge did not answer within %d seconds"),
                                   (int)(ANSWER_LIMIT_NS / NS_PER_SECOND)),
                           _("what was asked may still be done; see: beffroi status")));
        wake(w);
        any = true;
    }
    if (any)
        run();
}

/* --- requests --- */

static uint32_t uid_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct ucred peer = {.uid = UINT32_MAX};
    socklen_t size = sizeof peer;
    if (info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        peer.uid = UINT32_MAX;
    return peer.uid;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, int err)
{
    struct buf body BUF_AUTO;
    buf_init(&body, 8192);
    api_error_json(&body, err_name(err), err_text(), err_hint_text());
    return respond(connection, status, buf_string(&body), body.length);
}

static enum MHD_Result ask(struct MHD_Connection *connection, struct msg_request request, void **context)
{
    struct waiting *w = mem_zalloc(1, sizeof *w);
    w->id = request.id = ++me.last_id;
    w->connection = connection;
    w->asked_ns = clock_system.monotonic_ns(NULL);
    buf_init(&w->body, ANSWER_MAX);
    w->next = me.waiting;
    me.waiting = w;
    *context = w;
    request.uid = uid_of(connection);
    struct message m = {.type = MSG_REQUEST, .request = request};
    if (role_send(ROLE_JUDGE, &m) != 0) {
        judge_away(w);
        return respond(connection, w->status, buf_string(&w->body), w->body.length);
    }
    MHD_suspend_connection(connection);
    return MHD_YES;
}

/* Called when the headers are there, for each part of a body, at its end, and again after a resume. */
static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)unused;
    (void)version;
    (void)upload;
    static int headers_seen;
    struct waiting *w = *context;
    if (!w) {
        *context = &headers_seen;
        return MHD_YES;
    }
    if (*context == &headers_seen) {
        if (*upload_size) { /* no request has a body that means anything */
            *upload_size = 0;
            return MHD_YES;
        }
        struct msg_request request = {0};
        unsigned status = api_route(method, url, &request);
        return status == 200 ? ask(connection, request, context)
                             : refuse(connection, status, status == 404 ? ERR_NOT_FOUND : ERR_INVALID);
    }
    if (!w->done)
        return MHD_YES;
    return respond(connection, w->status, buf_string(&w->body), w->body.length);
}

static void on_completed(void *unused, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)unused;
    (void)connection;
    (void)code;
    for (struct waiting **at = &me.waiting; *at; at = &(*at)->next) {
        struct waiting *w = *at;
        if (w != *context)
            continue;
        *at = w->next;
        buf_free(&w->body);
        free(w);
        break;
    }
    *context = NULL;
}

/* --- the judge --- */

static void api_message(enum role peer, struct message *m, int fd)
{
    fd_close(&fd);
    if (peer != ROLE_JUDGE || m->type != MSG_RESPONSE)
        return;
    struct waiting *w = me.waiting;
    while (w && (w->id != m->response.id || w->done))
        w = w->next;
    if (!w)
        return; /* it came too late */
    buf_put(&w->body, m->response.text, m->response.length);
    w->status = m->response.status;
    if (m->response.more)
        return;
    if (w->body.overflowed)
        set_error(w, 500, err_set(ERR_TOO_LARGE, _("the answer is longer than %zu bytes"), ANSWER_MAX));
    wake(w);
    run();
}

static void api_peer_lost(enum role peer)
{
    if (peer != ROLE_JUDGE)
        return;
    for (struct waiting *w = me.waiting; w; w = w->next) {
        if (w->done)
            continue;
        judge_away(w);
        wake(w);
    }
    run();
}

/* --- start --- */

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(ERR_INVALID, _("%s: the path of a socket is too long"), path);
    strcpy(address.sun_path, path);
    /* The lock on the state folder says that no other guard of this state is there; what lies here is old.
     * But only a socket is ours to remove. */
    struct stat st;
    if (lstat(path, &st) == 0 && (!S_ISSOCK(st.st_mode) || unlink(path) != 0))
        return err_set(ERR_EXISTS, _("%s is in the way of the guard's socket"), path);
    me.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (me.listener < 0)
        return err_sys(_("cannot make the guard's socket"));
    mode_t old = umask(0177);
    int failed = bind(me.listener, (struct sockaddr *)&address, sizeof address);
    umask(old);
    if (failed || listen(me.listener, CLIENTS_MAX) != 0)
        return err_sys(_("cannot listen at %s"), path);
    return 0;
}

static int start_library(sd_event *loop)
{
    me.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, NULL,
                                 MHD_OPTION_LISTEN_SOCKET, me.listener, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)CLIENTS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                 (size_t)CLIENT_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        me.daemon ? MHD_get_daemon_info(me.daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return err_set(ERR_SYSTEM, _("the HTTP server does not start"));
    int code = sd_event_add_io(loop, NULL, info->epoll_fd, EPOLLIN, on_ready, NULL);
    if (code >= 0)
        code = sd_event_add_time(loop, &me.timer, CLOCK_MONOTONIC, 0, 1000, on_timer, NULL);
    if (code >= 0)
        code = sd_event_source_set_enabled(me.timer, SD_EVENT_OFF);
    return code < 0 ? err_set(ERR_SYSTEM, _("the HTTP server does not start: %s"), strerror(-code)) : 0;
}

static int api_start(const struct config *config, sd_event *loop)
{
    int err = listen_at(config->socket);
    if (!err)
        err = start_library(loop);
    return err ? err : role_every(NS_PER_SECOND, wake_late, NULL);
}

static void api_stop(void)
{
    api_peer_lost(ROLE_JUDGE);
    MHD_stop_daemon(me.daemon);
}

const struct role_ops role_api_ops = {
    .start = api_start,
    .message = api_message,
    .peer_lost = api_peer_lost,
    .stop = api_stop,
};
