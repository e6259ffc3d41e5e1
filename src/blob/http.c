/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/rate.h"
#include "blob/settings.h"

#define CONNECT_SECONDS   30
#define USUAL_CONNECTIONS 5
#define MAX_HEAD          ((size_t)64 << 10)
#define USUAL_LIMIT       ((size_t)64 << 10)
#define REFUSAL_KEPT      ((size_t)4 << 10)
#define REFUSAL_READ      ((size_t)1 << 20) /* more of an error page is not waited for */
#define SLOWEST           4096              /* bytes per second that a whole request must make */
#define SLOW_SLACK        4                 /* so much slower than its share of a limit a request may be */

struct http {
    char *user, *password, *sigv4, *unix_socket;
    char *ca_file, *client_certificate;
    unsigned connections;
    pthread_mutex_t mutex; /* idle, idle_count, made */
    pthread_cond_t freed;
    CURL **idle;
    unsigned idle_count, made;
};

/* One request on its way. */
struct transfer {
    CURL *curl;
    const struct http_request *request;
    struct http_answer *answer;
    size_t sent;
    size_t refusal; /* bytes of an error page */
    int err;        /* why a callback ended it */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

/* What an option or the environment names; curl tells of a bad file only when it connects. */
static int find_file(const char *option, const char *variable, char **out)
{
    const char *path = option ? option : getenv(variable);
    if (!path || !*path)
        return 0;
    if (access(path, R_OK) != 0)
        return err_set(ERR_INVALID, _("cannot read the certificate %s: %s"), path, strerror(errno));
    *out = mem_strdup(path);
    return 0;
}

/* A name that no server knows goes through all that this machine would ask, and so loads it. */
void http_prepare(void)
{
    pthread_once(&once, start_curl);
    struct addrinfo *found = NULL;
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
    if (getaddrinfo("beffroi.invalid", "80", NULL, &found) == 0)
        freeaddrinfo(found);
    unsetenv("RES_OPTIONS");
}

int http_new(const struct http_options *options, struct http **out)
{
    pthread_once(&once, start_curl);
    struct http *http = mem_zalloc(1, sizeof *http);
    pthread_mutex_init(&http->mutex, NULL);
    pthread_cond_init(&http->freed, NULL);
    http->user = copy(options->user);
    http->password = copy(options->password);
    http->sigv4 = copy(options->sigv4);
    http->unix_socket = copy(options->unix_socket);
    http->connections = options->connections ? options->connections : USUAL_CONNECTIONS;
    http->idle = mem_zalloc(http->connections, sizeof(CURL *));
    int err = find_file(blob_settings()->ca_file, "RESTIC_CACERT", &http->ca_file);
    if (!err)
        err = find_file(blob_settings()->client_certificate, "RESTIC_TLS_CLIENT_CERT",
                        &http->client_certificate);
    if (err)
        http_free(http);
    else
        *out = http;
    return err;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    for (unsigned i = 0; i < http->idle_count; i++)
        curl_easy_cleanup(http->idle[i]);
    if (http->password)
        mem_wipe(http->password, strlen(http->password));
    free(http->idle);
    free(http->user);
    free(http->password);
    free(http->sigv4);
    free(http->unix_socket);
    free(http->ca_file);
    free(http->client_certificate);
    pthread_cond_destroy(&http->freed);
    pthread_mutex_destroy(&http->mutex);
    free(http);
}

/* A connection that nobody uses. The one that was used last comes first: it is the least likely to have been
 * closed by the server meanwhile. */
static CURL *take_connection(struct http *http)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&http->mutex);
    while (!http->idle_count && http->made == http->connections)
        pthread_cond_wait(&http->freed, &http->mutex);
    if (http->idle_count)
        curl = http->idle[--http->idle_count];
    else
        http->made++;
    pthread_mutex_unlock(&http->mutex);
    if (!curl)
        curl = curl_easy_init();
    if (!curl)
        abort(); /* as the mem_ functions do */
    return curl;
}

static void give_connection(struct http *http, CURL *curl)
{
    curl_easy_reset(curl); /* forgets what is set, keeps the connection */
    pthread_mutex_lock(&http->mutex);
    http->idle[http->idle_count++] = curl;
    pthread_cond_signal(&http->freed);
    pthread_mutex_unlock(&http->mutex);
}

/* ---- what curl calls ---- */

static size_t send_piece(char *out, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->request->body_length - transfer->sent, length = size * count;
    length = rate_piece(RATE_UPLOAD, length < left ? length : left);
    if (!length)
        return 0;
    rate_take(RATE_UPLOAD, length);
    memcpy(out, (const uint8_t *)transfer->request->body + transfer->sent, length);
    transfer->sent += length;
    return length;
}

/* A kept connection was found closed, and the body is to be sent again. */
static int send_again(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > transfer->request->body_length)
        return CURL_SEEKFUNC_FAIL;
    transfer->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t receive_head(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    if (http_head_line(transfer->answer, line, size * count))
        return size * count;
    transfer->err = ERR_TOO_LARGE;
    return 0;
}

/* False ends the transfer. */
static bool receive(struct transfer *transfer, const char *bytes, size_t length)
{
    const struct http_request *request = transfer->request;
    struct http_answer *answer = transfer->answer;
    if (answer->status < 200 || answer->status > 299) {
        size_t room = REFUSAL_KEPT - answer->body.length;
        buf_put(&answer->body, bytes, length < room ? length : room);
        transfer->refusal += length;
        return transfer->refusal <= REFUSAL_READ;
    }
    if (request->into) {
        if (length > request->into_length - answer->length) {
            transfer->err = ERR_CORRUPT;
            return false;
        }
        memcpy((uint8_t *)request->into + answer->length, bytes, length);
    } else {
        size_t limit = request->limit ? request->limit : USUAL_LIMIT;
        if (length > limit - answer->body.length) {
            transfer->err = ERR_TOO_LARGE;
            return false;
        }
        buf_put(&answer->body, bytes, length);
    }
    answer->length += length;
    return true;
}

static size_t receive_piece(char *bytes, size_t size, size_t count, void *context)
{
    rate_take(RATE_DOWNLOAD, size * count);
    return receive(context, bytes, size * count) ? size * count : 0;
}

/* ---- setting up ---- */

static void set_body(CURL *curl, struct transfer *transfer)
{
    const struct http_request *request = transfer->request;
    curl_off_t length = (curl_off_t)request->body_length;
    if (strcmp(request->method, "PUT") == 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, length);
    } else {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, length);
    }
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, send_piece);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, send_again);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, transfer);
}

static void set_method(CURL *curl, struct transfer *transfer)
{
    const char *method = transfer->request->method;
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    else if (strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0)
        set_body(curl, transfer);
    else if (strcmp(method, "GET") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

/* Besides the stall, a whole request has a longest time, so that no server can keep it alive with a byte now
 * and then: the stall, and as long as its bytes take on a very slow line. */
static void set_times(const struct http *http, CURL *curl, const struct http_request *request)
{
    const struct blob_settings *settings = blob_settings();
    uint64_t slowest = SLOWEST;
    const uint64_t rates[] = {settings->upload_rate, settings->download_rate};
    for (size_t i = 0; i < 2; i++) {
        uint64_t share = rates[i] / http->connections / SLOW_SLACK;
        if (rates[i] && share < slowest)
            slowest = share ? share : 1;
    }
    uint64_t bytes = request->body_length + request->into_length + request->limit + USUAL_LIMIT;
    long stall = (long)(settings->stall_ns / NS_PER_SECOND);
    if (stall < 1)
        stall = 1;
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, stall < CONNECT_SECONDS ? stall : (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, stall);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, stall + (long)(bytes / slowest));
}

static void set_security(const struct http *http, CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (http->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* these alone, not the system's besides */
    }
    if (http->client_certificate) {
        curl_easy_setopt(curl, CURLOPT_SSLCERT, http->client_certificate);
        curl_easy_setopt(curl, CURLOPT_SSLKEY, http->client_certificate);
    }
    if (blob_settings()->insecure_tls) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (http->user)
        curl_easy_setopt(curl, CURLOPT_USERNAME, http->user);
    if (http->password)
        curl_easy_setopt(curl, CURLOPT_PASSWORD, http->password);
    if (http->sigv4)
        curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, http->sigv4);
    else
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    if (http->unix_socket)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, http->unix_socket);
}

static void set_up(const struct http *http, CURL *curl, struct transfer *transfer, struct curl_slist *headers,
                   char *reason)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_URL, transfer->request->url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "beffroi/" BEFFROI_VERSION);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    set_security(http, curl);
    set_times(http, curl, transfer->request);
    set_method(curl, transfer);
}

/* ---- the outcome ---- */

static int code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OK:
        return 0;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERR_INVALID;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return ERR_PERMISSION;
    case CURLE_WEIRD_SERVER_REPLY:
        return ERR_CORRUPT;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SSL_SHUTDOWN_FAILED:
        return ERR_CLOSED;
    default:
        return ERR_SYSTEM;
    }
}

static int failed(const struct transfer *transfer, CURLcode result, const char *reason)
{
    const struct http_request *request = transfer->request;
    if (transfer->err == ERR_CORRUPT)
        return err_set(ERR_CORRUPT, _("%s %s: the server sends more than the %zu bytes it was asked for"),
                       request->method, request->url, request->into_length);
    if (transfer->err)
        return err_set((enum err)transfer->err, _("%s %s: the server's answer is too large"), request->method,
                       request->url);
    enum err code = (enum err)code_of(result);
    err_set(code, _("%s %s: %s"), request->method, request->url,
            *reason ? reason : curl_easy_strerror(result));
    if (code == ERR_PERMISSION)
        err_hint(code, _("name the authority's certificate with --cacert FILE (or RESTIC_CACERT), your own "
                         "with --tls-client-cert FILE"));
    return code;
}

/* Writing to a connection that the other side has closed raises a SIGPIPE inside the TLS library. */
static CURLcode perform(CURL *curl)
{
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    CURLcode result = curl_easy_perform(curl);
    const struct timespec now = {0};
    sigtimedwait(&pipe, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

int http_do(struct http *http, const struct http_request *request, struct http_answer *answer)
{
    char reason[CURL_ERROR_SIZE] = "";
    *answer = (struct http_answer){0};
    buf_init(&answer->body, request->limit > REFUSAL_KEPT ? request->limit : USUAL_LIMIT);
    buf_init(&answer->headers, MAX_HEAD);
    /* "Expect" costs a second with some servers; but libcurl 7.88 signs wrongly what takes it away. */
    struct curl_slist *headers = http->sigv4 ? NULL : curl_slist_append(NULL, "Expect:");
    for (const char *const *header = request->headers; header && *header; header++)
        headers = curl_slist_append(headers, *header);
    struct transfer transfer = {.curl = take_connection(http), .request = request, .answer = answer};
    set_up(http, transfer.curl, &transfer, headers, reason);
    CURLcode result = perform(transfer.curl);
    give_connection(http, transfer.curl);
    curl_slist_free_all(headers);
    /* A long error page was left; its status says enough. */
    if (result == CURLE_WRITE_ERROR && !transfer.err)
        result = CURLE_OK;
    if (result == CURLE_OK && answer->status < 200)
        result = CURLE_WEIRD_SERVER_REPLY;
    return result == CURLE_OK ? 0 : failed(&transfer, result, reason);
}

void http_answer_free(struct http_answer *answer)
{
    buf_free(&answer->body);
    buf_free(&answer->headers);
}

/* ---- heads ---- */

static unsigned status_of(const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    size_t left = space ? length - (size_t)(space - line) : 0;
    if (left < 4 || !isdigit((unsigned char)space[1]) || !isdigit((unsigned char)space[2]) ||
        !isdigit((unsigned char)space[3]))
        return 0;
    return (unsigned)(space[1] - '0') * 100 + (unsigned)(space[2] - '0') * 10 + (unsigned)(space[3] - '0');
}

/* The value of a line of that name, or NULL. */
static const char *value_of(const char *line, size_t length, const char *name, size_t *value_length)
{
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' || strncasecmp(line, name, name_length) != 0)
        return NULL;
    const char *at = line + name_length + 1, *end = line + length;
    while (at < end && isspace((unsigned char)*at))
        at++;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    *value_length = (size_t)(end - at);
    return at;
}

static void note_size(struct http_answer *answer, const char *digits, size_t length)
{
    uint64_t size = 0;
    answer->has_size = false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(digits[i] - '0');
        if (digit > 9 || size > ((uint64_t)INT64_MAX - digit) / 10)
            return;
        size = size * 10 + digit;
    }
    answer->has_size = length > 0;
    answer->size = size;
}

bool http_head_line(struct http_answer *answer, const char *line, size_t length)
{
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buf_clear(&answer->headers);
        answer->has_size = false;
        answer->status = status_of(line, length);
        return true;
    }
    size_t value_length;
    const char *value = value_of(line, length, "content-length", &value_length);
    if (value)
        note_size(answer, value, value_length);
    if (memchr(line, '\0', length))
        return true; /* of no use to anybody, and lines are searched as strings */
    buf_put(&answer->headers, line, length);
    return !answer->headers.overflowed;
}

bool http_answer_header(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    if (!answer->headers.length)
        return false;
    const char *at = (const char *)answer->headers.data, *end = at + answer->headers.length;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at), value_length;
        const char *value = value_of(at, length, name, &value_length);
        if (value && value_length < size) {
            memcpy(out, value, value_length);
            out[value_length] = '\0';
            return true;
        }
        at = newline ? newline + 1 : end;
    }
    return false;
}

/* ---- refusals ---- */

static enum err code_of_status(unsigned status)
{
    static const struct {
        unsigned status;
        enum err code;
    } codes[] = {{401, ERR_PERMISSION},  {403, ERR_PERMISSION}, {404, ERR_NOT_FOUND}, {407, ERR_PERMISSION},
                 {408, ERR_TIMEOUT},     {409, ERR_EXISTS},     {410, ERR_NOT_FOUND}, {412, ERR_EXISTS},
                 {413, ERR_TOO_LARGE},   {416, ERR_CORRUPT},    {429, ERR_CLOSED},    {501, ERR_UNSUPPORTED},
                 {505, ERR_UNSUPPORTED}, {507, ERR_NO_SPACE}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].status == status)
            return codes[i].code;
    return status >= 500 ? ERR_CLOSED : status >= 300 && status < 400 ? ERR_INVALID : ERR_SYSTEM;
}

/* The first line of what the server says, without what a terminal would obey; none of a web page. */
static void first_words(const struct http_answer *answer, char out[static 200])
{
    size_t at = 0, made = 0;
    const struct buf *body = &answer->body;
    while (at < body->length && isspace(body->data[at]))
        at++;
    if (at < body->length && body->data[at] == '<')
        at = body->length;
    for (; at < body->length && made < 198 && body->data[at] != '\n'; at++)
        if (body->data[at] >= ' ' && body->data[at] < 0x7f)
            out[made++] = (char)body->data[at];
    out[made] = '\0';
}

static bool is_printable(const char *text)
{
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

int http_refused(const struct http_request *request, const struct http_answer *answer)
{
    char words[200], place[512];
    first_words(answer, words);
    enum err code = code_of_status(answer->status);
    err_set(code, _("%s %s: the server answers with status %u%s%s"), request->method, request->url,
            answer->status, *words ? ": " : "", words);
    if (answer->status == 401 || answer->status == 407)
        err_hint(code, _("it wants a user and a password that it knows"));
    if (code == ERR_INVALID && http_answer_header(answer, "location", place, sizeof place) &&
        is_printable(place))
        err_hint(code, _("it says that this is now at %s; name that place yourself if you trust it"), place);
    return code;
}

void http_put_escaped(struct buf *out, const char *text, bool keep_slash)
{
    for (const char *c = text; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
                     strchr("-._~", *c) || (keep_slash && *c == '/');
        if (plain)
            buf_put_u8(out, (uint8_t)*c);
        else
            buf_printf(out, "%%%02X", (unsigned char)*c);
    }
}
