/* SPDX-License-Identifier: GPL-3.0-or-later
 * Nodes are written byte for byte as restic writes them, read back as they were, and refused when they could
 * lead out of their folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "vault/gojson.h"
#include "vault/node.h"
#include "vault/tree.h"

static int set_utc(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static void assert_name(const char *bytes, size_t length, const char *json)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 4096);
    gojson_put_name(&out, bytes, length);
    assert_string_equal(buf_string(&out), json);
}

#define ASSERT_NAME(literal, json) assert_name(literal, sizeof(literal) - 1, json)

/* The right sides were read out of trees that restic 0.14 and 0.19 wrote for such names. */
static void names_are_quoted_as_go_does(void **state)
{
    (void)state;
    ASSERT_NAME("plain", "\"plain\"");
    ASSERT_NAME("a<b>&.txt", "\"a\\u003cb\\u003e\\u0026.txt\"");
    ASSERT_NAME("\xff\xc2\xa0\"q", "\"\\\\xff\\\\u00a0\\\\\\\"q\"");
    ASSERT_NAME("\xc3\xa9t\xc3\xa9", "\"\xc3\xa9t\xc3\xa9\"");
    ASSERT_NAME("\n\t\x01\x7f", "\"\\\\n\\\\t\\\\x01\\\\x7f\"");
    ASSERT_NAME("\\", "\"\\\\\\\\\"");
    ASSERT_NAME("\xe2\x80\xa8", "\"\\\\u2028\"");
    ASSERT_NAME("\xf0\x9f\x94\x94", "\"\xf0\x9f\x94\x94\"");
    ASSERT_NAME("\xf3\xa0\x80\x81", "\"\\\\U000e0001\"");
    ASSERT_NAME("\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""); /* a surrogate is no character */
    ASSERT_NAME("\xef\xbf\xbd", "\"\xef\xbf\xbd\"");
}

static void every_name_comes_back(void **state)
{
    (void)state;
    uint32_t x = 12345;
    for (int round = 0; round < 5000; round++) {
        char name[24];
        size_t length = 1 + (size_t)round % 23;
        for (size_t i = 0; i < length; i++) {
            x = x * 1664525 + 1013904223;
            name[i] = (char)(x >> 24);
            if (name[i] == '\0' || name[i] == '/')
                name[i] = 'x';
        }
        name[length] = '\0';
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        struct node node = {.type = NODE_FIFO, .name = name, .name_length = length, .mode = S_IFIFO | 0600};
        struct buf out BUF_AUTO;
        buf_init(&out, 65536);
        tree_begin(&out);
        tree_add(&out, &node);
        tree_end(&out);
        struct tree *tree;
        assert_int_equal(tree_decode(out.data, out.length, &tree), 0);
        assert_int_equal(tree->count, 1);
        assert_int_equal(tree->nodes[0].name_length, length);
        assert_memory_equal(tree->nodes[0].name, name, length);
        tree_free(tree);
    }
}

static void modes_are_those_of_go(void **state)
{
    (void)state;
    assert_int_equal(node_mode_to_go(S_IFDIR | 0755), 2147484141u);
    assert_int_equal(node_mode_to_go(S_IFLNK | 0777), 134218239u);
    assert_int_equal(node_mode_to_go(S_IFIFO | 0644), 33554852u);
    assert_int_equal(node_mode_to_go(S_IFREG | 06755), 12583405u);
    assert_int_equal(node_mode_to_go(S_IFREG | 0644), 420u);
    assert_int_equal(node_mode_to_go(S_IFDIR | 01777), 2147484159u | 1u << 20);
    assert_int_equal(node_mode_to_go(S_IFCHR | 0666), 0666u | 1u << 26 | 1u << 21);
    static const uint32_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (uint32_t mode = 0; mode < 010000; mode += 7) {
            uint32_t whole = types[i] | mode;
            assert_int_equal(node_mode_from_go(node_mode_to_go(whole), node_type_of_mode(whole)), whole);
        }
}

static void assert_time(int64_t ns, const char *text)
{
    struct buf out BUF_AUTO;
    int64_t back;
    buf_init(&out, 100);
    gojson_put_time_text(&out, ns);
    assert_string_equal(buf_string(&out), text);
    assert_true(gojson_time(text, strlen(text), &back));
    assert_true(back == ns);
}

static void times_keep_their_nanoseconds(void **state)
{
    (void)state;
    assert_time(0, "1970-01-01T00:00:00Z");
    assert_time(INT64_C(1795367892907135056), "2026-11-22T17:18:12.907135056Z");
    assert_time(INT64_C(1795368297504245600), "2026-11-22T17:24:57.5042456Z");
    assert_time(-1, "1969-12-31T23:59:59.999999999Z");
    assert_time(INT64_C(951782400000000000), "2000-02-29T00:00:00Z");
    int64_t ns;
    assert_true(gojson_time("2026-11-22T18:18:12+01:00", 25, &ns));
    assert_true(ns == INT64_C(1795367892000000000));
    assert_true(gojson_time("0001-01-01T00:00:00Z", 20, &ns));
    assert_true(ns < 0);
    assert_false(gojson_time("2026-13-22T18:18:12Z", 20, &ns));
    assert_false(gojson_time("2026-11-22", 10, &ns));
    assert_false(gojson_time("2026-11-22T18:18:12", 19, &ns));
}

static void a_zone_is_written_as_its_offset(void **state)
{
    (void)state;
    struct buf out BUF_AUTO;
    buf_init(&out, 100);
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    /* Hours that no other test asks about: the offset of a quarter of an hour is remembered. */
    gojson_put_time_text(&out, INT64_C(1768000000) * 1000000000);
    gojson_put_time_text(&out, INT64_C(1782000000) * 1000000000);
    set_utc(NULL);
    assert_string_equal(buf_string(&out), "2026-01-10T00:06:40+01:002026-06-21T02:00:00+02:00");
}

/* A tree that restic wrote. */
static const char restic_tree[] =
    "{\"nodes\":[{\"name\":\"big\",\"type\":\"file\",\"mode\":420,\"mtime\":\"2026-11-22T17:18:09."
    "650837256Z\","
    "\"atime\":\"2026-11-22T17:18:09.650837256Z\",\"ctime\":\"2026-11-22T17:18:09.650837256Z\",\"uid\":0,"
    "\"gid\":0,"
    "\"user\":\"root\",\"group\":\"root\",\"inode\":10952811,\"device_id\":65024,\"size\":3000000,\"links\":"
    "1,"
    "\"content\":[\"ffecb9290547f5488c3ad1989852542c6fceb7334b49b06131012555866763fd\","
    "\"43887c705d54ed3eb48a80ff41682290164a42c4f3d5d16e77a9db96e2ce0141\"]},"
    "{\"name\":\"d\",\"type\":\"dir\",\"mode\":2147484141,\"mtime\":\"2026-11-22T17:18:09.646139879Z\","
    "\"atime\":\"2026-11-22T17:18:09.646139879Z\",\"ctime\":\"2026-11-22T17:18:09.646139879Z\",\"uid\":0,"
    "\"gid\":0,"
    "\"user\":\"root\",\"group\":\"root\",\"inode\":10952809,\"device_id\":65024,\"content\":null,"
    "\"subtree\":\"ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8\"},"
    "{\"name\":\"l\",\"type\":\"symlink\",\"mode\":134218239,\"mtime\":\"2026-11-22T17:18:09.654837256Z\","
    "\"atime\":\"2026-11-22T17:18:09.654837256Z\",\"ctime\":\"2026-11-22T17:18:09.654837256Z\",\"uid\":0,"
    "\"gid\":0,"
    "\"user\":\"root\",\"group\":\"root\",\"inode\":18446744073709551615,\"device_id\":65024,\"links\":1,"
    "\"linktarget\":\"nowhere\",\"content\":null}]}\n";

static void a_tree_of_restic_is_written_back_the_same(void **state)
{
    (void)state;
    struct tree *tree;
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    assert_int_equal(tree_decode(restic_tree, sizeof restic_tree - 1, &tree), 0);
    assert_int_equal(tree->count, 3);
    assert_int_equal(tree->nodes[0].content_count, 2);
    assert_true(tree->nodes[2].inode == UINT64_MAX);
    assert_string_equal(tree_find(tree, "l", 1)->target, "nowhere");
    assert_null(tree_find(tree, "none", 4));
    tree_begin(&out);
    for (size_t i = 0; i < tree->count; i++)
        tree_add(&out, &tree->nodes[i]);
    tree_end(&out);
    tree_free(tree);
    assert_string_equal(buf_string(&out), restic_tree);
}

static void assert_refused(const char *name_json)
{
    struct buf json BUF_AUTO;
    struct tree *tree;
    buf_init(&json, 65536);
    buf_printf(&json, "{\"nodes\":[{\"name\":%s,\"type\":\"fifo\"}]}", name_json);
    assert_int_equal(tree_decode(json.data, json.length, &tree), ERR_CORRUPT);
}

static void names_that_lead_out_are_refused(void **state)
{
    (void)state;
    assert_refused("\"..\"");
    assert_refused("\".\"");
    assert_refused("\"\"");
    assert_refused("null");
    assert_refused("\"/etc/passwd\"");
    assert_refused("\"a/b\"");
    assert_refused("\"a\\u002fb\"");      /* the JSON escape */
    assert_refused("\"a\\\\x2fb\"");      /* the quoted escape */
    assert_refused("\"\\\\x2e\\\\x2e\""); /* ".." in disguise */
    assert_refused("\"a\\u0000b\"");
    assert_refused("\"a\\\\x00b\"");
    assert_refused("\"a\\\\000b\"");
    assert_refused("\"a\\\\q\"");
    assert_refused("\"a\\\\\"");
}

static void a_name_that_comes_twice_is_refused(void **state)
{
    (void)state;
    static const char json[] = "{\"nodes\":[{\"name\":\"x\",\"type\":\"symlink\",\"linktarget\":\"/etc\"},"
                               "{\"name\":\"y\",\"type\":\"fifo\"},{\"name\":\"x\",\"type\":\"file\"}]}";
    struct tree *tree;
    assert_int_equal(tree_decode(json, sizeof json - 1, &tree), ERR_CORRUPT);
}

static void a_folder_without_contents_is_refused(void **state)
{
    (void)state;
    static const char json[] = "{\"nodes\":[{\"name\":\"x\",\"type\":\"dir\"}]}";
    struct tree *tree;
    assert_int_equal(tree_decode(json, sizeof json - 1, &tree), ERR_CORRUPT);
}

static void a_raw_link_target_wins(void **state)
{
    (void)state;
    static const char json[] =
        "{\"nodes\":[{\"name\":\"x\",\"type\":\"symlink\",\"linktarget\":\"\\ufffd raw\","
        "\"linktarget_raw\":\"/yByYXc=\"}]}";
    struct tree *tree;
    assert_int_equal(tree_decode(json, sizeof json - 1, &tree), 0);
    assert_string_equal(tree->nodes[0].target, "\xff raw");
    tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_quoted_as_go_does),
        cmocka_unit_test(every_name_comes_back),
        cmocka_unit_test(modes_are_those_of_go),
        cmocka_unit_test(times_keep_their_nanoseconds),
        cmocka_unit_test(a_zone_is_written_as_its_offset),
        cmocka_unit_test(a_tree_of_restic_is_written_back_the_same),
        cmocka_unit_test(names_that_lead_out_are_refused),
        cmocka_unit_test(a_name_that_comes_twice_is_refused),
        cmocka_unit_test(a_folder_without_contents_is_refused),
        cmocka_unit_test(a_raw_link_target_wins),
    };
    return cmocka_run_group_tests(tests, set_utc, NULL);
}
