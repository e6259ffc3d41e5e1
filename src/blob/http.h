/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A client for HTTP/1.1 and HTTP/2, over TCP, TLS or a Unix socket, for stores that are reached that way. It
 * keeps its connections open, may be used by several threads at once, and follows no redirection. Nothing
 * waits without end: connecting takes at most 30 seconds, and a connection on which nothing moves is given
 * up after blob_settings' stall_ns. Bytes go no faster than its rates, TLS is checked as it says.
 *
 *     struct http_request request = {.method = "GET", .url = url, .into = place, .into_length = size};
 *     struct http_answer answer;
 *     int err = http_do(http, &request, &answer);        // an error: there was no whole answer
 *     if (!err && answer.status != 200)
 *         err = http_refused(&request, &answer);         // an answer, but not the one that was hoped for
 *     http_answer_free(&answer);
 */
#ifndef BLOB_HTTP_H
#define BLOB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct http;

struct http_options {
    const char *user, *password; /* HTTP Basic, or the key and its secret with `sigv4`; NULL: none */
    const char *sigv4;           /* CURLOPT_AWS_SIGV4: "aws:amz:eu-west-1:s3"; NULL: none */
    const char *unix_socket;     /* a path to connect to instead of the URL's host; NULL: none */
    unsigned connections;        /* at most so many at once, others wait their turn; 0: 5 */
};

/* What blob_prepare (blob/open.h) says. */
void http_prepare(void);
/* The strings are copied. ERR_INVALID when a certificate that blob_settings names cannot be read. */
int http_new(const struct http_options *options, struct http **out);
void http_free(struct http *http); /* no request may be running; NULL is fine */

struct http_request {
    const char *method; /* "GET", "HEAD", "POST", "PUT", "DELETE" */
    const char *url;    /* whole, with the query, without user and password: it is shown in errors */
    const char *const
        *headers;     /* "Name: value", ends with NULL; may be NULL. "Name:" takes one of curl's away */
    const void *body; /* of POST and PUT; NULL: an empty one */
    size_t body_length;
    /* Where the body of an answer 2xx goes, instead of to answer.body. An answer that is longer than
     * into_length is an error (ERR_CORRUPT); a shorter one is for the caller to see in answer.length. */
    void *into;
    size_t into_length;
    size_t limit; /* of answer.body, of an answer 2xx, in bytes: more is ERR_TOO_LARGE; 0: 64 KiB */
};

struct http_answer {
    unsigned status;
    struct buf body;    /* of another answer than 2xx: the first 4 KiB */
    size_t length;      /* bytes that came, into `into` or into `body` */
    bool has_size;      /* there is a content-length (for HEAD, that of the object) */
    uint64_t size;      /* and this is it */
    struct buf headers; /* see http_answer_header */
};

/* Asks and waits for the answer; whatever its status, 0 says that it came as a whole. Errors:
 * ERR_CLOSED    not reached, or gone before the end: this may pass
 * ERR_TIMEOUT   nothing moved for too long: this may pass
 * ERR_PERMISSION the certificate of the server, or ours, is not accepted
 * ERR_INVALID   the URL is not one; ERR_CORRUPT, ERR_TOO_LARGE: see above, or not HTTP
 * The text names method, URL and reason. *answer is always to be freed. */
int http_do(struct http *http, const struct http_request *request, struct http_answer *answer);
void http_answer_free(struct http_answer *answer);

/* A header of the answer, without blanks around it, by its name in any case ("etag", "x-amz-version-id"),
 * copied into `out` as a C string. False when it is absent, or too long for `size`. */
bool http_answer_header(const struct http_answer *answer, const char *name, char *out, size_t size);

/* The error that a status means; the text names method, URL, status, and the first line of what the server
 * says about it. 404, 410: ERR_NOT_FOUND; 401, 403: ERR_PERMISSION; 409, 412: ERR_EXISTS; 413: ERR_TOO_LARGE;
 * 416: ERR_CORRUPT; 507: ERR_NO_SPACE; 408: ERR_TIMEOUT; 501, 505: ERR_UNSUPPORTED; 429 and other 5xx:
 * ERR_CLOSED (the server is there, but cannot: this may pass); 3xx: ERR_INVALID with a hint; others:
 * ERR_SYSTEM. */
int http_refused(const struct http_request *request, const struct http_answer *answer);

/* Appends `text` with all but letters, digits and "-._~" (and "/", if `keep_slash`) as %XX. */
void http_put_escaped(struct buf *out, const char *text, bool keep_slash);

/* For tests and fuzzers: takes in one line of an answer's head as it comes from the network, its end
 * included; a line that begins a new head ("HTTP/...") forgets the one before. False: too much of it. */
bool http_head_line(struct http_answer *answer, const char *line, size_t length);

#endif
