/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Trees: no accepted name leads out of its folder, and what is written from an accepted tree is accepted
 * again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tree *tree, *again;
    if (tree_decode(data, size, &tree) != 0)
        return 0;
    struct buf out;
    buf_init(&out, 0);
    tree_begin(&out);
    for (size_t i = 0; i < tree->count; i++) {
        const char *name = tree->nodes[i].name;
        if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strlen(name) != tree->nodes[i].name_length)
            abort();
        tree_add(&out, &tree->nodes[i]);
    }
    tree_end(&out);
    if (tree_decode(out.data, out.length, &again) != 0 || again->count != tree->count)
        abort();
    tree_free(again);
    tree_free(tree);
    buf_free(&out);
    return 0;
}
