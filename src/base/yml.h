/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strict YAML for configuration and drills, over libyaml (to which the prefix yaml_ belongs): every value is
 * asked for by key and type, and a key that nobody asked for is an error, with file, line and what was meant.
 * Errors are ERR_INVALID.
 * Anchors, aliases, tags and several documents are refused: a configuration has one plain reading.
 */
#ifndef BASE_YML_H
#define BASE_YML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct yml;      /* one document; owns all its nodes */
struct yml_node; /* a mapping, a sequence or a scalar; borrowed from its document */

#define YML_MAX_BYTES 1048576 /* larger documents are refused */

/* Reads a file, or a text whose `name` stands in messages. The document is set only on success. */
int yml_load(const char *path, struct yml **out);
int yml_parse(const char *text, size_t length, const char *name, struct yml **out);
void yml_free(struct yml *document);

struct yml_node *yml_root(struct yml *document);

/* The value of `key` in a mapping, or NULL when it is absent (or empty). Marks the key as known. */
struct yml_node *yml_get(struct yml_node *mapping, const char *key);
/* The number of items of a sequence; 0 for NULL. */
size_t yml_length(struct yml_node *sequence);
struct yml_node *yml_item(struct yml_node *sequence, size_t index);

/* Fails when `node` (which may be NULL: absent) is not of that kind. */
int yml_want_mapping(struct yml_node *node, const char *what);
int yml_want_sequence(struct yml_node *node, const char *what);

/* The scalar under `key`. When the key is absent, *out keeps its value if `required` is false, else it is an
 * error. Strings are owned by the document. */
int yml_string(struct yml_node *mapping, const char *key, bool required, const char **out);
int yml_bool(struct yml_node *mapping, const char *key, bool required, bool *out);
int yml_integer(struct yml_node *mapping, const char *key, bool required, int64_t least, int64_t most,
                int64_t *out);
/* "15m" (see duration_parse), in nanoseconds. */
int yml_duration(struct yml_node *mapping, const char *key, bool required, int64_t *out_ns);
/* "20G", "512M", "64K" or plain bytes; binary units. */
int yml_size(struct yml_node *mapping, const char *key, bool required, uint64_t *out);
/* One of `words` (ends with NULL); *out is its index. */
int yml_choice(struct yml_node *mapping, const char *key, bool required, const char *const *words, int *out);
/* A scalar node's text (a sequence's item), owned by the document. */
int yml_text(struct yml_node *node, const char *what, const char **out);

/* ERR_INVALID if the mapping has a key that was never asked for: names it, its line, and the nearest known
 * key. Call after the last yml_get on this mapping. */
int yml_no_more(struct yml_node *mapping);

/* The line the node stands on, from 1. */
int yml_line(const struct yml_node *node);

/* An error about this node: "FILE:LINE: " and the text. Returns ERR_INVALID. */
int yml_error(struct yml_node *node, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
