/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/vault_lists.h"

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_LIST ((size_t)1 << 30)

void vault_texts_add(struct vault_texts *texts, const char *text)
{
    if ((texts->count & (texts->count - 1)) == 0) /* full at every power of two */
        texts->items = mem_resize(texts->items, texts->count ? 2 * texts->count : 1, sizeof *texts->items);
    texts->items[texts->count++] = mem_strdup(text);
}

void vault_texts_free(struct vault_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct vault_texts){0};
}

/* How long the name of a variable is that starts here: "NAME", or "{NAME}". */
static size_t variable(const char *at, const char **name, size_t *length)
{
    if (*at == '{') {
        size_t inside = strcspn(at + 1, "}");
        *name = at + 1;
        *length = inside;
        return at[1 + inside] ? inside + 2 : 0;
    }
    *name = at;
    for (*length = 0; isalnum((unsigned char)at[*length]) || at[*length] == '_';)
        ++*length;
    return *length;
}

/* Puts the values of variables in; "$$" is a dollar sign. */
static void add_expanded(const char *line, struct vault_texts *out)
{
    struct buf made BUF_AUTO;
    buf_init(&made, MAX_LIST);
    for (const char *at = line; *at;) {
        size_t plain = strcspn(at, "$"), length;
        buf_put(&made, at, plain);
        at += plain;
        if (!*at)
            break;
        const char *name;
        size_t used = at[1] == '$' ? 0 : variable(at + 1, &name, &length);
        if (used) {
            char *copy MEM_AUTO = mem_dup(name, length + 1);
            copy[length] = '\0';
            const char *value = getenv(copy);
            buf_put(&made, value ? value : "", value ? strlen(value) : 0);
            at += 1 + used;
        } else {
            buf_put_u8(&made, '$');
            at += at[1] == '$' ? 2 : 1;
        }
    }
    vault_texts_add(out, buf_string(&made));
}

static int add_matching(const char *pattern, struct vault_texts *out)
{
    glob_t found;
    int failed = glob(pattern, GLOB_PERIOD, NULL, &found);
    if (failed == GLOB_NOSPACE || failed == GLOB_ABORTED)
        return err_set(ERR_SYSTEM, _("cannot look for what \"%s\" matches"), pattern);
    size_t added = 0;
    for (size_t i = 0; !failed && i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i], *last = strrchr(path, '/');
        last = last ? last + 1 : path;
        bool dots = strcmp(last, ".") == 0 || strcmp(last, "..") == 0; /* "*" does not mean these */
        if (dots && strcmp(path, pattern) != 0)
            continue;
        vault_texts_add(out, path);
        added++;
    }
    if (!failed)
        globfree(&found);
    if (added == 0)
        fprintf(stderr, _("beffroi: \"%s\" matches nothing and is passed over\n"), pattern);
    return 0;
}

/* Without white space at both ends. */
static char *trim(char *line)
{
    line += strspn(line, " \t\r\v\f");
    size_t length = strlen(line);
    while (length && strchr(" \t\r\v\f", line[length - 1]))
        line[--length] = '\0';
    return line;
}

static int add_line(char *line, enum vault_list_form form, struct vault_texts *out)
{
    if (form == VAULT_LIST_PATTERNS || form == VAULT_LIST_GLOBS) {
        line = trim(line);
        if (*line == '#')
            return 0;
    } else if (form == VAULT_LIST_LINES) {
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r')
            line[length - 1] = '\0';
    }
    if (!*line)
        return 0;
    if (form == VAULT_LIST_GLOBS)
        return add_matching(line, out);
    if (form == VAULT_LIST_PATTERNS)
        add_expanded(line, out);
    else
        vault_texts_add(out, line);
    return 0;
}

static int read_all(const char *file, struct buf *text)
{
    if (strcmp(file, "-") == 0)
        return fd_read_all(STDIN_FILENO, text, _("standard input"));
    return fd_read_file(AT_FDCWD, file, text);
}

int vault_list_read(const char *file, enum vault_list_form form, struct vault_texts *out)
{
    struct buf text BUF_AUTO;
    buf_init(&text, MAX_LIST);
    int err = read_all(file, &text);
    if (err)
        return err;
    char end = form == VAULT_LIST_NULS ? '\0' : '\n';
    buf_put_u8(&text, (uint8_t)end);
    if (form != VAULT_LIST_NULS && memchr(text.data, '\0', text.length))
        return err_set(ERR_INVALID, _("%s: holds NUL characters; it is not a text file"), file);
    char *at = (char *)text.data, *stop = at + text.length;
    if (form != VAULT_LIST_NULS && text.length > 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; /* the mark that Windows editors write */
    while (!err && at < stop) {
        char *line_end = memchr(at, end, (size_t)(stop - at));
        *line_end = '\0';
        err = add_line(at, form, out);
        at = line_end + 1;
    }
    return err;
}

int vault_lists_read(const struct opt_list *files, enum vault_list_form form, struct vault_texts *out)
{
    int err = 0;
    for (size_t i = 0; !err && i < files->count; i++)
        err = vault_list_read(files->items[i], form, out);
    return err;
}

static int add_all(char *const *texts, size_t count, bool fold, struct match_list *out)
{
    int err = 0;
    for (size_t i = 0; !err && i < count; i++)
        err = match_add(out, texts[i], fold);
    return err;
}

static int compile(const struct opt_list *given, const struct opt_list *files, bool fold,
                   struct match_list *out)
{
    struct vault_texts texts = {0};
    for (size_t i = 0; i < given->count; i++)
        vault_texts_add(&texts, given->items[i]);
    int err = vault_lists_read(files, VAULT_LIST_PATTERNS, &texts);
    if (!err)
        err = add_all(texts.items, texts.count, fold, out);
    vault_texts_free(&texts);
    return err;
}

int vault_patterns_compile(const struct vault_patterns *patterns, struct match_list *out)
{
    int err = compile(&patterns->exact, &patterns->files, false, out);
    return err ? err : compile(&patterns->folded, &patterns->folded_files, true, out);
}

void vault_patterns_free(struct vault_patterns *patterns)
{
    opt_list_free(&patterns->exact);
    opt_list_free(&patterns->folded);
    opt_list_free(&patterns->files);
    opt_list_free(&patterns->folded_files);
}
