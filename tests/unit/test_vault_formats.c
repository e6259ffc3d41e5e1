/* SPDX-License-Identifier: GPL-3.0-or-later
 * Pack headers, indexes, keys, configs, locks, patterns: read as they were written, refused when they lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "vault/config.h"
#include "vault/index.h"
#include "vault/key.h"
#include "vault/lock.h"
#include "vault/match.h"
#include "vault/pack.h"
#include "vault/unpack.h"

static const struct pack_entry three[] = {
    {.id = {1}, .type = PACK_DATA, .offset = 0, .length = 100, .unpacked = 200},
    {.id = {2}, .type = PACK_DATA, .offset = 100, .length = 40, .unpacked = 0},
    {.id = {3}, .type = PACK_TREE, .offset = 140, .length = 70, .unpacked = 1000},
};

static void a_pack_header_comes_back(void **state)
{
    (void)state;
    struct buf out BUF_AUTO;
    buf_init(&out, 1000);
    pack_header_encode(three, 3, &out);
    assert_int_equal(out.length, 41 + 37 + 41);
    struct pack_entry *back;
    size_t count;
    assert_int_equal(pack_header_decode(out.data, out.length, &back, &count), 0);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(back[i].type, three[i].type);
        assert_int_equal(back[i].offset, three[i].offset);
        assert_int_equal(back[i].length, three[i].length);
        assert_int_equal(back[i].unpacked, three[i].unpacked);
        assert_memory_equal(back[i].id, three[i].id, SHA256_SIZE);
    }
    free(back);
}

static void a_pack_header_that_lies_is_refused(void **state)
{
    (void)state;
    struct pack_entry *back;
    size_t count;
    struct buf out BUF_AUTO;
    buf_init(&out, 1000);
    pack_header_encode(three, 3, &out);
    for (size_t cut = 1; cut < 37; cut++)
        assert_int_equal(pack_header_decode(out.data, out.length - cut, &back, &count), ERR_CORRUPT);
    out.data[0] = 4;
    assert_int_equal(pack_header_decode(out.data, out.length, &back, &count), ERR_CORRUPT);
    out.data[0] = 2;
    memset(out.data + 1, 0, 4); /* shorter than a seal */
    assert_int_equal(pack_header_decode(out.data, out.length, &back, &count), ERR_CORRUPT);
    memset(out.data + 1, 0xff, 4); /* all of them together beyond 4 GiB */
    assert_int_equal(pack_header_decode(out.data, out.length, &back, &count), ERR_CORRUPT);
}

static void an_index_comes_back(void **state)
{
    (void)state;
    const uint8_t id[SHA256_SIZE] = {9};
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    index_begin(&out);
    index_put_pack(&out, id, three, 3);
    index_put_pack(&out, id, three, 1);
    index_end(&out);
    struct index *index = index_new();
    assert_int_equal(index_decode(index, out.data, out.length), 0);
    assert_int_equal(index->pack_count, 2);
    const struct index_entry *entry = index_find(index, PACK_TREE, three[2].id);
    assert_non_null(entry);
    assert_int_equal(entry->offset, 140);
    assert_int_equal(entry->unpacked, 1000);
    assert_int_equal(entry->pack, 0);
    assert_null(index_find(index, PACK_DATA, three[2].id)); /* a tree is not a data blob of the same name */
    index_free(index);
}

static void an_index_grows_without_losing_anything(void **state)
{
    (void)state;
    struct index *index = index_new();
    uint8_t id[SHA256_SIZE] = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(id, &i, sizeof i); /* the worst names: they share their first bits */
        index_add_pending(index, PACK_DATA, id);
    }
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(id, &i, sizeof i);
        assert_non_null(index_find(index, PACK_DATA, id));
    }
    index_free(index);
}

static void what_other_programs_add_is_passed_over(void **state)
{
    (void)state;
    static const char json[] = "{\"supersedes\":[\"00\"],\"packs\":[{\"time\":\"2026-11-22T17:18:09Z\","
                               "\"size\":77,\"blobs\":null,\"id\":"
                               "\"ffecb9290547f5488c3ad1989852542c6fceb7334b49b06131012555866763fd\"}],"
                               "\"packs_to_delete\":[{\"id\":{}}]}";
    struct index *index = index_new();
    assert_int_equal(index_decode(index, json, sizeof json - 1), 0);
    assert_int_equal(index->pack_count, 1);
    assert_int_equal(index->count, 0);
    index_free(index);
}

/* The key file of a repository that restic 0.14 made with the password "x". */
static const char restic_key[] =
    "{\"created\":\"2026-11-22T18:08:01.886004792Z\",\"username\":\"root\",\"hostname\":\"vm\",\"kdf\":"
    "\"scrypt\","
    "\"N\":32768,\"r\":8,\"p\":2,\"salt\":"
    "\"alkgrMVtnO27RyNTS7tH3EljCPsZ+NJKXOSSqr5Og9JUZdLVh8ZUjxhEstt7M6vXc/eobCsZ5Gu/KrstyA8yoA==\",\"data\":"
    "\"FXDnEoDKlp/iIR5kEaxoQ5fqKnhG5jzXNja/FXevzKGG3eZAIYvVsnjXG5NwwpeYH/"
    "wvnXOx9zZ2ANN8A8WRz1Fvt6JAOGYgubcaMVNBwUln/"
    "ZnKuUVpmCn8C5V6jqRhEoGEwZkfEoPydtlEKPH0WN0rMoz1IrcgC0eGxHdnpk/"
    "TjZnoR5yS/lxAmKcbjGncKGWE4h+oVjMRT40UktGxqQ==\"}";

static void opens_a_key_file_of_restic(void **state)
{
    (void)state;
    struct seal_key master;
    char k[33];
    assert_int_equal(key_decode(restic_key, sizeof restic_key - 1, "x", &master), 0);
    hex_encode(master.mac_k, 16, k);
    assert_string_equal(k, "cf066b282f6ea8af3ce1052ffaf59f19");
    assert_int_equal(key_decode(restic_key, sizeof restic_key - 1, "y", &master), ERR_WRONG_SECRET);
}

static void a_key_file_comes_back(void **state)
{
    (void)state;
    struct seal_key master, back;
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    seal_key_random(&master);
    assert_int_equal(key_encode(&master, "mot de passe", NULL, &out), 0);
    assert_int_equal(key_decode(out.data, out.length, "mot de passe", &back), 0);
    assert_memory_equal(&master, &back, sizeof master);
}

static int decode_config(const char *json, struct config *config)
{
    return config_decode(json, strlen(json), config);
}

static void a_config_is_judged_strictly(void **state)
{
    (void)state;
    struct config config, back;
    struct buf out BUF_AUTO;
    buf_init(&out, 1000);
    config_random(&config);
    config_encode(&config, &out);
    assert_int_equal(decode_config(buf_string(&out), &back), 0);
    assert_string_equal(back.id, config.id);
    assert_true(back.polynomial == config.polynomial);
    assert_int_equal(back.version, 2);
#define ID "\"id\":\"ffecb9290547f5488c3ad1989852542c6fceb7334b49b06131012555866763fd\""
    assert_int_equal(decode_config("{\"version\":3," ID ",\"chunker_polynomial\":\"3af6bed23052cf\"}", &back),
                     ERR_UNSUPPORTED);
    assert_int_equal(decode_config("{\"version\":2," ID ",\"chunker_polynomial\":\"3af6bed23052ce\"}", &back),
                     ERR_CORRUPT);
    assert_int_equal(decode_config("{\"version\":2,\"chunker_polynomial\":\"3af6bed23052cf\"}", &back),
                     ERR_CORRUPT);
    assert_int_equal(decode_config("{\"version\":2," ID ",\"chunker_polynomial\":\"-3\"}", &back),
                     ERR_CORRUPT);
    assert_int_equal(decode_config("{\"version\":1," ID
                                   ",\"chunker_polynomial\":\"3af6bed23052cf\",\"of_others\":[1]}",
                                   &back),
                     0);
}

static void a_lock_is_stale_when_it_must_be(void **state)
{
    (void)state;
    int64_t now = INT64_C(1795367892) * NS_PER_SECOND;
    struct lock_file file = {.time_ns = now - 60 * NS_PER_SECOND, .hostname = "here", .pid = getpid()};
    assert_false(lock_is_stale(&file, now, "here"));
    assert_false(lock_is_stale(&file, now, "elsewhere"));
    file.pid = 0x3fffffff; /* above the kernel's greatest process number */
    assert_true(lock_is_stale(&file, now, "here"));
    assert_false(lock_is_stale(&file, now, "elsewhere"));
    file.pid = getpid();
    file.time_ns = now - (LOCK_STALE_SECONDS + 1) * NS_PER_SECOND;
    assert_true(lock_is_stale(&file, now, "here"));
    file.time_ns = now + 3600 * NS_PER_SECOND; /* a clock that runs ahead */
    assert_false(lock_is_stale(&file, now, "here"));
}

static bool ask_match(const char *const *patterns, bool fold, const char *path, bool below)
{
    struct match_list list = {0};
    for (size_t i = 0; patterns[i]; i++)
        assert_int_equal(match_add(&list, patterns[i], fold), 0);
    bool found = below ? match_may_be_below(&list, path) : match_any(&list, path);
    match_free(&list);
    return found;
}

static bool matches(const char *pattern, const char *path)
{
    return ask_match((const char *const[]){pattern, NULL}, false, path, false);
}

static bool below(const char *pattern, const char *path)
{
    return ask_match((const char *const[]){pattern, NULL}, false, path, true);
}

static void patterns_can_take_back(void **state)
{
    (void)state;
    static const char *const some[] = {"*.log", "!keep.log", NULL};
    assert_true(ask_match(some, false, "/a/b.log", false));
    assert_false(ask_match(some, false, "/a/keep.log", false));
    assert_false(ask_match(some, false, "/a/b.txt", false));
    assert_true(ask_match((const char *const[]){"!keep.log", "*.log", NULL}, false, "/a/keep.log", false));
}

static void patterns_can_ignore_case(void **state)
{
    (void)state;
    static const char *const some[] = {"*.JPG", "Cache", NULL};
    assert_true(ask_match(some, true, "/a/b.jpg", false));
    assert_true(ask_match(some, true, "/a/CACHE/x", false));
    assert_false(ask_match(some, false, "/a/b.jpg", false));
    assert_false(ask_match(some, true, "/a/caches", false));
}

static void malformed_patterns(void **state)
{
    (void)state;
    static const char *const bad[] = {"[a", "a/[", "b\\", "/", "[]", "x/[^]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct match_list list = {0};
        assert_int_equal(match_add(&list, bad[i], false), ERR_INVALID);
        assert_int_equal(list.count, 0);
    }
    struct match_list list = {0};
    assert_int_equal(match_add(&list, "", false), 0); /* as in restic: no pattern */
    assert_int_equal(list.count, 0);
    assert_int_equal(match_add(&list, "a\\[b[x-z]", false), 0);
    assert_true(match_any(&list, "/a[by"));
    match_free(&list);
}

static void patterns_match_as_in_restic(void **state)
{
    (void)state;
    assert_true(matches("*.bak", "/a/b/c.bak"));
    assert_true(matches("b", "/a/b/c")); /* below a match */
    assert_false(matches("b", "/a/bb/c"));
    assert_true(matches("/a", "/a/b"));
    assert_false(matches("/b", "/a/b"));
    assert_true(matches("a/b", "/x/a/b"));
    assert_false(matches("a/b", "/x/a/c/b"));
    assert_true(matches("a/**/b", "/x/a/c/d/b"));
    assert_true(matches("a/**/b", "/x/a/b"));
    assert_true(matches("**/b", "/b"));
    assert_true(matches("/a/*/c", "/a/b/c/d"));
    assert_false(matches("/a/*/c", "/a/b/d/c"));
    assert_true(matches("[ot]*", "/one"));
    assert_false(matches("", "/one"));
    assert_true(below("/a/b/c", "/a"));
    assert_true(below("/a/b/c", "/a/b"));
    assert_false(below("/a/b/c", "/b"));
    assert_true(below("c", "/anything"));
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    struct buf plain BUF_AUTO, packed BUF_AUTO, out BUF_AUTO;
    buf_init(&plain, 10 << 20);
    buf_init(&packed, 10 << 20);
    buf_init(&out, 1 << 20);
    uint8_t *zeros = buf_reserve(&plain, 9 << 20);
    memset(zeros, 0, 9 << 20);
    plain.length = 9 << 20;
    assert_int_equal(unpack_make(plain.data, plain.length, &packed), 0);
    assert_true(packed.length < 10000);
    assert_int_equal(unpack_stream(packed.data, packed.length, &out), ERR_TOO_LARGE);
    assert_true(out.capacity <= 4 << 20);
    buf_clear(&plain);
    assert_int_equal(unpack_stream(packed.data, packed.length, &plain), 0);
    assert_int_equal(plain.length, 9 << 20);
    for (size_t cut = 1; cut < packed.length; cut += 97) {
        buf_clear(&plain);
        assert_int_equal(unpack_stream(packed.data, packed.length - cut, &plain), ERR_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pack_header_comes_back),
        cmocka_unit_test(a_pack_header_that_lies_is_refused),
        cmocka_unit_test(an_index_comes_back),
        cmocka_unit_test(an_index_grows_without_losing_anything),
        cmocka_unit_test(what_other_programs_add_is_passed_over),
        cmocka_unit_test(opens_a_key_file_of_restic),
        cmocka_unit_test(a_key_file_comes_back),
        cmocka_unit_test(a_config_is_judged_strictly),
        cmocka_unit_test(a_lock_is_stale_when_it_must_be),
        cmocka_unit_test(patterns_match_as_in_restic),
        cmocka_unit_test(patterns_can_take_back),
        cmocka_unit_test(patterns_can_ignore_case),
        cmocka_unit_test(malformed_patterns),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
