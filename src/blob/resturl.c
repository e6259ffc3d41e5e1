/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/resturl.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"

#define HTTP_UNIX "http+unix://"

static int wrong(const char *why)
{
    return err_hint(err_set(ERR_INVALID, _("the address of the REST server is wrong: %s"), why),
                    _("for example: rest:https://backup.example.org:8000/town-hall/"));
}

/* Without white space and control characters, in which the end of the URL could hide. */
static bool is_clean(const char *text)
{
    while (*text > ' ' && *text != 0x7f)
        text++;
    return !*text;
}

/* %XX into bytes; NULL when it is not two digits, or a NUL. */
static char *unescape(const char *text, size_t length)
{
    char *made = mem_zalloc(length + 1, 1);
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '%') {
            made[at++] = text[i];
            continue;
        }
        if (length - i < 3 || hex_decode(text + i + 1, made + at, 1) != 0 || !made[at]) {
            free(made);
            return NULL;
        }
        at++;
        i += 2;
    }
    made[at] = '\0';
    return made;
}

static int parse_user(const char *text, size_t length, struct resturl *out)
{
    const char *colon = memchr(text, ':', length);
    size_t user = colon ? (size_t)(colon - text) : length;
    out->user = unescape(text, user);
    if (colon)
        out->password = unescape(colon + 1, length - user - 1);
    return out->user && (!colon || out->password) ? 0 : wrong(_("a % in user or password wants two digits"));
}

static int parse_socket(const char *text, struct resturl *out)
{
    const char *path = text + strlen(HTTP_UNIX);
    const char *colon = strchr(path, ':');
    size_t length = colon ? (size_t)(colon - path) : strlen(path);
    if (*path != '/' || (colon && colon[1] != '/' && colon[1]))
        return wrong(_("a socket is written http+unix:///PATH:/REPOSITORY/"));
    out->unix_socket = mem_printf("%.*s", (int)length, path);
    const char *rest = colon ? colon + 1 : "";
    size_t end = strlen(rest);
    out->base =
        mem_printf("http://localhost%s%s", *rest ? rest : "/", end && rest[end - 1] != '/' ? "/" : "");
    return 0;
}

static int parse_host(const char *text, struct resturl *out)
{
    const char *authority = strstr(text, "://") + strlen("://");
    size_t length = strcspn(authority, "/");
    const char *at = memrchr(authority, '@', length);
    const char *host = at ? at + 1 : authority;
    if (host == authority + length || *host == ':')
        return wrong(_("it names no host"));
    int err = at ? parse_user(authority, (size_t)(at - authority), out) : 0;
    if (err)
        return err;
    size_t end = strlen(host);
    out->base = mem_printf("%.*s%s%s", (int)(authority - text), text, host, host[end - 1] == '/' ? "" : "/");
    return 0;
}

int resturl_parse(const char *text, struct resturl *out)
{
    *out = (struct resturl){0};
    int err;
    if (!is_clean(text))
        err = wrong(_("there is a blank in it; write it as %20"));
    else if (strpbrk(text, "?#"))
        err = wrong(_("there is a ? or # in it"));
    else if (strncmp(text, HTTP_UNIX, strlen(HTTP_UNIX)) == 0)
        err = parse_socket(text, out);
    else if (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0)
        err = parse_host(text, out);
    else
        err = wrong(_("it begins neither with https:// nor with http://"));
    if (err)
        resturl_free(out);
    return err;
}

void resturl_free(struct resturl *url)
{
    if (url->password)
        mem_wipe(url->password, strlen(url->password));
    free(url->base);
    free(url->user);
    free(url->password);
    free(url->unix_socket);
    *url = (struct resturl){0};
}
