/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_keys.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_FILE ((size_t)1 << 20)

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static void wipe(char **text)
{
    if (*text)
        mem_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static void take_line(char *line, struct s3_keys *out)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return;
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    char **place = strcmp(name, "aws_access_key_id") == 0       ? &out->access
                   : strcmp(name, "aws_secret_access_key") == 0 ? &out->secret
                   : strcmp(name, "aws_session_token") == 0     ? &out->token
                                                                : NULL;
    if (!place)
        return;
    wipe(place);
    *place = mem_strdup(value);
}

void s3_keys_read(char *text, const char *profile, struct s3_keys *out)
{
    char *rest = text, *line;
    bool ours = false;
    while ((line = strsep(&rest, "\n"))) {
        line = trim(line);
        size_t length = strlen(line);
        if (*line == '[' && line[length - 1] == ']') {
            line[length - 1] = '\0';
            ours = strcmp(trim(line + 1), profile) == 0;
        } else if (ours && *line != '#' && *line != ';') {
            take_line(line, out);
        }
    }
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int read_file(struct s3_keys *out)
{
    const char *file = variable("AWS_SHARED_CREDENTIALS_FILE"), *home = variable("HOME");
    const char *profile = variable("AWS_PROFILE");
    if (!file && !home)
        return 0;
    char *path MEM_AUTO = file ? mem_strdup(file) : mem_printf("%s/.aws/credentials", home);
    struct buf text BUF_AUTO;
    buf_init(&text, MAX_FILE);
    int err = fd_read_file(AT_FDCWD, path, &text);
    if (err == ERR_NOT_FOUND && !file)
        return 0;
    if (err)
        return err;
    char *copy = mem_strdup(buf_string(&text));
    size_t length = strlen(copy);
    s3_keys_read(copy, profile ? profile : "default", out);
    mem_wipe(copy, length);
    free(copy);
    return 0;
}

int s3_keys_find(struct s3_keys *out)
{
    const char *access = variable("AWS_ACCESS_KEY_ID"), *secret = variable("AWS_SECRET_ACCESS_KEY");
    const char *token = variable("AWS_SESSION_TOKEN");
    *out = (struct s3_keys){0};
    int err = 0;
    if (access && secret) {
        out->access = mem_strdup(access);
        out->secret = mem_strdup(secret);
        out->token = token ? mem_strdup(token) : NULL;
    } else {
        err = read_file(out);
    }
    if (!err && (!out->access || !out->secret || !*out->access || !*out->secret))
        err = err_hint(err_set(ERR_INVALID, _("there are no keys for the S3 account")),
                       _("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile of "
                         "~/.aws/credentials"));
    return err;
}

void s3_keys_free(struct s3_keys *keys)
{
    wipe(&keys->access);
    wipe(&keys->secret);
    wipe(&keys->token);
}
