/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/api_route.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

static bool starts(const char *text, const char *start, const char **rest)
{
    size_t length = strlen(start);
    *rest = text + length;
    return strncmp(text, start, length) == 0;
}

/* A number without sign or leading zeros at `text`, up to `most`; *rest is what follows. */
static bool number(const char *text, uint32_t most, uint32_t *out, const char **rest)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && at - text < 10; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    *rest = at;
    *out = (uint32_t)value;
    return at > text && value <= most && (text[0] != '0' || at == text + 1) && !(*at >= '0' && *at <= '9');
}

/* The verb of a path, 0 when there is none; *posts: it changes something. */
static int verb_of(const char *url, struct msg_request *out, bool *posts)
{
    static const struct {
        const char *word;
        enum request_verb verb;
    } decisions[] = {{"/rollback", REQUEST_ROLLBACK},
                     {"/dismiss", REQUEST_DISMISS},
                     {"/close", REQUEST_CLOSE},
                     {"/release", REQUEST_RELEASE}};
    const char *rest;
    *posts = false;
    if (strcmp(url, "/v1/status") == 0)
        return REQUEST_STATUS;
    if (strcmp(url, "/v1/incidents") == 0)
        return REQUEST_INCIDENTS;
    if (starts(url, "/v1/incidents/", &rest) && number(rest, UINT32_MAX, &out->incident, &rest)) {
        if (!*rest)
            return REQUEST_INCIDENT;
        *posts = true;
        for (size_t i = 0; i < sizeof decisions / sizeof decisions[0]; i++)
            if (strcmp(rest, decisions[i].word) == 0)
                return (int)decisions[i].verb;
        return 0;
    }
    *posts = true;
    out->tree = UINT32_MAX;
    if (strcmp(url, "/v1/snapshots") == 0)
        return REQUEST_SNAPSHOT;
    if (starts(url, "/v1/snapshots/", &rest) && number(rest, UINT32_MAX - 1, &out->tree, &rest) && !*rest)
        return REQUEST_SNAPSHOT;
    return 0;
}

unsigned api_route(const char *method, const char *url, struct msg_request *out)
{
    struct msg_request made = {0};
    bool posts;
    int verb = verb_of(url, &made, &posts);
    if (!verb) {
        err_set(ERR_NOT_FOUND, _("the guard has nothing at this address"));
        return 404;
    }
    if (strcmp(method, posts ? "POST" : "GET") != 0) {
        err_set(ERR_INVALID, _("this address wants the method %s"), posts ? "POST" : "GET");
        return 405;
    }
    made.verb = (enum request_verb)verb;
    *out = made;
    return 200;
}

/* Error texts are UTF-8 or plain bytes of file names; what JSON does not take becomes "?". */
static void put_json(struct buf *out, const char *text)
{
    buf_put_u8(out, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            buf_printf(out, "\\%c", byte);
        else if (byte == '\n')
            buf_printf(out, "\\n");
        else if (byte < 32 || byte == 127)
            buf_put_u8(out, '?');
        else
            buf_put_u8(out, byte);
    }
    buf_put_u8(out, '"');
}

void api_error_json(struct buf *out, const char *code, const char *text, const char *hint)
{
    buf_printf(out, "{\"error\":{\"code\":");
    put_json(out, code);
    buf_printf(out, ",\"text\":");
    put_json(out, text);
    buf_printf(out, ",\"hint\":");
    put_json(out, hint);
    buf_printf(out, "}}");
}
