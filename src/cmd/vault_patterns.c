/* SPDX-License-Identifier: GPL-3.0-or-later
 * Patterns from files (--exclude-file).
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/vault_common.h"

#define MAX_FILE ((size_t)16 << 20)

/* The value of the variable at `at` ("NAME", "{NAME}", or "$" for a dollar); *length is what it took. */
static const char *variable(const char *at, size_t *length)
{
    size_t start = *at == '{', end = start;
    if (*at == '$') {
        *length = 1;
        return "$";
    }
    while (isalnum((unsigned char)at[end]) || at[end] == '_')
        end++;
    if (end == start || (start && at[end] != '}')) {
        *length = 0;
        return "$"; /* no name: the dollar stands for itself */
    }
    char *name MEM_AUTO = mem_dup(at + start, end - start + 1);
    name[end - start] = '\0';
    *length = end + start;
    const char *value = getenv(name);
    return value ? value : "";
}

static char *expand(const char *line)
{
    struct buf out BUF_AUTO;
    buf_init(&out, MAX_FILE);
    for (const char *at = line; *at;) {
        size_t length = strcspn(at, "$");
        buf_put(&out, at, length);
        at += length;
        if (*at != '$')
            break;
        const char *value = variable(at + 1, &length);
        buf_put(&out, value, strlen(value));
        at += 1 + length;
    }
    return mem_strdup(buf_string(&out));
}

static void add(struct vault_patterns *list, char *pattern)
{
    if ((list->count & (list->count - 1)) == 0)
        list->items = mem_resize(list->items, list->count ? 2 * list->count : 1, sizeof *list->items);
    list->items[list->count++] = pattern;
}

static char *trim(char *line)
{
    while (isspace((unsigned char)*line))
        line++;
    size_t length = strlen(line);
    while (length && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

static int add_file(struct vault_patterns *list, const char *path)
{
    struct buf text BUF_AUTO;
    buf_init(&text, MAX_FILE);
    int err = fd_read_file(AT_FDCWD, path, &text);
    if (err)
        return err;
    if (text.length && memchr(text.data, 0, text.length))
        return err_set(ERR_INVALID, _("%s is not a text file of patterns"), path);
    char *copy MEM_AUTO = mem_strdup(buf_string(&text));
    char *rest = copy, *line;
    while ((line = strsep(&rest, "\n"))) {
        line = trim(line);
        if (*line && *line != '#')
            add(list, expand(line));
    }
    return 0;
}

int vault_patterns_collect(const struct opt_list *words, const struct opt_list *files,
                           struct vault_patterns *out)
{
    int err = 0;
    *out = (struct vault_patterns){0};
    for (size_t i = 0; !err && i < files->count; i++)
        err = add_file(out, files->items[i]);
    for (size_t i = 0; i < words->count; i++)
        add(out, mem_strdup(words->items[i]));
    return err;
}

void vault_patterns_free(struct vault_patterns *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct vault_patterns){0};
}
