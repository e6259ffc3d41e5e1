/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strict YAML for configuration and drills, over libfyaml: every value is asked for by key and type, and
 * a key that nobody asked for is an error, with file, line and what was meant. Errors are ERR_INVALID.
 * Anchors, aliases, tags and several documents are refused: a configuration has one plain reading.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct yaml;      /* one document; owns all its nodes */
struct yaml_node; /* a mapping, a sequence or a scalar; borrowed from its document */

#define YAML_MAX_BYTES 1048576 /* larger documents are refused */

/* Reads a file, or a text whose `name` stands in messages. The document is set only on success. */
int yaml_load(const char *path, struct yaml **out);
int yaml_parse(const char *text, size_t length, const char *name, struct yaml **out);
void yaml_free(struct yaml *document);

struct yaml_node *yaml_root(struct yaml *document);

/* The value of `key` in a mapping, or NULL when it is absent (or empty). Marks the key as known. */
struct yaml_node *yaml_get(struct yaml_node *mapping, const char *key);
/* The number of items of a sequence; 0 for NULL. */
size_t yaml_length(struct yaml_node *sequence);
struct yaml_node *yaml_item(struct yaml_node *sequence, size_t index);

/* Fails when `node` (which may be NULL: absent) is not of that kind. */
int yaml_want_mapping(struct yaml_node *node, const char *what);
int yaml_want_sequence(struct yaml_node *node, const char *what);

/* The scalar under `key`. When the key is absent, *out keeps its value if `required` is false, else it is an
 * error. Strings are owned by the document. */
int yaml_string(struct yaml_node *mapping, const char *key, bool required, const char **out);
int yaml_bool(struct yaml_node *mapping, const char *key, bool required, bool *out);
int yaml_integer(struct yaml_node *mapping, const char *key, bool required, int64_t least, int64_t most,
                 int64_t *out);
/* "15m" (see duration_parse), in nanoseconds. */
int yaml_duration(struct yaml_node *mapping, const char *key, bool required, int64_t *out_ns);
/* "20G", "512M", "64K" or plain bytes; binary units. */
int yaml_size(struct yaml_node *mapping, const char *key, bool required, uint64_t *out);
/* One of `words` (ends with NULL); *out is its index. */
int yaml_choice(struct yaml_node *mapping, const char *key, bool required, const char *const *words,
                int *out);
/* A scalar node's text (a sequence's item), owned by the document. */
int yaml_text(struct yaml_node *node, const char *what, const char **out);

/* ERR_INVALID if the mapping has a key that was never asked for: names it, its line, and the nearest known
 * key. Call after the last yaml_get on this mapping. */
int yaml_no_more(struct yaml_node *mapping);

/* The line the node stands on, from 1. */
int yaml_line(const struct yaml_node *node);

/* An error about this node: "FILE:LINE: " and the text. Returns ERR_INVALID. */
int yaml_error(struct yaml_node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
