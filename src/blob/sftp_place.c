/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_place.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_WORDS 256

static int not_a_place(const char *rest)
{
    return err_hint(err_set(ERR_INVALID, _("\"sftp:%s\" is not a place"), rest),
                    _("for example: sftp:user@host:/srv/vault or sftp://user@host:2222//srv/vault"));
}

static char *part(const char *from, const char *end)
{
    return mem_printf("%.*s", (int)(end - from), from);
}

/* "[USER@]HOST"; a user's name may hold an @ (user@domain). */
static void split_user(const char *from, const char *end, struct sftp_place *out)
{
    const char *at = memrchr(from, '@', (size_t)(end - from));
    if (at)
        out->user = part(from, at);
    out->host = part(at ? at + 1 : from, end);
}

/* "//[USER@]HOST[:PORT]/PATH"; an IPv6 address stands in brackets. */
static bool parse_url(const char *rest, struct sftp_place *out)
{
    const char *from = rest + 2;
    const char *slash = strchr(from, '/');
    if (!slash)
        return false;
    const char *at = memrchr(from, '@', (size_t)(slash - from));
    const char *host = at ? at + 1 : from;
    const char *bracket = *host == '[' ? memchr(host, ']', (size_t)(slash - host)) : NULL;
    if (*host == '[' && !bracket)
        return false;
    const char *search = bracket ? bracket : host;
    const char *colon = memchr(search, ':', (size_t)(slash - search));
    if (at)
        out->user = part(from, at);
    out->host = bracket ? part(host + 1, bracket) : part(host, colon ? colon : slash);
    if (colon)
        out->port = part(colon + 1, slash);
    out->path = mem_strdup(slash + 1);
    return !colon || (*out->port && strspn(out->port, "0123456789") == strlen(out->port));
}

static bool parse_short(const char *rest, struct sftp_place *out)
{
    const char *colon = strchr(rest, ':');
    if (!colon)
        return false;
    split_user(rest, colon, out);
    out->path = mem_strdup(colon + 1);
    return true;
}

int sftp_place_parse(const char *rest, struct sftp_place *out)
{
    *out = (struct sftp_place){0};
    bool right = strncmp(rest, "//", 2) == 0 ? parse_url(rest, out) : parse_short(rest, out);
    /* A name that begins with a dash would be an option of ssh. */
    if (!right || !*out->host || *out->host == '-' || (out->user && (!*out->user || *out->user == '-')))
        return not_a_place(rest);
    if (*out->path == '~')
        return err_hint(err_set(ERR_INVALID, _("\"sftp:%s\": SFTP does not know ~"), rest),
                        _("a path that does not begin with / is below the home"));
    size_t length = strlen(out->path);
    while (length > 1 && out->path[length - 1] == '/')
        out->path[--length] = '\0';
    if (length == 0) {
        free(out->path);
        out->path = mem_strdup(".");
    }
    return 0;
}

void sftp_place_free(struct sftp_place *place)
{
    free(place->user);
    free(place->host);
    free(place->port);
    free(place->path);
    *place = (struct sftp_place){0};
}

struct words {
    char **items; /* room for MAX_WORDS and the NULL */
    size_t count;
};

static int add_word(struct words *words, const char *word)
{
    if (words->count == MAX_WORDS)
        return err_set(ERR_INVALID, _("a command has more than %d words"), MAX_WORDS);
    words->items[words->count++] = mem_strdup(word);
    return 0;
}

/* One word, as a shell quotes: 'as it is', "with \" in it", and \ before a single character. */
static const char *take_word(const char *text, struct buf *word)
{
    char quote = 0;
    for (; *text && (quote || !isspace((unsigned char)*text)); text++) {
        if (*text == '\\' && quote != '\'' && text[1])
            buf_put_u8(word, (uint8_t) * ++text);
        else if (quote ? *text == quote : *text == '\'' || *text == '"')
            quote = quote ? 0 : *text;
        else
            buf_put_u8(word, (uint8_t)*text);
    }
    return quote ? NULL : text;
}

static int split(struct words *words, const char *text)
{
    const char *all = text;
    int err = 0;
    while (!err) {
        struct buf word BUF_AUTO;
        buf_init(&word, 65536);
        text += strspn(text, " \t\n");
        if (!*text)
            return 0;
        text = take_word(text, &word);
        if (!text)
            return err_set(ERR_INVALID, _("a quote is not closed in: %s"), all);
        err = add_word(words, buf_string(&word));
    }
    return err;
}

static int ssh_words(const struct sftp_place *place, const char *args, struct words *words)
{
    int err = add_word(words, "ssh");
    if (!err && place->port && !(err = add_word(words, "-p")))
        err = add_word(words, place->port);
    if (!err && place->user && !(err = add_word(words, "-l")))
        err = add_word(words, place->user);
    if (!err && args)
        err = split(words, args);
    if (!err)
        err = add_word(words, place->host);
    if (!err)
        err = add_word(words, "-s");
    return err ? err : add_word(words, "sftp");
}

int sftp_command(const struct sftp_place *place, const char *command, const char *args, char ***out)
{
    if (command && args)
        return err_set(ERR_INVALID, _("sftp.command and sftp.args exclude each other"));
    struct words words = {mem_zalloc(MAX_WORDS + 1, sizeof(char *)), 0};
    int err = command ? split(&words, command) : ssh_words(place, args, &words);
    if (!err && words.count == 0)
        err = err_set(ERR_INVALID, _("sftp.command is empty"));
    if (err)
        sftp_command_free(words.items);
    else
        *out = words.items;
    return err;
}

void sftp_command_free(char **argv)
{
    for (char **word = argv; word && *word; word++)
        free(*word);
    free(argv);
}
