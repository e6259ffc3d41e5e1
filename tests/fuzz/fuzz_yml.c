/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base */
#include <stddef.h>
#include <stdint.h>

#include "base/yml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Asks for the keys of a mapping in every type, and for the items of a sequence, one level down. */
static void visit(struct yml_node *node, int depth)
{
    if (!node || depth > 3)
        return;
    static const char *const words[] = {"enforce", "observe", NULL};
    const char *text = NULL;
    bool flag = false;
    int64_t number = 0;
    uint64_t bytes = 0;
    int choice = 0;
    if (yml_want_mapping(node, "node") == 0) {
        yml_string(node, "name", false, &text);
        yml_bool(node, "decoys", false, &flag);
        yml_integer(node, "count", true, 0, 100, &number);
        yml_duration(node, "every", false, &number);
        yml_size(node, "quota", false, &bytes);
        yml_choice(node, "mode", false, words, &choice);
        visit(yml_get(node, "protect"), depth + 1);
        visit(yml_get(node, "vault"), depth + 1);
        yml_no_more(node);
    } else if (yml_want_sequence(node, "node") == 0) {
        for (size_t i = 0; i < yml_length(node) && i < 64; i++)
            visit(yml_item(node, i), depth + 1);
    } else {
        yml_text(node, "node", &text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yml *document = NULL;
    if (yml_parse((const char *)data, size, "fuzz", &document) == 0) {
        visit(yml_root(document), 0);
        yml_free(document);
    }
    return 0;
}
