/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of a running server, shared by server.c, which makes it, and request.c, objects.c and reply.c,
 * which answer. All of it is set before the first request and not changed later.
 */
#ifndef SERVER_CONTEXT_H
#define SERVER_CONTEXT_H

#include <microhttpd.h>

#include "blob/localstream.h"
#include "crypto/sha256.h"
#include "server/audit.h"
#include "server/login.h"
#include "server/metrics.h"
#include "server/owners.h"
#include "server/peers.h"
#include "server/quota.h"
#include "server/server.h"
#include "server/target.h"
#include "server/work.h"

struct server {
    const struct server_options *options;
    char *path, *state_path, *htpasswd; /* owned */
    int state, owners, log;             /* descriptors, -1: none */
    struct login *login;                /* NULL: everybody may */
    struct quota *quota;
    struct audit *audit;
    struct metrics *metrics;
    struct peers *peers;
    struct work_pool *hashing, *disk;
    int64_t started_ns; /* wall clock */
};

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_DELETE, METHOD_OTHER };

/* A request, from its headers until its answer has gone out. */
struct request {
    struct work work; /* first: what a pool does for it */
    void (*job)(struct request *r);
    struct server *server;
    struct peer *peer;
    struct MHD_Connection *connection;
    enum request_phase {
        REQUEST_LOGIN, /* waits for its password to be looked at */
        REQUEST_BODY,  /* takes the body, and does what is asked at its end */
        REQUEST_DRAIN, /* throws the body away; the answer is made */
        REQUEST_JOB,   /* waits for the disk */
        REQUEST_DONE,  /* the answer is made */
    } phase;
    enum method method;
    const char *method_name; /* of static storage */
    struct target target;
    struct htpasswd_login who; /* the password is wiped once it was looked at */
    char address[PEER_TEXT_SIZE];
    bool known;   /* the user may be here and the repository is there: it is counted by its name */
    bool right;   /* what login_ask said */
    bool started; /* an upload that was taken */

    struct blob_store *store;    /* owned */
    struct local_upload *upload; /* owned; NULL: the object is there already, and only compared */
    struct sha256 *sha;          /* owned */
    uint64_t length;             /* that was announced; UINT64_MAX: was not */
    uint64_t received;
    struct quota_account *account;
    uint64_t reserved;

    unsigned status;
    enum refusal refusal;
    char *text; /* owned; of the answer; NULL: none */
    uint64_t sent;
    unsigned added, removed;
};

/* ---- objects.c: what is asked, once whoever asks may; they set the answer ---- */

/* POST of an object: before its body, for a piece, and at its end (a job). */
void objects_begin(struct request *r);
void objects_piece(struct request *r, const void *bytes, size_t length);
void objects_end(struct request *r);
/* Forgets an upload that was cut off. */
void objects_drop(struct request *r);
/* Jobs: DELETE of an object; POST /?create=true. */
void objects_delete(struct request *r);
void objects_create(struct request *r);
/* GET and HEAD, which answer by themselves. */
enum MHD_Result objects_get(struct request *r);
enum MHD_Result objects_list(struct request *r);

/* ---- reply.c ---- */

/* Sets the answer; for a refusal also tells the journal. The text is copied; NULL: none. */
void reply_set(struct request *r, unsigned status, const char *text);
void reply_refuse(struct request *r, unsigned status, enum refusal refusal, const char *text);
/* What err_text() says went wrong on the disk: 404, 507 or 500. */
void reply_failure(struct request *r, int err);
/* Sends what was set. */
enum MHD_Result reply_send(struct request *r);
/* Sends a response, which is given away; NULL closes the connection. */
enum MHD_Result reply_response(struct request *r, unsigned status, struct MHD_Response *response);
/* GET /metrics. */
enum MHD_Result reply_metrics(struct request *r);

/* ---- request.c: what the HTTP library calls ---- */

enum MHD_Result request_handle(void *server, struct MHD_Connection *connection, const char *url,
                               const char *method, const char *version, const char *upload,
                               size_t *upload_size, void **context);
void request_completed(void *server, struct MHD_Connection *connection, void **context,
                       enum MHD_RequestTerminationCode code);
void request_connection(void *server, struct MHD_Connection *connection, void **socket_context,
                        enum MHD_ConnectionNotificationCode code);
/* Leaves a path as it was sent. */
size_t request_unescape(void *server, struct MHD_Connection *connection, char *text);

#endif
