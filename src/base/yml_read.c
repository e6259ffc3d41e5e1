/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From libyaml's events to our tree.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/yml_tree.h"

struct yml_reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    const char *file;
};

static void node_free(struct yml_node *node)
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

void yml_free(struct yml *document)
{
    if (!document)
        return;
    node_free(document->root);
    free(document->file);
    free(document);
}

static int line_of(const struct yml_reader *in)
{
    return (int)in->event.start_mark.line + 1;
}

static int refuse(const struct yml_reader *in, const char *why)
{
    return err_set(ERR_INVALID, "%s:%d: %s", in->file, line_of(in), why);
}

/* libyaml counts lines from 0, and names only an offset for bytes that are no text. */
static int syntax_error(const struct yml_reader *in)
{
    const yaml_parser_t *parser = &in->parser;
    if (parser->error == YAML_READER_ERROR)
        return err_set(ERR_INVALID, _("%s: byte %zu is no UTF-8 text"), in->file, parser->problem_offset);
    return err_set(ERR_INVALID, _("%s:%zu: this is not YAML: %s"), in->file, parser->problem_mark.line + 1,
                   parser->problem ? parser->problem : "?");
}

/* Goes to the next event. libyaml has one root node and one end for each that began, so a caller that follows
 * what it begins always finds the end. */
static int next(struct yml_reader *in)
{
    yaml_event_delete(&in->event);
    return yaml_parser_parse(&in->parser, &in->event) ? 0 : syntax_error(in);
}

static int read_node(struct yml_reader *in, int depth, struct yml_node **out);

static int read_text(const struct yml_reader *in, char **out)
{
    const char *text = (const char *)in->event.data.scalar.value;
    size_t length = in->event.data.scalar.length;
    if (memchr(text, 0, length))
        return refuse(in, _("a text with a NUL character"));
    *out = mem_dup(text, length + 1);
    return 0;
}

static int read_key(struct yml_reader *in, const struct yml_node *mapping, struct yml_pair *item)
{
    item->line = line_of(in);
    if (in->event.type != YAML_SCALAR_EVENT || in->event.data.scalar.tag || in->event.data.scalar.anchor)
        return refuse(in, _("a key must be a plain word"));
    int err = read_text(in, &item->key);
    for (size_t i = 0; !err && i < mapping->count; i++)
        if (strcmp(mapping->items[i].key, item->key) == 0)
            err = err_set(ERR_INVALID, _("%s:%d: \"%s\" stands here twice (first on line %d)"), in->file,
                          item->line, item->key, mapping->items[i].line);
    return err ? err : next(in);
}

/* The children up to the end of their parent, which becomes the current event. */
static int read_children(struct yml_reader *in, struct yml_node *parent, int depth)
{
    yaml_event_type_t end = parent->kind == YML_MAPPING ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    int err = next(in);
    while (!err && in->event.type != end) {
        struct yml_pair item = {.line = line_of(in)};
        if (parent->kind == YML_MAPPING)
            err = read_key(in, parent, &item);
        if (!err)
            err = read_node(in, depth + 1, &item.value);
        if (err) {
            free(item.key);
            break;
        }
        parent->items = mem_resize(parent->items, parent->count + 1, sizeof *parent->items);
        parent->items[parent->count++] = item;
        err = next(in);
    }
    return err;
}

/* The node that the current event begins; afterwards the current event is its last. */
static int read_node(struct yml_reader *in, int depth, struct yml_node **out)
{
    const yaml_event_t *event = &in->event;
    if (depth > YML_MAX_DEPTH)
        return refuse(in, _("nested too deep"));
    struct yml_node *node = mem_zalloc(1, sizeof *node);
    node->file = in->file;
    node->line = line_of(in);
    bool marked = true;
    if (event->type == YAML_SCALAR_EVENT)
        marked = event->data.scalar.tag || event->data.scalar.anchor;
    else if (event->type == YAML_MAPPING_START_EVENT) {
        node->kind = YML_MAPPING;
        marked = event->data.mapping_start.tag || event->data.mapping_start.anchor;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = YML_SEQUENCE;
        marked = event->data.sequence_start.tag || event->data.sequence_start.anchor;
    }
    int err = marked                     ? refuse(in, _("aliases, anchors and tags are not used here"))
              : node->kind == YML_SCALAR ? read_text(in, &node->text)
                                         : read_children(in, node, depth);
    if (err)
        node_free(node);
    else
        *out = node;
    return err;
}

/* The one document of a text; a text without any is an empty scalar. */
static int read_document(struct yml_reader *in, struct yml_node **out)
{
    int err = next(in); /* the start of the stream */
    if (!err)
        err = next(in);
    if (!err && in->event.type == YAML_STREAM_END_EVENT) {
        *out = mem_zalloc(1, sizeof **out);
        (*out)->file = in->file;
        (*out)->line = 1;
        (*out)->text = mem_strdup("");
        return 0;
    }
    if (!err && (in->event.data.document_start.version_directive ||
                 in->event.data.document_start.tag_directives.start !=
                     in->event.data.document_start.tag_directives.end))
        err = refuse(in, _("directives (%) are not used here"));
    if (!err)
        err = next(in);
    if (!err)
        err = read_node(in, 0, out);
    if (!err)
        err = next(in); /* the end of the document */
    if (!err)
        err = next(in);
    if (!err && in->event.type != YAML_STREAM_END_EVENT)
        err = refuse(in, _("a second document begins here; only one is wanted"));
    return err;
}

int yml_parse(const char *text, size_t length, const char *name, struct yml **out)
{
    if (length > YML_MAX_BYTES)
        return err_set(ERR_TOO_LARGE, _("%s is larger than %d bytes"), name, YML_MAX_BYTES);
    if (memchr(text, 0, length))
        return err_set(ERR_INVALID, _("%s: holds NUL characters; it is not a text file"), name);
    struct yml_reader in = {0};
    if (!yaml_parser_initialize(&in.parser))
        return err_set(ERR_SYSTEM, _("%s: the YAML reader did not start"), name);
    yaml_parser_set_encoding(&in.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&in.parser, (const unsigned char *)text, length);
    struct yml *document = mem_zalloc(1, sizeof *document);
    in.file = document->file = mem_strdup(name);
    int err = read_document(&in, &document->root);
    yaml_event_delete(&in.event);
    yaml_parser_delete(&in.parser);
    if (err)
        yml_free(document);
    else
        *out = document;
    return err;
}

int yml_load(const char *path, struct yml **out)
{
    struct buf text BUF_AUTO;
    buf_init(&text, YML_MAX_BYTES);
    int err = fd_read_file(AT_FDCWD, path, &text);
    if (err)
        return err;
    return yml_parse(buf_string(&text), text.length, path, out);
}
