/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"

#define MOST_CONNECTIONS 100
#define STALL_NS         (300 * NS_PER_SECOND)
#define RETRY_NS         (900 * NS_PER_SECOND)

static struct blob_settings current = {.stall_ns = STALL_NS, .retry_ns = RETRY_NS};

int blob_settings_set(const struct blob_settings *settings)
{
    for (size_t i = 0; i < settings->option_count; i++) {
        const char *equals = strchr(settings->options[i], '=');
        if (!equals || equals == settings->options[i])
            return err_hint(err_set(ERR_INVALID, _("-o wants KEY=VALUE, not \"%s\""), settings->options[i]),
                            _("for example: -o rest.connections=10"));
    }
    current = *settings;
    if (!current.stall_ns)
        current.stall_ns = STALL_NS;
    int err = blob_settings_known("retry.", (const char *const[]){"retry.time", NULL});
    const char *text = blob_settings_option("retry.time");
    if (!err && !current.retry_ns && text && duration_parse(text, &current.retry_ns) != 0)
        err =
            err_set(ERR_INVALID, _("%s wants a duration such as 90s or 15m, not \"%s\""), "retry.time", text);
    if (!current.retry_ns)
        current.retry_ns = RETRY_NS;
    return err;
}

const struct blob_settings *blob_settings(void)
{
    return &current;
}

const char *blob_settings_option(const char *key)
{
    size_t length = strlen(key);
    for (size_t i = current.option_count; i-- > 0;)
        if (strncmp(current.options[i], key, length) == 0 && current.options[i][length] == '=')
            return current.options[i] + length + 1;
    return NULL;
}

static bool is_known(const char *option, const char *const *keys)
{
    size_t length = strcspn(option, "=");
    while (*keys && (strncmp(*keys, option, length) != 0 || (*keys)[length]))
        keys++;
    return *keys;
}

int blob_settings_known(const char *space, const char *const *keys)
{
    for (size_t i = 0; i < current.option_count; i++)
        if (strncmp(current.options[i], space, strlen(space)) == 0 && !is_known(current.options[i], keys))
            return err_set(ERR_INVALID, _("-o %s: there is no such option"), current.options[i]);
    return 0;
}

int blob_settings_connections(const char *key, unsigned usual, unsigned *out)
{
    const char *text = blob_settings_option(key);
    char *end;
    unsigned long number = text ? strtoul(text, &end, 10) : usual;
    if (text && (!isdigit((unsigned char)*text) || *end || number < 1 || number > MOST_CONNECTIONS))
        return err_set(ERR_INVALID, _("%s wants a number from 1 to %d, not \"%s\""), key, MOST_CONNECTIONS,
                       text);
    *out = (unsigned)number;
    return 0;
}
