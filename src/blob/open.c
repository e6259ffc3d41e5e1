/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/open.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/http.h"
#include "blob/local.h"
#include "blob/rest.h"
#include "blob/retry.h"
#include "blob/s3.h"
#include "blob/sftp.h"

struct backend {
    const char *scheme; /* with its colon */
    int (*open)(const char *rest, struct blob_store **out);
    int (*create)(const char *rest, struct blob_store **out);
};

static const struct backend backends[] = {
    {"local:", local_open, local_create},
    {"rest:", rest_open, rest_create},
    {"s3:", s3_open, s3_create},
    {"sftp:", sftp_open, sftp_create},
};

/* A word of letters and digits before a colon, and no slash before it. */
static size_t scheme_length(const char *location)
{
    size_t length = strspn(location, "abcdefghijklmnopqrstuvwxyz0123456789");
    return length && location[length] == ':' ? length + 1 : 0;
}

/* The backend of a location, and what follows its scheme. */
static int find_backend(const char *location, const struct backend **backend, const char **rest)
{
    size_t scheme = scheme_length(location);
    for (size_t i = 0; i < sizeof backends / sizeof *backends; i++)
        if (!scheme || strncmp(location, backends[i].scheme, scheme) == 0) {
            *backend = &backends[i];
            *rest = location + scheme;
            return 0;
        }
    return err_hint(
        err_set(ERR_UNSUPPORTED, _("\"%.*s\" is not a kind of repository"), (int)scheme, location),
        _("a folder of that name is written local:%s"), location);
}

/* What is behind a network is tried again. */
static int finish(int err, struct blob_store **store)
{
    if (!err && blob_connections(*store))
        *store = retry_wrap(*store);
    return err;
}

int blob_open(const char *location, struct blob_store **out)
{
    const struct backend *backend;
    const char *rest;
    int err = find_backend(location, &backend, &rest);
    return finish(err ? err : backend->open(rest, out), out);
}

int blob_create(const char *location, struct blob_store **out)
{
    const struct backend *backend;
    const char *rest;
    int err = find_backend(location, &backend, &rest);
    return finish(err ? err : backend->create(rest, out), out);
}

bool blob_is_remote(const char *location)
{
    size_t scheme = scheme_length(location);
    return scheme && strncmp(location, "local:", scheme) != 0;
}

bool blob_has_password(const char *location)
{
    char *text MEM_AUTO = blob_location_text(location);
    return strcmp(text, location) != 0;
}

void blob_prepare(void)
{
    http_prepare();
}

char *blob_location_text(const char *location)
{
    const char *user = strstr(location, "://");
    if (!user)
        return mem_strdup(location);
    user += strlen("://");
    size_t authority = strcspn(user, "/?#");
    const char *host = memrchr(user, '@', authority);
    const char *password = host ? memchr(user, ':', (size_t)(host - user)) : NULL;
    if (!password)
        return mem_strdup(location);
    return mem_printf("%.*s:***%s", (int)(password - location), location, host);
}
