/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/http.h"
#include "blob/listing.h"
#include "blob/open.h"
#include "blob/resturl.h"
#include "blob/settings.h"

#define MAX_LIST ((size_t)256 << 20) /* three million objects */
#define ACCEPT   "Accept: application/vnd.x.restic.rest.v2"

struct rest {
    struct http *http;
    char *base;
    bool knows_user; /* one was given */
};

/* The URL of an object, or of a folder when `name` is NULL; malloc'd. */
static char *url_of(const struct rest *rest, enum blob_kind kind, const char *name)
{
    const char *slash = kind == BLOB_CONFIG ? "" : "/";
    return mem_printf("%s%s%s%s", rest->base, blob_kind_folder(kind), slash, name ? name : "");
}

static int check_name(enum blob_kind kind, const char *name)
{
    if (kind == BLOB_CONFIG || blob_is_name(name))
        return 0;
    return err_set(ERR_INVALID, _("\"%.80s\" is not the name of an object"), name);
}

/* What a status means here; hints for those that a person can do something about. */
static int refused(const struct rest *rest, const struct http_request *request,
                   const struct http_answer *answer)
{
    int err = http_refused(request, answer);
    if (answer->status == 401 && !rest->knows_user)
        return err_hint(err, _("set RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD"));
    if (answer->status == 401)
        return err_hint(err, _("the server does not know this user with this password"));
    if (answer->status == 403 && strcmp(request->method, "DELETE") == 0)
        return err_hint(err, _("the server only lets add, on purpose: what is there is removed on the server "
                               "itself"));
    return err;
}

/* Asks; a status other than 2xx is an error. */
static int ask(const struct rest *rest, const struct http_request *request, struct http_answer *answer)
{
    int err = http_do(rest->http, request, answer);
    if (!err && (answer->status < 200 || answer->status > 299))
        err = refused(rest, request, answer);
    return err;
}

static int rest_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    struct rest *rest = self;
    int err = check_name(kind, name);
    if (err)
        return err;
    char *url MEM_AUTO = url_of(rest, kind, name);
    struct http_request request = {.method = "HEAD", .url = url};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    if (!err && !answer.has_size)
        err = err_set(ERR_CORRUPT, _("%s %s: the server does not tell how long it is"), request.method, url);
    if (!err)
        *size = answer.size;
    http_answer_free(&answer);
    return err;
}

struct list {
    struct rest *rest;
    enum blob_kind kind;
    blob_visit *visit;
    void *context;
};

/* A list of version 1 has no sizes. */
static int visit_entry(void *context, const char *name, uint64_t size)
{
    struct list *list = context;
    int err = size == LISTING_NO_SIZE ? rest_size(list->rest, list->kind, name, &size) : 0;
    if (err == ERR_NOT_FOUND)
        return 0; /* removed meanwhile */
    return err ? err : list->visit(list->context, name, size);
}

static int rest_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    struct list list = {self, kind, visit, context};
    char *url MEM_AUTO = url_of(self, kind, NULL);
    const char *const headers[] = {ACCEPT, NULL};
    struct http_request request = {.method = "GET", .url = url, .headers = headers, .limit = MAX_LIST};
    struct http_answer answer;
    int err = ask(self, &request, &answer);
    if (err == ERR_NOT_FOUND) {
        err = 0; /* a server may not have the folder before its first object */
    } else if (!err) {
        err = listing_read((const char *)answer.body.data, answer.body.length, visit_entry, &list);
        if (err == ERR_CORRUPT)
            err_in(err, "%s %s", request.method, url);
    }
    http_answer_free(&answer);
    return err;
}

/* An answer that was too short: is the object, or was it the line? */
static int explain_short(struct rest *rest, enum blob_kind kind, const char *name, const char *url,
                         uint64_t end, size_t came, size_t wanted)
{
    uint64_t size;
    int err = rest_size(rest, kind, name, &size);
    if (err)
        return err;
    if (size < end)
        return err_set(ERR_CORRUPT, _("%s is cut short: bytes %llu to %llu are missing"), url,
                       (unsigned long long)size, (unsigned long long)end);
    return err_set(ERR_CLOSED, _("GET %s: the answer ends after %zu of %zu bytes"), url, came, wanted);
}

/* Whether the bytes are those from `offset`, as far as the server says. */
static bool begins_at(const struct http_answer *answer, uint64_t offset)
{
    char range[80];
    uint64_t start;
    if (answer->status == 200)
        return offset == 0;
    if (!http_answer_header(answer, "content-range", range, sizeof range))
        return true;
    return sscanf(range, "bytes %20" SCNu64, &start) == 1 && start == offset;
}

static int rest_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                     size_t length)
{
    struct rest *rest = self;
    uint64_t end = offset + length, size;
    int err = check_name(kind, name);
    if (err)
        return err;
    if (end < offset)
        return err_set(ERR_CORRUPT, _("%s/%s: position out of range"), rest->base, name ? name : "config");
    if (length == 0)
        return rest_size(rest, kind, name, &size); /* a range cannot be empty */
    char *url MEM_AUTO = url_of(rest, kind, name);
    char range[80];
    snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-%" PRIu64, offset, end - 1);
    const char *const headers[] = {ACCEPT, range, NULL};
    struct http_request request = {
        .method = "GET", .url = url, .headers = headers, .into = out, .into_length = length};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    if (!err && !begins_at(&answer, offset))
        err = err_set(ERR_UNSUPPORTED, _("GET %s: the server does not send the part it was asked for"), url);
    bool is_short = (!err && answer.length < length) || (err == ERR_CORRUPT && answer.status == 416);
    size_t came = answer.length;
    http_answer_free(&answer);
    return is_short ? explain_short(rest, kind, name, url, end, came, length) : err;
}

static int taken(const struct rest *rest, enum blob_kind kind, const char *name)
{
    char *url MEM_AUTO = url_of(rest, kind, name);
    return err_set(ERR_EXISTS, _("%s is already there, with other contents"), url);
}

/* Without asking for the size first: one way there and back instead of two. */
static int rest_read_all(void *self, enum blob_kind kind, const char *name, struct buf *out)
{
    struct rest *rest = self;
    int err = check_name(kind, name);
    if (err)
        return err;
    char *url MEM_AUTO = url_of(rest, kind, name);
    const char *const headers[] = {ACCEPT, NULL};
    size_t room = out->limit - out->length;
    struct http_request request = {.method = "GET", .url = url, .headers = headers, .limit = room ? room : 1};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    if (!err && answer.has_size && answer.size != answer.length)
        err = err_set(ERR_CLOSED, _("GET %s: the answer ends after %zu of %zu bytes"), url, answer.length,
                      (size_t)answer.size);
    if (!err) {
        buf_put(out, answer.body.data, answer.body.length);
        if (out->overflowed)
            err = err_set(ERR_TOO_LARGE, _("%s is too large"), url);
    }
    http_answer_free(&answer);
    return err;
}

/* A refusal may mean that the object is there: from an earlier attempt whose answer was lost, or from another
 * program. */
static int already_there(struct rest *rest, enum blob_kind kind, const char *name, size_t length)
{
    uint64_t size;
    char *why MEM_AUTO = mem_strdup(err_text()), *hint MEM_AUTO = mem_strdup(err_hint_text());
    int err = rest_size(rest, kind, name, &size);
    if (err == ERR_NOT_FOUND || err == ERR_PERMISSION)
        return err_hint(err_set(ERR_PERMISSION, "%s", why), "%s", hint);
    return err || size == length ? err : taken(rest, kind, name);
}

static int rest_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct rest *rest = self;
    uint64_t size;
    int err = check_name(kind, name);
    if (err)
        return err;
    /* Not every server refuses to replace one. */
    if (kind == BLOB_CONFIG && (err = rest_size(rest, kind, name, &size)) != ERR_NOT_FOUND)
        return err ? err : taken(rest, kind, name);
    char *url MEM_AUTO = url_of(rest, kind, name);
    const char *const headers[] = {ACCEPT, "Content-Type: application/octet-stream", NULL};
    struct http_request request = {
        .method = "POST", .url = url, .headers = headers, .body = bytes, .body_length = length};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    bool may_exist = err && (answer.status == 403 || answer.status == 409);
    http_answer_free(&answer);
    return may_exist ? already_there(rest, kind, name, length) : err;
}

static int rest_remove(void *self, enum blob_kind kind, const char *name)
{
    struct rest *rest = self;
    int err = check_name(kind, name);
    if (err)
        return err;
    char *url MEM_AUTO = url_of(rest, kind, name);
    struct http_request request = {.method = "DELETE", .url = url};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    http_answer_free(&answer);
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* What is half written is the server's business. */
static int rest_sweep(void *self)
{
    (void)self;
    return 0;
}

static void rest_free(void *self)
{
    struct rest *rest = self;
    http_free(rest->http);
    free(rest->base);
    free(rest);
}

static const struct blob_ops rest_ops = {
    .list = rest_list,
    .size = rest_size,
    .read = rest_read,
    .write = rest_write,
    .remove = rest_remove,
    .sweep = rest_sweep,
    .free = rest_free,
};

static const struct blob_more_ops rest_more = {.read_all = rest_read_all};

static struct blob_store *new_store(const char *location, const struct resturl *url, struct http *http,
                                    bool knows_user, unsigned connections)
{
    struct rest *rest = mem_zalloc(1, sizeof *rest);
    *rest = (struct rest){.http = http, .base = mem_strdup(url->base), .knows_user = knows_user};
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    char *full MEM_AUTO = mem_printf("rest:%s", location);
    char *where = blob_location_text(full);
    size_t length = strlen(where);
    if (where[length - 1] == '/') /* texts put "/config" behind it */
        where[length - 1] = '\0';
    *store = (struct blob_store){
        .ops = &rest_ops, .more = &rest_more, .self = rest, .where = where, .connections = connections};
    return store;
}

int rest_open(const char *location, struct blob_store **out)
{
    struct resturl url;
    struct http *http;
    struct http_options options = {0};
    int err = blob_settings_known("rest.", (const char *const[]){"rest.connections", NULL});
    if (!err)
        err = blob_settings_connections("rest.connections", 5, &options.connections);
    if (!err)
        err = resturl_parse(location, &url);
    if (err)
        return err;
    bool has_user = url.user || url.password;
    const struct blob_settings *settings = blob_settings();
    options.user = has_user ? url.user : settings->user ? settings->user : getenv("RESTIC_REST_USERNAME");
    options.password = has_user         ? url.password
                       : settings->user ? settings->password
                                        : getenv("RESTIC_REST_PASSWORD");
    options.unix_socket = url.unix_socket;
    err = http_new(&options, &http);
    if (!err)
        *out = new_store(location, &url, http, options.user != NULL, options.connections);
    resturl_free(&url);
    return err;
}

int rest_create(const char *location, struct blob_store **out)
{
    struct blob_store *store;
    int err = rest_open(location, &store);
    if (err)
        return err;
    const struct rest *rest = store->self;
    char *url MEM_AUTO = mem_printf("%s?create=true", rest->base);
    struct http_request request = {.method = "POST", .url = url};
    struct http_answer answer;
    err = ask(rest, &request, &answer);
    http_answer_free(&answer);
    if (err)
        blob_close(store);
    else
        *out = store;
    return err;
}
