/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands that read a repository decide by themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "vault/acl.h"
#include "vault/diff.h"
#include "vault/idset.h"
#include "vault/indent.h"
#include "vault/snapshot.h"
#include "vault/when.h"

static struct node file(void)
{
    static const uint8_t content[1][SHA256_SIZE] = {{1}};
    return (struct node){.name = "a",
                         .name_length = 1,
                         .type = NODE_FILE,
                         .mode = S_IFREG | 0644,
                         .mtime_ns = 5,
                         .user = "",
                         .group = "",
                         .target = "",
                         .size = 10,
                         .links = 1,
                         .content = content,
                         .content_count = 1};
}

static void letters_of(const struct node *before, const struct node *after, const char *wanted)
{
    char letters[8];
    diff_letters(diff_nodes(before, after), letters);
    assert_string_equal(letters, wanted);
}

static void differences(void **state)
{
    static const uint8_t other[1][SHA256_SIZE] = {{2}};
    (void)state;
    struct node before = file(), after = file();
    letters_of(&before, &after, "");
    after.mtime_ns++;
    letters_of(&before, &after, "U");
    after.content = other;
    letters_of(&before, &after, "M");
    after.mtime_ns--;
    letters_of(&before, &after, "M?"); /* no program did that */
    after.content_count = 0;
    letters_of(&before, &after, "M?");
    after = file();
    after.type = NODE_SYMLINK;
    after.target = "x";
    after.target_length = 1;
    letters_of(&before, &after, "TU");
}

static void attributes(void **state)
{
    static const struct node_xattr a[] = {{"user.a", (const uint8_t *)"1", 1},
                                          {"user.b", (const uint8_t *)"", 0}};
    static const struct node_xattr b[] = {{"user.b", (const uint8_t *)"", 0},
                                          {"user.a", (const uint8_t *)"1", 1}};
    static const struct node_xattr c[] = {{"user.b", (const uint8_t *)"", 0},
                                          {"user.a", (const uint8_t *)"2", 1}};
    (void)state;
    struct node before = file(), after = file();
    before.xattrs = a;
    after.xattrs = b;
    before.xattr_count = after.xattr_count = 2;
    letters_of(&before, &after, "");
    after.xattrs = c;
    letters_of(&before, &after, "U");
    after.xattr_count = 1;
    letters_of(&before, &after, "U");
}

static void is_time(const char *text, int64_t seconds)
{
    int64_t ns = -1;
    if (when_parse(text, &ns) != 0 || ns != seconds * NS_PER_SECOND)
        fail_msg("%s: %lld", text, (long long)(ns / NS_PER_SECOND));
}

static void dates(void **state)
{
    static const char *const wrong[] = {"",
                                        "2026",
                                        "2026-02-29",
                                        "2025-13-01",
                                        "2025-00-01",
                                        "2025-1-01",
                                        "1.2.2025",
                                        "2025-01-01 ",
                                        "2025-01-01T10:00",
                                        "2025-01-01 24:00",
                                        "2025-01-01 10:60",
                                        "2025-01-01 10:00:60",
                                        "2025-01-01 10:00 UTC",
                                        "2025-01-01 10:00:00 +1",
                                        "2025-01-01 10:00:00 +2500",
                                        "2025-01-01 10:00:00 XYZ",
                                        "2025-01-01 10:00:00 UTC ",
                                        "9999-01-01",
                                        "yesterday"};
    (void)state;
    setenv("TZ", "Europe/Paris", 1);
    tzset();
    is_time("1970-01-01", -3600);
    is_time("01.01.1970 01:00", 0);
    is_time("2026-07-14 14:30:05", 1784032205);
    is_time("2026-07-14 14:30:05 UTC", 1784039405);
    is_time("2026-07-14 14:30:05 -0130", 1784044805);
    is_time("2026-07-14 14:30:05 CEST", 1784032205);
    is_time("2024-02-29 9:00", 1709193600);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ns;
        if (when_parse(wrong[i], &ns) != ERR_INVALID)
            fail_msg("\"%s\" passes for a date", wrong[i]);
    }
}

static void indented(const char *json, const char *wanted)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    indent_json(json, strlen(json), &out);
    assert_string_equal(buf_string(&out), wanted);
}

static void indenting(void **state)
{
    (void)state;
    indented("{\"a\":[1,2],\"b\":{},\"c\":[ ]}\n",
             "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}");
    indented("[\"a \\\" : , { b\"]", "[\n  \"a \\\" : , { b\"\n]");
    indented("null", "null");
    indented("]}\"cut", "\n]\n}\"cut"); /* no JSON: whatever comes out, it ends */
    indented("\"\\", "\"\\");
}

static void sets(void **state)
{
    struct idset set = {0};
    uint8_t id[SHA256_SIZE] = {0};
    (void)state;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 1000; i++) {
            sha256_of(&i, sizeof i, id);
            assert_int_equal(idset_add(&set, id), round == 0);
        }
    memset(id, 0, sizeof id);
    assert_true(idset_add(&set, id));
    assert_false(idset_add(&set, id));
    assert_int_equal(set.count, 1001);
    idset_free(&set);
}

static void filters(void **state)
{
    const char *tags[] = {"a", "b"}, *paths[] = {"/p"};
    const char *const hosts[] = {"x", "mairie"}, *const lists[] = {"a,c", "a,b"}, *const none[] = {""};
    struct snapshot snapshot = {.hostname = "mairie", .tags = {tags, 2}, .paths = {paths, 1}};
    (void)state;
    assert_true(snapshot_matches(&snapshot, &(struct snapshot_filter){.hosts = hosts, .host_count = 2}));
    assert_false(snapshot_matches(&snapshot, &(struct snapshot_filter){.hosts = hosts, .host_count = 1}));
    assert_true(snapshot_matches(&snapshot, &(struct snapshot_filter){.tags = lists, .tag_count = 2}));
    assert_false(snapshot_matches(&snapshot, &(struct snapshot_filter){.tags = lists, .tag_count = 1}));
    assert_false(snapshot_matches(&snapshot, &(struct snapshot_filter){.tags = none, .tag_count = 1}));
}

static void access_lists(void **state)
{
    static const uint8_t list[] = {2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 6, 0, 210, 4, 0, 0};
    struct acl_item *items;
    size_t count;
    uint8_t changed[sizeof list];
    (void)state;
    assert_int_equal(acl_decode(list, sizeof list, &items, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(items[0].tag, ACL_OWNER);
    assert_int_equal(items[1].tag, ACL_USER);
    assert_int_equal(items[1].permissions, 6);
    assert_int_equal(items[1].id, 1234);
    free(items);
    for (size_t length = 0; length < sizeof list; length++)
        if (length != 4 && length != 12)
            assert_int_equal(acl_decode(list, length, &items, &count), ERR_CORRUPT);
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 1}, {4, 0}, {4, 3}, {4, 64}, {5, 1}, {6, 8}, {7, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(changed, list, sizeof list);
        changed[wrong[i].at] = wrong[i].value;
        assert_int_equal(acl_decode(changed, sizeof changed, &items, &count), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences),  cmocka_unit_test(attributes), cmocka_unit_test(dates),
        cmocka_unit_test(access_lists), cmocka_unit_test(indenting),  cmocka_unit_test(sets),
        cmocka_unit_test(filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
