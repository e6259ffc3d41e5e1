/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request to an S3 server, signed, and what its answer means.
 */
#ifndef BLOB_S3_ASK_H
#define BLOB_S3_ASK_H

#include "blob/http.h"
#include "blob/s3_place.h"

struct s3 {
    struct s3_place place;
    char *token_header; /* "x-amz-security-token: ..."; or NULL */
    struct http *http;
    char *where;
    unsigned connections;
};

#define S3_HEADERS 8

struct s3_request {
    const char *method;
    const char *path; /* of an object, below the prefix; NULL: the bucket itself */
    const char *key;  /* the whole key instead, prefix included; or NULL */
    /* Without "?": every name with its "=", sorted by name, values escaped: the signature is over it as it
     * stands. NULL: none. */
    const char *query;
    const char *headers[S3_HEADERS]; /* more of them; ends with NULL */
    const void *body;
    size_t body_length;
    bool md5;   /* the body's goes with it: with Object Lock, S3 wants it */
    void *into; /* as in http_request */
    size_t into_length, limit;
};

/* Asks; a status other than 2xx is an error, whose text has what the server says of it. The errors of http_do
 * and http_refused, and ERR_NO_SPACE for a quota. *answer is always to be freed. */
int s3_do(struct s3 *s3, const struct s3_request *request, struct http_answer *answer);

/* Keys, region and options. ERR_INVALID. s3_ask_end frees what it made, also after a failure. */
int s3_ask_begin(const char *rest, struct s3 *out);
void s3_ask_end(struct s3 *s3);

#endif
