/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base */
#include <stddef.h>
#include <stdint.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Asks for the keys of a mapping in every type, and for the items of a sequence, one level down. */
static void visit(struct yaml_node *node, int depth)
{
    if (!node || depth > 3)
        return;
    static const char *const words[] = {"enforce", "observe", NULL};
    const char *text = NULL;
    bool flag = false;
    int64_t number = 0;
    uint64_t bytes = 0;
    int choice = 0;
    if (yaml_want_mapping(node, "node") == 0) {
        yaml_string(node, "name", false, &text);
        yaml_bool(node, "decoys", false, &flag);
        yaml_integer(node, "count", true, 0, 100, &number);
        yaml_duration(node, "every", false, &number);
        yaml_size(node, "quota", false, &bytes);
        yaml_choice(node, "mode", false, words, &choice);
        visit(yaml_get(node, "protect"), depth + 1);
        visit(yaml_get(node, "vault"), depth + 1);
        yaml_no_more(node);
    } else if (yaml_want_sequence(node, "node") == 0) {
        for (size_t i = 0; i < yaml_length(node) && i < 64; i++)
            visit(yaml_item(node, i), depth + 1);
    } else {
        yaml_text(node, "node", &text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yaml *document = NULL;
    if (yaml_parse((const char *)data, size, "fuzz", &document) == 0) {
        visit(yaml_root(document), 0);
        yaml_free(document);
    }
    return 0;
}
