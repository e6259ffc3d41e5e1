/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/words.h"
#include "base/yml_tree.h"

int yml_error(struct yml_node *node, const char *format, ...)
{
    char made[768];
    va_list args;
    va_start(args, format);
    vsnprintf(made, sizeof made, format, args);
    va_end(args);
    return err_set(ERR_INVALID, "%s:%d: %s", node->file, node->line, made);
}

int yml_line(const struct yml_node *node)
{
    return node->line;
}

struct yml_node *yml_root(struct yml *document)
{
    return document->root;
}

static bool is_empty(const struct yml_node *node)
{
    return node->kind == YML_SCALAR && node->text[0] == '\0';
}

static struct yml_pair *find(struct yml_node *mapping, const char *key)
{
    for (size_t i = 0; mapping && mapping->kind == YML_MAPPING && i < mapping->count; i++)
        if (strcmp(mapping->items[i].key, key) == 0)
            return &mapping->items[i];
    return NULL;
}

struct yml_node *yml_get(struct yml_node *mapping, const char *key)
{
    if (mapping && mapping->asked_count < YML_MAX_KEYS)
        mapping->asked[mapping->asked_count++] = key;
    struct yml_pair *item = find(mapping, key);
    if (!item)
        return NULL;
    item->known = true;
    return is_empty(item->value) ? NULL : item->value;
}

size_t yml_length(struct yml_node *sequence)
{
    return sequence && sequence->kind == YML_SEQUENCE ? sequence->count : 0;
}

struct yml_node *yml_item(struct yml_node *sequence, size_t index)
{
    return index < yml_length(sequence) ? sequence->items[index].value : NULL;
}

int yml_want_mapping(struct yml_node *node, const char *what)
{
    if (!node)
        return err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    return node->kind == YML_MAPPING ? 0 : yml_error(node, _("%s wants \"key: value\" lines"), what);
}

int yml_want_sequence(struct yml_node *node, const char *what)
{
    if (!node)
        return err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    return node->kind == YML_SEQUENCE
               ? 0
               : yml_error(node, _("%s wants a list (lines that start with \"- \")"), what);
}

int yml_text(struct yml_node *node, const char *what, const char **out)
{
    if (!node || node->kind != YML_SCALAR)
        return node ? yml_error(node, _("%s wants one value"), what)
                    : err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    *out = node->text;
    return 0;
}

/* Finds the scalar; *node is NULL when it is absent and may be. */
static int scalar(struct yml_node *mapping, const char *key, bool required, struct yml_node **node)
{
    *node = yml_get(mapping, key);
    if (!*node)
        return required ? yml_error(mapping, _("\"%s\" is missing here"), key) : 0;
    const char *ignored;
    return yml_text(*node, key, &ignored);
}

int yml_string(struct yml_node *mapping, const char *key, bool required, const char **out)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (!err && node)
        *out = node->text;
    return err;
}

int yml_bool(struct yml_node *mapping, const char *key, bool required, bool *out)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    bool yes = strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0;
    bool no = strcmp(node->text, "false") == 0 || strcmp(node->text, "no") == 0;
    if (!yes && !no)
        return yml_error(node, _("%s wants true or false, not \"%s\""), key, node->text);
    *out = yes;
    return 0;
}

int yml_integer(struct yml_node *mapping, const char *key, bool required, int64_t least, int64_t most,
                int64_t *out)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    char *end;
    errno = 0;
    long long number = strtoll(node->text, &end, 10);
    if (errno || *end || number < least || number > most)
        return yml_error(node, _("%s wants a whole number from %lld to %lld, not \"%s\""), key,
                         (long long)least, (long long)most, node->text);
    *out = number;
    return 0;
}

int yml_duration(struct yml_node *mapping, const char *key, bool required, int64_t *out_ns)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    if (duration_parse(node->text, out_ns) != 0)
        return yml_error(node, _("%s wants a duration such as 90s, 15m, 24h or 7d, not \"%s\""), key,
                         node->text);
    return 0;
}

static int size_shift(const char *unit)
{
    static const char letters[] = "KMGT";
    const char *at = unit[0] && !unit[1] ? strchr(letters, unit[0]) : NULL;
    return !unit[0] ? 0 : at ? 10 * (int)(at - letters + 1) : -1;
}

int yml_size(struct yml_node *mapping, const char *key, bool required, uint64_t *out)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(node->text, &end, 10);
    int shift = size_shift(end);
    if (errno || end == node->text || node->text[0] == '-' || shift < 0 || number > UINT64_MAX >> shift)
        return yml_error(node, _("%s wants a size such as 512M or 20G, not \"%s\""), key, node->text);
    *out = (uint64_t)number << shift;
    return 0;
}

int yml_choice(struct yml_node *mapping, const char *key, bool required, const char *const *words, int *out)
{
    struct yml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    char all[256] = "";
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) == 0) {
            *out = i;
            return 0;
        }
        size_t length = strlen(all);
        snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", words[i]);
    }
    return yml_error(node, _("%s wants one of %s, not \"%s\""), key, all, node->text);
}

int yml_no_more(struct yml_node *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        struct yml_pair *item = &mapping->items[i];
        if (item->known)
            continue;
        const char *nearest = NULL;
        size_t least = 4; /* a key that differs by more letters is no misspelling */
        for (size_t j = 0; j < mapping->asked_count; j++) {
            size_t apart = words_distance(item->key, mapping->asked[j]);
            if (apart < least) {
                least = apart;
                nearest = mapping->asked[j];
            }
        }
        if (nearest)
            return err_set(ERR_INVALID, _("%s:%d: unknown key \"%s\"; did you mean \"%s\"?"), mapping->file,
                           item->line, item->key, nearest);
        return err_set(ERR_INVALID, _("%s:%d: unknown key \"%s\""), mapping->file, item->line, item->key);
    }
    return 0;
}
