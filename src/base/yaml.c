/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/words.h"

#define MAX_DEPTH 32
#define MAX_KEYS  64 /* different keys asked of one mapping */

enum kind { SCALAR, MAPPING, SEQUENCE };

struct yaml_node {
    const char *file; /* owned by the document */
    int line;
    enum kind kind;
    char *text; /* a scalar's */
    struct pair {
        char *key; /* NULL in a sequence */
        int line;
        bool known;
        struct yaml_node *value;
    } * items;
    size_t count;
    const char *asked[MAX_KEYS]; /* keys that were looked up, for the nearest-key hint */
    size_t asked_count;
};

struct yaml {
    char *file;
    struct yaml_node *root;
};

static void node_free(struct yaml_node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->count; i++) {
        free(node->items[i].key);
        node_free(node->items[i].value);
    }
    free(node->items);
    free(node->text);
    free(node);
}

int yaml_error(struct yaml_node *node, const char *format, ...)
{
    char made[768];
    va_list args;
    va_start(args, format);
    vsnprintf(made, sizeof made, format, args);
    va_end(args);
    return err_set(ERR_INVALID, "%s:%d: %s", node->file, node->line, made);
}

int yaml_line(const struct yaml_node *node)
{
    return node->line;
}

static int line_of(struct fy_node *from)
{
    struct fy_token *token = fy_node_get_scalar_token(from);
    if (!token && fy_node_is_mapping(from)) {
        void *at = NULL;
        struct fy_node_pair *first = fy_node_mapping_iterate(from, &at);
        return first ? line_of(fy_node_pair_key(first)) : 1;
    }
    if (!token && fy_node_is_sequence(from)) {
        void *at = NULL;
        struct fy_node *first = fy_node_sequence_iterate(from, &at);
        return first ? line_of(first) : 1;
    }
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    return mark ? mark->line + 1 : 1;
}

static int convert(struct fy_node *from, const char *file, int line, int depth, struct yaml_node **out);

static int add_item(struct yaml_node *to, struct fy_node *key, struct fy_node *value, int depth)
{
    struct pair item = {.line = line_of(key ? key : value)};
    if (key) {
        size_t length;
        const char *text = fy_node_get_scalar(key, &length);
        if (!text || memchr(text, 0, length))
            return err_set(ERR_INVALID, _("%s:%d: a key must be a plain word"), to->file, item.line);
        item.key = mem_zalloc(length + 1, 1);
        memcpy(item.key, text, length);
        for (size_t i = 0; i < to->count; i++) {
            if (strcmp(to->items[i].key, item.key) != 0)
                continue;
            int err = err_set(ERR_INVALID, _("%s:%d: \"%s\" stands here twice (first on line %d)"), to->file,
                              item.line, item.key, to->items[i].line);
            free(item.key);
            return err;
        }
    }
    int err = convert(value, to->file, item.line, depth + 1, &item.value);
    if (err) {
        free(item.key);
        return err;
    }
    to->items = mem_resize(to->items, to->count + 1, sizeof *to->items);
    to->items[to->count++] = item;
    return 0;
}

static int convert_children(struct fy_node *from, struct yaml_node *to, int depth)
{
    void *at = NULL;
    int err = 0;
    if (to->kind == MAPPING) {
        struct fy_node_pair *pair;
        while (!err && (pair = fy_node_mapping_iterate(from, &at)))
            err = add_item(to, fy_node_pair_key(pair), fy_node_pair_value(pair), depth);
    } else if (to->kind == SEQUENCE) {
        struct fy_node *item;
        while (!err && (item = fy_node_sequence_iterate(from, &at)))
            err = add_item(to, NULL, item, depth);
    }
    return err;
}

/* Copies libfyaml's tree into ours, whose nodes know their line even when empty. */
static int convert(struct fy_node *from, const char *file, int line, int depth, struct yaml_node **out)
{
    if (depth > MAX_DEPTH)
        return err_set(ERR_INVALID, _("%s:%d: nested too deep"), file, line);
    struct yaml_node *to = mem_zalloc(1, sizeof *to);
    to->file = file;
    to->line = from && fy_node_is_scalar(from) ? line_of(from) : line;
    int err = 0;
    if (from && (fy_node_is_alias(from) || fy_node_get_tag(from, NULL) || fy_node_get_anchor(from)))
        err = yaml_error(to, _("aliases, anchors and tags are not used here"));
    else if (from && fy_node_is_mapping(from))
        to->kind = MAPPING;
    else if (from && fy_node_is_sequence(from))
        to->kind = SEQUENCE;
    if (!err && to->kind != SCALAR)
        err = convert_children(from, to, depth);
    if (!err && to->kind == SCALAR) {
        size_t length = 0;
        const char *text = from ? fy_node_get_scalar(from, &length) : NULL;
        if (text && memchr(text, 0, length))
            err = yaml_error(to, _("a text with a NUL character"));
        else {
            to->text = mem_zalloc(length + 1, 1);
            if (text)
                memcpy(to->text, text, length);
        }
    }
    if (err)
        node_free(to);
    else
        *out = to;
    return err;
}

/* libfyaml explains itself on its diagnostics stream; the first line, without colors, is what people need. */
static int syntax_error(struct fy_diag *diag, const char *name)
{
    void *at = NULL;
    struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
    if (first && first->msg)
        return err_set(ERR_INVALID, "%s:%d: %s", name, first->line, first->msg);
    return err_set(ERR_INVALID, _("%s: not YAML"), name);
}

static struct fy_diag *quiet_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = NULL;
    cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

/* The length of the UTF-8 character at `at`, or 0 when there is none: cut short, overlong, a surrogate,
 * beyond Unicode, or a control character that has no business in a text file. */
static size_t character(const unsigned char *at, size_t left)
{
    unsigned char first = at[0];
    if (first < 0x80)
        return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (first == 0xe0 && at[1] < 0xa0) || (first == 0xf0 && at[1] < 0x90);
    bool beyond = (first == 0xed && at[1] > 0x9f) || (first == 0xf4 && at[1] > 0x8f);
    return overlong || beyond ? 0 : length;
}

/* libfyaml 0.7 never returns from some directives ("%...") and trusts what it takes for UTF-8, so it gets
 * only text that is UTF-8 for sure and has no directive. */
static int check_text(const char *text, size_t length, const char *name)
{
    const unsigned char *bytes = (const unsigned char *)text;
    int line = 1;
    for (size_t at = 0; at < length;) {
        if (bytes[at] == '%' && (at == 0 || bytes[at - 1] == '\n' || bytes[at - 1] == '\r'))
            return err_set(ERR_INVALID, _("%s:%d: directives (%%) are not used here"), name, line);
        size_t step = character(bytes + at, length - at);
        if (step == 0)
            return err_set(ERR_INVALID, _("%s:%d: a byte (%#x) that is no UTF-8 text"), name, line,
                           bytes[at]);
        line += bytes[at] == '\n';
        at += step;
    }
    return 0;
}

int yaml_parse(const char *text, size_t length, const char *name, struct yaml **out)
{
    if (length > YAML_MAX_BYTES)
        return err_set(ERR_TOO_LARGE, _("%s is larger than %d bytes"), name, YAML_MAX_BYTES);
    if (memchr(text, 0, length))
        return err_set(ERR_INVALID, _("%s: holds NUL characters; it is not a text file"), name);
    int err = check_text(text, length, name);
    if (err)
        return err;
    struct fy_diag *diag = quiet_diag();
    if (!diag)
        return err_set(ERR_SYSTEM, _("%s: the YAML reader did not start"), name);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DISABLE_ACCELERATORS, .diag = diag};
    struct fy_document *parsed = fy_document_build_from_string(&cfg, text, length);
    if (!parsed) {
        err = syntax_error(diag, name);
    } else {
        struct yaml *document = mem_zalloc(1, sizeof *document);
        document->file = mem_strdup(name);
        err = convert(fy_document_root(parsed), document->file, 1, 0, &document->root);
        if (err)
            yaml_free(document);
        else
            *out = document;
        fy_document_destroy(parsed);
    }
    fy_diag_destroy(diag);
    return err;
}

int yaml_load(const char *path, struct yaml **out)
{
    struct buf text BUF_AUTO;
    buf_init(&text, YAML_MAX_BYTES);
    int err = fd_read_file(AT_FDCWD, path, &text);
    if (err)
        return err;
    return yaml_parse(buf_string(&text), text.length, path, out);
}

void yaml_free(struct yaml *document)
{
    if (!document)
        return;
    node_free(document->root);
    free(document->file);
    free(document);
}

struct yaml_node *yaml_root(struct yaml *document)
{
    return document->root;
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == SCALAR && node->text[0] == '\0';
}

static struct pair *find(struct yaml_node *mapping, const char *key)
{
    for (size_t i = 0; mapping && mapping->kind == MAPPING && i < mapping->count; i++)
        if (strcmp(mapping->items[i].key, key) == 0)
            return &mapping->items[i];
    return NULL;
}

struct yaml_node *yaml_get(struct yaml_node *mapping, const char *key)
{
    if (mapping && mapping->asked_count < MAX_KEYS)
        mapping->asked[mapping->asked_count++] = key;
    struct pair *item = find(mapping, key);
    if (!item)
        return NULL;
    item->known = true;
    return is_empty(item->value) ? NULL : item->value;
}

size_t yaml_length(struct yaml_node *sequence)
{
    return sequence && sequence->kind == SEQUENCE ? sequence->count : 0;
}

struct yaml_node *yaml_item(struct yaml_node *sequence, size_t index)
{
    return index < yaml_length(sequence) ? sequence->items[index].value : NULL;
}

int yaml_want_mapping(struct yaml_node *node, const char *what)
{
    if (!node)
        return err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    return node->kind == MAPPING ? 0 : yaml_error(node, _("%s wants \"key: value\" lines"), what);
}

int yaml_want_sequence(struct yaml_node *node, const char *what)
{
    if (!node)
        return err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    return node->kind == SEQUENCE
               ? 0
               : yaml_error(node, _("%s wants a list (lines that start with \"- \")"), what);
}

int yaml_text(struct yaml_node *node, const char *what, const char **out)
{
    if (!node || node->kind != SCALAR)
        return node ? yaml_error(node, _("%s wants one value"), what)
                    : err_set(ERR_INVALID, _("\"%s\" is missing"), what);
    *out = node->text;
    return 0;
}

/* Finds the scalar; *node is NULL when it is absent and may be. */
static int scalar(struct yaml_node *mapping, const char *key, bool required, struct yaml_node **node)
{
    *node = yaml_get(mapping, key);
    if (!*node)
        return required ? yaml_error(mapping, _("\"%s\" is missing here"), key) : 0;
    const char *ignored;
    return yaml_text(*node, key, &ignored);
}

int yaml_string(struct yaml_node *mapping, const char *key, bool required, const char **out)
{
    struct yaml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (!err && node)
        *out = node->text;
    return err;
}

int yaml_bool(struct yaml_node *mapping, const char *key, bool required, bool *out)
{
    struct yaml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    bool yes = strcmp(node->text, "true") == 0 || strcmp(node->text, "yes") == 0;
    bool no = strcmp(node->text, "false") == 0 || strcmp(node->text, "no") == 0;
    if (!yes && !no)
        return yaml_error(node, _("%s wants true or false, not \"%s\""), key, node->text);
    *out = yes;
    return 0;
}

int yaml_integer(struct yaml_node *mapping, const char *key, bool required, int64_t least, int64_t most,
                 int64_t *out)
{
    struct yaml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    char *end;
    errno = 0;
    long long number = strtoll(node->text, &end, 10);
    if (errno || *end || number < least || number > most)
        return yaml_error(node, _("%s wants a whole number from %lld to %lld, not \"%s\""), key,
                          (long long)least, (long long)most, node->text);
    *out = number;
    return 0;
}

int yaml_duration(struct yaml_node *mapping, const char *key, bool required, int64_t *out_ns)
{
    struct yaml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    if (duration_parse(node->text, out_ns) != 0)
        return yaml_error(node, _("%s wants a duration such as 90s, 15m, 24h or 7d, not \"%s\""), key,
                          node->text);
    return 0;
}

static int size_shift(const char *unit)
{
    static const char letters[] = "KMGT";
    const char *at = unit[0] && !unit[1] ? strchr(letters, unit[0]) : NULL;
    return !unit[0] ? 0 : at ? 10 * (int)(at - letters + 1) : -1;
}

int yaml_size(struct yaml_node *mapping, const char *key, bool required, uint64_t *out)
{
    struct yaml_node *node;
    int err = scalar(mapping, key, required, &node);
    if (err || !node)
        return err;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(node->text, &end, 10);
    int shift = size_shift(end);
    if (errno || end == node->text || node->text[0] == '-' || shift < 0 || number > UINT64_MAX >> shift)
        return yaml_error(node, _("%s wants a size such as 512M or 20G, not \"%s\""), key, node->text);
    *out = (uint64_t)number << shift;
    return 0;
}

int yaml_choice(struct yaml_node *mapping, const char *key, bool required, const char *const *words, int *out)
{
    struct yaml_node *node;
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
    return yaml_error(node, _("%s wants one of %s, not \"%s\""), key, all, node->text);
}

int yaml_no_more(struct yaml_node *mapping)
{
    for (size_t i = 0; i < mapping->count; i++) {
        struct pair *item = &mapping->items[i];
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
