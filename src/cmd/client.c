/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/yml.h"
#include "cmd/cmd.h"

#define CONNECT_SECONDS 5L
#define ANSWER_SECONDS  600L /* a rollback of a large share is answered when it is done */

int client_choose(const char *socket, const char *config, char **path)
{
    const char *chosen = socket ? socket : CLIENT_SOCKET;
    if (socket || !config) {
        *path = mem_strdup(chosen);
        return 0;
    }
    struct yml *document;
    int err = yml_load(config, &document);
    if (err)
        return err;
    err = yml_want_mapping(yml_root(document), _("the configuration"));
    if (!err)
        err = yml_string(yml_root(document), "socket", false, &chosen);
    if (!err)
        *path = mem_strdup(chosen);
    yml_free(document);
    return err;
}

/* Why nobody answers at `path`, which curl does not tell exactly. */
static int no_guard(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd FD_AUTO = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(_("cannot make a socket"));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return err_set(ERR_CLOSED, _("the guard at %s hung up without an answer"), path);
    if (errno == EACCES || errno == EPERM)
        return err_hint(err_set(ERR_PERMISSION, _("you may not talk to the guard at %s"), path),
                        _("only administrators may: use sudo"));
    if (errno != ENOENT && errno != ECONNREFUSED && errno != ENOTDIR)
        return err_sys(_("cannot reach the guard at %s"), path);
    return err_hint(err_set(ERR_NOT_FOUND, _("the guard is not running (nobody listens at %s)"), path),
                    _("start it with: sudo systemctl start beffroi\n"
                      "or in a terminal: sudo beffroi guard -c FILE"));
}

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
    struct buf *body = self;
    buf_put(body, bytes, size * count);
    return body->overflowed ? 0 : size * count;
}

static int error_code(const char *word)
{
    for (int code = ERR_SYSTEM; code >= ERR_CHANGED; code--)
        if (strcmp(err_name(code), word) == 0)
            return code;
    return ERR_SYSTEM;
}

int client_answer(long status, const char *body, size_t length, json_t **answer)
{
    json_error_t why;
    json_t *json = json_loadb(body, length, 0, &why);
    if (!json)
        return err_set(ERR_CORRUPT, _("the guard's answer is not JSON (line %d: %s)"), why.line, why.text);
    if (status >= 200 && status < 300) {
        *answer = json;
        return 0;
    }
    const json_t *error = json_object_get(json, "error");
    const char *text = client_text(error, "text");
    int err = error_code(client_text(error, "code"));
    if (*text)
        err_set((enum err)err, "%s", text);
    else
        err_set((enum err)err, _("the guard refused, with HTTP status %ld"), status);
    if (*client_text(error, "hint"))
        err_hint(err, "%s", client_text(error, "hint"));
    json_decref(json);
    return err;
}

static int perform(CURL *curl, const char *socket, struct buf *body, json_t **answer)
{
    CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_GOT_NOTHING)
        return no_guard(socket);
    if (body->overflowed)
        return err_set(ERR_TOO_LARGE, _("the guard's answer is longer than %u bytes"), CLIENT_ANSWER_MAX);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_hint(err_set(ERR_TIMEOUT, _("the guard at %s did not answer in time"), socket),
                        _("its log says why: journalctl -u beffroi"));
    if (code != CURLE_OK)
        return err_set(ERR_SYSTEM, _("cannot ask the guard at %s: %s"), socket, curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return client_answer(status, buf_string(body), body->length, answer);
}

int client_ask(const char *socket, const char *resource, bool post, json_t **answer)
{
    const size_t longest = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    if (strlen(socket) > longest)
        return err_set(ERR_INVALID, _("the socket path %s is too long: the system allows %zu bytes"), socket,
                       longest);
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_set(ERR_SYSTEM, _("libcurl does not start"));
    struct buf body BUF_AUTO;
    buf_init(&body, CLIENT_ANSWER_MAX);
    char *url MEM_AUTO = mem_printf("http://beffroi%s", resource);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    /* Proxy variables of the environment must not reach a local socket. */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ANSWER_SECONDS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    if (post) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    int err = perform(curl, socket, &body, answer);
    curl_easy_cleanup(curl);
    return err;
}

const char *client_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

int64_t client_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? (int64_t)json_number_value(value) : 0;
}

bool client_flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

int64_t client_time(const json_t *object, const char *key)
{
    int64_t when = 0;
    const char *text = client_text(object, key);
    return *text && time_parse(text, &when) == 0 ? when : 0;
}

int client_print(const json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    return cmd_finish(CMD_DONE);
}
