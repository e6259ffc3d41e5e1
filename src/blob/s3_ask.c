/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/s3_keys.h"
#include "blob/s3_xml.h"
#include "blob/settings.h"
#include "crypto/md5.h"
#include "crypto/sha256.h"

#define CONNECTIONS 5 /* as restic's default */

/* ---- what a refusal means ---- */

struct meaning {
    const char *code; /* in the server's words */
    enum err err;     /* 0: what the status says */
    const char *hint; /* or NULL */
};

static const struct meaning meanings[] = {
    {"QuotaExceeded", ERR_NO_SPACE, N_("the quota of the account or of the bucket is used up")},
    {"XMinioStorageFull", ERR_NO_SPACE, NULL},
    {"RequestTimeout", ERR_TIMEOUT, NULL},
    {"RequestTimeTooSkewed", 0, N_("the clock of this machine is wrong: set it right")},
    {"InvalidAccessKeyId", 0, N_("the server does not know this AWS_ACCESS_KEY_ID")},
    {"SignatureDoesNotMatch", 0, N_("AWS_SECRET_ACCESS_KEY does not fit AWS_ACCESS_KEY_ID")},
    {"NoSuchBucket", 0, N_("there is no such bucket; beffroi vault init makes it")},
};

static int hint_region(int err, const struct http_answer *answer)
{
    char region[64];
    if (http_answer_header(answer, "x-amz-bucket-region", region, sizeof region) &&
        strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(region))
        err_hint(err, _("the bucket is in another region: -o s3.region=%s"), region);
    return err;
}

static int explain(const struct http_request *request, const struct http_answer *answer)
{
    char code[128], message[256];
    enum err err = (enum err)http_refused(request, answer);
    s3_xml_error(answer->body.data, answer->body.length, code, message);
    char *hint MEM_AUTO = mem_strdup(err_hint_text());
    const struct meaning *meaning = NULL;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings && !meaning; i++)
        if (strcmp(code, meanings[i].code) == 0)
            meaning = &meanings[i];
    if (meaning && meaning->err)
        err = meaning->err;
    if (*code)
        err_set(err, "%s (%s%s%s)", err_text(), code, *message ? ": " : "", message);
    if (meaning && meaning->hint)
        return err_hint((int)err, "%s", _(meaning->hint));
    if (err == ERR_PERMISSION && !*code) /* the answer to HEAD says nothing more */
        err_hint((int)err, "%s", _("the keys of the account are wrong, or may not do this"));
    else if (*hint)
        err_hint((int)err, "%s", hint);
    return hint_region((int)err, answer);
}

/* ---- asking ---- */

static char *url_of(const struct s3 *s3, const struct s3_request *request)
{
    struct buf url;
    buf_init(&url, 16384);
    buf_printf(&url, "%s/", s3->place.base);
    if (request->path)
        http_put_escaped(&url, s3->place.prefix, true);
    if (request->path || request->key)
        http_put_escaped(&url, request->path ? request->path : request->key, true);
    if (request->query)
        buf_printf(&url, "?%s", request->query);
    char *text = mem_strdup(buf_string(&url));
    buf_free(&url);
    return text;
}

static int put_md5(const struct s3_request *request, struct buf *out)
{
    uint8_t digest[MD5_SIZE];
    int err = md5_of(request->body, request->body_length, digest);
    if (err)
        return err;
    buf_printf(out, "Content-MD5: ");
    base64_encode(digest, sizeof digest, out);
    return 0;
}

int s3_do(struct s3 *s3, const struct s3_request *request, struct http_answer *answer)
{
    const char *headers[S3_HEADERS + 4];
    size_t count = 0;
    uint8_t digest[SHA256_SIZE];
    char hash[sizeof "x-amz-content-sha256: " + (size_t)2 * SHA256_SIZE] = "x-amz-content-sha256: ";
    struct buf md5 BUF_AUTO;
    *answer = (struct http_answer){0};
    buf_init(&md5, 128);
    sha256_of(request->body ? request->body : "", request->body_length, digest);
    hex_encode(digest, sizeof digest, hash + strlen(hash));
    headers[count++] = hash;
    for (size_t i = 0; i < S3_HEADERS && request->headers[i]; i++)
        headers[count++] = request->headers[i];
    if (request->md5) {
        int err = put_md5(request, &md5);
        if (err)
            return err;
        headers[count++] = buf_string(&md5);
    }
    if (s3->token_header)
        headers[count++] = s3->token_header;
    headers[count] = NULL;
    char *url MEM_AUTO = url_of(s3, request);
    struct http_request asked = {.method = request->method,
                                 .url = url,
                                 .headers = headers,
                                 .body = request->body,
                                 .body_length = request->body_length,
                                 .into = request->into,
                                 .into_length = request->into_length,
                                 .limit = request->limit};
    int err = http_do(s3->http, &asked, answer);
    if (!err && (answer->status < 200 || answer->status > 299))
        err = explain(&asked, answer);
    return err;
}

/* ---- begin and end ---- */

static int connect_with(struct s3 *s3, const struct s3_keys *keys)
{
    char *sigv4 MEM_AUTO = mem_printf("aws:amz:%s:s3", s3->place.region);
    const struct http_options options = {
        .user = keys->access, .password = keys->secret, .sigv4 = sigv4, .connections = s3->connections};
    if (keys->token)
        s3->token_header = mem_printf("x-amz-security-token: %s", keys->token);
    return http_new(&options, &s3->http);
}

int s3_ask_begin(const char *rest, struct s3 *out)
{
    struct s3_keys keys = {0};
    *out = (struct s3){0};
    static const char *const options[] = {"s3.bucket-lookup", "s3.connections",   "s3.object-lock",
                                          "s3.region",        "s3.storage-class", NULL};
    int err = blob_settings_known("s3.", options); /* a misspelt s3.object-lock must not lock nothing */
    if (!err)
        err = s3_place_parse(rest, &out->place);
    if (!err)
        err = blob_settings_connections("s3.connections", CONNECTIONS, &out->connections);
    if (!err)
        err = s3_keys_find(&keys);
    if (!err)
        err = connect_with(out, &keys);
    s3_keys_free(&keys);
    out->where = mem_printf("s3:%s", rest);
    size_t length = strlen(out->where);
    while (length > 3 && out->where[length - 1] == '/') /* texts put "/config" behind it */
        out->where[--length] = '\0';
    return err;
}

void s3_ask_end(struct s3 *s3)
{
    http_free(s3->http);
    if (s3->token_header)
        mem_wipe(s3->token_header, strlen(s3->token_header));
    free(s3->token_header);
    free(s3->where);
    s3_place_free(&s3->place);
}
