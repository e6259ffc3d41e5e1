/* SPDX-License-Identifier: GPL-3.0-or-later
 * A node's JSON with one thing changed, and patterns that take back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <string.h>

#include "vault/nodetext.h"
#include "vault/tree.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* Changes the only node of a folder; what it must become. */
static void changes(const char *node, const struct nodetext_change *change, const char *wanted)
{
    struct buf folder BUF_AUTO, out BUF_AUTO;
    struct tree *tree;
    buf_init(&folder, 65536);
    buf_init(&out, 65536);
    buf_printf(&folder, "{\"nodes\":[%s]}\n", node);
    assert_int_equal(tree_decode(folder.data, folder.length, &tree), 0);
    assert_int_equal(tree->nodes[0].text_length, strlen(node));
    nodetext_put(&out, &tree->nodes[0], change);
    assert_string_equal(buf_string(&out), wanted);
    tree_free(tree);
}

static void a_new_subtree_leaves_all_else_as_it_was(void **state)
{
    (void)state;
    uint8_t id[SHA256_SIZE];
    memset(id, 0xbb, sizeof id);
    changes("{\"name\":\"a\\\\xff\",\"type\":\"dir\",\"generic_attributes\":{\"windows.x\":\"subtree\"},"
            "\"content\":"
            "null,\"subtree\":\"" ID_A "\"}",
            &(struct nodetext_change){.subtree = id},
            "{\"name\":\"a\\\\xff\",\"type\":\"dir\",\"generic_attributes\":{\"windows.x\":\"subtree\"},"
            "\"content\":"
            "null,\"subtree\":\"" ID_B "\"}");
}

static void a_new_content_brings_its_size(void **state)
{
    (void)state;
    uint8_t ids[1][SHA256_SIZE];
    memset(ids, 0xbb, sizeof ids);
    const struct nodetext_change some = {
        .new_content = true, .content = (const uint8_t(*)[SHA256_SIZE])ids, .content_count = 1, .size = 12};
    const struct nodetext_change none = {.new_content = true};
    changes(
        "{\"name\":\"a\",\"type\":\"file\",\"size\":99,\"links\":1,\"content\":[\"" ID_A "\"],\"x\":[1,{}]}",
        &some,
        "{\"name\":\"a\",\"type\":\"file\",\"size\":12,\"links\":1,\"content\":[\"" ID_B "\"],\"x\":[1,{}]}");
    changes("{\"name\":\"a\",\"type\":\"file\",\"links\":1,\"content\":[]}", &some,
            "{\"name\":\"a\",\"type\":\"file\",\"size\":12,\"links\":1,\"content\":[\"" ID_B "\"]}");
    changes("{\"name\":\"a\",\"type\":\"file\",\"size\":99,\"links\":1,\"content\":[\"" ID_A "\"]}", &none,
            "{\"name\":\"a\",\"type\":\"file\",\"links\":1,\"content\":[]}");
    changes("{\"name\":\"a\",\"type\":\"file\"}", &some,
            "{\"name\":\"a\",\"type\":\"file\",\"size\":12,\"content\":[\"" ID_B "\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_subtree_leaves_all_else_as_it_was),
        cmocka_unit_test(a_new_content_brings_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
