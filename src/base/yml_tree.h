/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What yml_read.c builds and yml.c answers from; nobody else includes it.
 */
#ifndef BASE_YML_TREE_H
#define BASE_YML_TREE_H

#include "base/yml.h"

#define YML_MAX_DEPTH 32
#define YML_MAX_KEYS  64 /* different keys asked of one mapping */

enum yml_kind { YML_SCALAR, YML_MAPPING, YML_SEQUENCE };

struct yml_node {
    const char *file; /* owned by the document */
    int line;
    enum yml_kind kind;
    char *text; /* a scalar's; "" for a value left out */
    struct yml_pair {
        char *key; /* NULL in a sequence */
        int line;
        bool known;
        struct yml_node *value;
    } * items;
    size_t count;
    const char *asked[YML_MAX_KEYS]; /* keys that were looked up, for the nearest-key hint */
    size_t asked_count;
};

struct yml {
    char *file;
    struct yml_node *root;
};

#endif
