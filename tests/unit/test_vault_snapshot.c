/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which snapshots a filter lets through, and what their tags become.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <string.h>

#include "vault/copy.h"
#include "vault/snapshot.h"

static struct snapshot *example(void)
{
    static const char text[] =
        "{\"time\":\"2026-01-02T03:04:05.5+09:00\",\"tree\":"
        "\"00000000000000000000000000000000000000000000000000000000000000aa\",\"paths\":[\"/srv\",\"/etc\"],"
        "\"hostname\":\"mairie\",\"tags\":[\"a\",\"b\",\"c\"]}";
    struct snapshot *snapshot;
    assert_int_equal(snapshot_decode(text, sizeof text - 1, &snapshot), 0);
    return snapshot;
}

static bool matches_tags(const char *first, const char *second)
{
    const char *const tags[] = {first, second};
    struct snapshot *snapshot = example();
    bool found =
        snapshot_matches(snapshot, &(struct snapshot_filter){.tags = tags, .tag_count = second ? 2 : 1});
    snapshot_free(snapshot);
    return found;
}

static void a_list_of_tags_wants_all_and_one_list_is_enough(void **state)
{
    (void)state;
    assert_true(matches_tags("a", NULL));
    assert_true(matches_tags("c,a", NULL));
    assert_false(matches_tags("a,d", NULL));
    assert_true(matches_tags("a,d", "b"));
    assert_false(matches_tags("d", "e"));
    assert_false(matches_tags("", NULL)); /* "without tags" */
    assert_false(matches_tags("ab", NULL));
}

static void hosts_are_alternatives_and_paths_are_not(void **state)
{
    (void)state;
    static const char *const hosts[] = {"ecole", "mairie"}, *const paths[] = {"/etc", "/srv", "/home"};
    struct snapshot *snapshot = example();
    assert_true(snapshot_matches(snapshot, &(struct snapshot_filter){.hosts = hosts, .host_count = 2}));
    assert_false(snapshot_matches(snapshot, &(struct snapshot_filter){.hosts = hosts, .host_count = 1}));
    assert_true(snapshot_matches(snapshot, &(struct snapshot_filter){.paths = paths, .path_count = 2}));
    assert_false(snapshot_matches(snapshot, &(struct snapshot_filter){.paths = paths, .path_count = 3}));
    snapshot->tags.count = 0;
    static const char *const none[] = {""};
    assert_true(snapshot_matches(snapshot, &(struct snapshot_filter){.tags = none, .tag_count = 1}));
    snapshot_free(snapshot);
}

static void tags_are_added_once_and_taken_away(void **state)
{
    (void)state;
    struct snapshot *snapshot = example();
    assert_false(snapshot_add_tag(snapshot, "b"));
    assert_true(snapshot_add_tag(snapshot, "d"));
    assert_true(snapshot_remove_tag(snapshot, "a"));
    assert_false(snapshot_remove_tag(snapshot, "a"));
    assert_int_equal(snapshot->tags.count, 3);
    assert_string_equal(snapshot->tags.items[0], "d"); /* as restic: the last takes the place */
    snapshot_free(snapshot);
}

static void a_time_keeps_its_zone(void **state)
{
    (void)state;
    struct snapshot *snapshot = example();
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    snapshot_encode(snapshot, &out);
    assert_non_null(strstr(buf_string(&out), "\"2026-01-02T03:04:05.5+09:00\""));
    snapshot_free(snapshot);
}

static void a_copy_is_known_by_all_but_parent_and_origin(void **state)
{
    (void)state;
    struct snapshot *one = example(), *other = example();
    other->original = "0000";
    strcpy(other->parent, "1111");
    assert_true(copy_is_same(one, other));
    const char *const reversed[] = {"c", "b", "a"};
    memcpy(other->tags.items, reversed, sizeof reversed);
    assert_true(copy_is_same(one, other));
    other->tags.items[0] = "d";
    assert_false(copy_is_same(one, other));
    other->tags.items[0] = "c";
    other->time_ns++;
    assert_false(copy_is_same(one, other));
    other->time_ns--;
    other->tree[0] = 1;
    assert_false(copy_is_same(one, other));
    other->tree[0] = 0;
    other->hostname = "ecole";
    assert_false(copy_is_same(one, other));
    other->hostname = "mairie";
    other->paths.count--;
    assert_false(copy_is_same(one, other));
    snapshot_free(one);
    snapshot_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_of_tags_wants_all_and_one_list_is_enough),
        cmocka_unit_test(hosts_are_alternatives_and_paths_are_not),
        cmocka_unit_test(tags_are_added_once_and_taken_away),
        cmocka_unit_test(a_time_keeps_its_zone),
        cmocka_unit_test(a_copy_is_known_by_all_but_parent_and_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
