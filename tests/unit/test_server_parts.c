/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the vault server makes of paths, ranges, users and passwords, and how it counts quotas. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "server/htpasswd.h"
#include "server/listen.h"
#include "server/login.h"
#include "server/quota.h"
#include "server/target.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* Of "secret", cost 4. */
#define HASH "$2b$04$abcdefghijklmnopqrstuu"

static void paths(void **state)
{
    struct target t;
    (void)state;
    assert_int_equal(target_parse("/", &t), 0);
    assert_int_equal(t.kind, TARGET_REPOSITORY);
    assert_string_equal(t.repository, "");
    assert_int_equal(target_parse("/anne/pc-3/data/" ID, &t), 0);
    assert_int_equal(t.kind, TARGET_OBJECT);
    assert_int_equal(t.type, BLOB_PACK);
    assert_string_equal(t.repository, "anne/pc-3");
    assert_string_equal(t.name, ID);
    assert_int_equal(target_parse("/locks/", &t), 0);
    assert_int_equal(t.kind, TARGET_LIST);
    assert_int_equal(t.type, BLOB_LOCK);
    assert_int_equal(target_parse("/a/config", &t), 0);
    assert_int_equal(t.kind, TARGET_OBJECT);
    assert_int_equal(t.type, BLOB_CONFIG);
    assert_int_equal(target_parse("/metrics", &t), 0);
    assert_int_equal(t.kind, TARGET_METRICS);
    static const char *const wrong[] = {
        "",         "a",           "//",           "/..",         "/a/../config",
        "/.a/data", "/a//data/",   "/%61/",        "/data/abc",   ("/data/" ID "0"),
        "/data/a/", "/config/",    "/metrics/x",   "/a/data/b/c", "/a/b/c/d/e/",
        "/a b/",    "/a\\config/", ("/keys/.." ID)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(target_parse(wrong[i], &t), ERR_INVALID);
}

static void whose_a_repository_is(void **state)
{
    struct target t;
    (void)state;
    assert_int_equal(target_parse("/anne/pc/", &t), 0);
    assert_true(target_is_of(&t, "anne"));
    assert_false(target_is_of(&t, "ann"));
    assert_false(target_is_of(&t, "anne2"));
    assert_false(target_is_of(&t, ""));
    assert_int_equal(target_parse("/", &t), 0);
    assert_false(target_is_of(&t, "anne"));
}

static void assert_range(const char *header, uint64_t from, uint64_t length)
{
    uint64_t got_from = 0, got_length = 0;
    assert_int_equal(target_range(header, 100, &got_from, &got_length), RANGE_PART);
    assert_int_equal(got_from, from);
    assert_int_equal(got_length, length);
}

static void ranges(void **state)
{
    uint64_t from, length;
    (void)state;
    assert_range("bytes=0-", 0, 100);
    assert_range("bytes=0-0", 0, 1);
    assert_range("bytes=99-99999999999999999999", 99, 1);
    assert_range("bytes=-1", 99, 1);
    assert_range("bytes=-500", 0, 100);
    assert_int_equal(target_range("bytes=100-", 100, &from, &length), RANGE_OUTSIDE);
    assert_int_equal(target_range("bytes=99999999999999999999-", 100, &from, &length), RANGE_OUTSIDE);
    assert_int_equal(target_range("bytes=-0", 100, &from, &length), RANGE_OUTSIDE);
    assert_int_equal(target_range("bytes=0-", 0, &from, &length), RANGE_WHOLE);
    static const char *const whole[] = {NULL,         "",          "bytes=",        "bytes=-",
                                        "bytes=5-2",  "bytes=a-b", "bytes=0-1,2-3", "bytes=1-2x",
                                        "bytes=+1-2", "lines=0-1"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        assert_int_equal(target_range(whole[i], 100, &from, &length), RANGE_WHOLE);
}

static void users_of_a_file(void **state)
{
    (void)state;
    static const char good[] = HASH "0123456789012345678901234567890";
    char *text MEM_AUTO =
        mem_printf("# users\n\nanne:%s\nmd5:$apr1$x$y\npaul:%s:more\r\nanne:%.59s1\n", good, good, good);
    struct htpasswd table;
    htpasswd_parse(text, strlen(text), &table);
    assert_int_equal(table.count, 2);
    assert_int_equal(table.bad_line, 4);
    assert_string_equal(htpasswd_find(&table, "paul"), good);
    assert_int_equal(htpasswd_find(&table, "anne")[59], '1');
    assert_null(htpasswd_find(&table, "ann"));
    assert_null(htpasswd_find(&table, "md5"));
    htpasswd_free(&table);
}

static void headers_of_users(void **state)
{
    struct htpasswd_login who;
    (void)state;
    assert_true(htpasswd_parse_basic("Basic YW5uZTphOmI=", &who));
    assert_string_equal(who.name, "anne");
    assert_string_equal(who.password, "a:b");
    assert_true(htpasswd_parse_basic("basic YW5uZTo=", &who));
    assert_string_equal(who.password, "");
    static const char *const wrong[] = {NULL,
                                        "",
                                        "Basic",
                                        "Basic ",
                                        "Basic YW5uZQ==",
                                        "Bearer YW5uZTphOmI=",
                                        "Basic OmE=" /* :a */,
                                        "Basic YQA6Yg==" /* a NUL */,
                                        "Basic ????"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(htpasswd_parse_basic(wrong[i], &who));
}

static void addresses(void **state)
{
    char host[LISTEN_HOST_SIZE], port[LISTEN_PORT_SIZE];
    (void)state;
    assert_int_equal(listen_parse(":8000", host, port), 0);
    assert_string_equal(host, "");
    assert_int_equal(listen_parse("[2001:db8::1]:80", host, port), 0);
    assert_string_equal(host, "2001:db8::1");
    assert_string_equal(port, "80");
    static const char *const wrong[] = {"8000", "host", "host:", "host:http", "2001:db8::1:80", ":123456"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(listen_parse(wrong[i], host, port), ERR_INVALID);
}

/* ---- logins ---- */

static char *make_folder(void)
{
    char *folder = mem_strdup("/tmp/beffroi-server-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void drop_folder(const char *folder)
{
    assert_int_equal(path_remove_tree(AT_FDCWD, folder), 0);
}

static const struct in6_addr from_here = {.s6_addr = {[10] = 0xff, 0xff, 192, 0, 2, 1}};
static const struct in6_addr from_there = {.s6_addr = {[10] = 0xff, 0xff, 192, 0, 2, 2}};

static bool is_right(struct login *login, const struct in6_addr *address, const char *header,
                     enum login_verdict *verdict)
{
    struct htpasswd_login who;
    *verdict = login_quick(login, address, header, &who);
    return *verdict == LOGIN_ASK ? login_ask(login, address, &who) : *verdict == LOGIN_YES;
}

static void wrong_passwords_are_put_off(void **state)
{
    (void)state;
    char *folder MEM_AUTO = make_folder(), *path MEM_AUTO = path_join(folder, "users");
    struct clock_manual manual = {.monotonic_ns = NS_PER_SECOND};
    struct clock clock = clock_from_manual(&manual);
    struct login *login;
    enum login_verdict verdict;
    const char *right = "Basic YW5uZTpzZWNyZXQ=", *wrong = "Basic YW5uZTpzZWNyZXU=";
    assert_int_equal(login_new(path, &clock, &login), ERR_NOT_FOUND);
    assert_int_equal(htpasswd_set(path, "anne", "secret"), 0);
    assert_int_equal(htpasswd_set(path, "anne", ""), ERR_INVALID);
    assert_int_equal(htpasswd_set(path, "an:ne", "x"), ERR_INVALID);
    assert_int_equal(login_new(path, &clock, &login), 0);
    assert_true(is_right(login, &from_here, right, &verdict));
    assert_int_equal(verdict, LOGIN_ASK);
    assert_true(is_right(login, &from_there, right, &verdict)); /* remembered */
    assert_int_equal(verdict, LOGIN_YES);
    assert_false(is_right(login, &from_here, wrong, &verdict));
    assert_int_equal(verdict, LOGIN_ASK);
    assert_false(is_right(login, &from_here, wrong, &verdict)); /* remembered, too */
    assert_int_equal(verdict, LOGIN_NO);
    for (int i = 0; i < 9; i++) { /* other names, of nobody */
        struct htpasswd_login who = {.name = "x", .password = {(char)('a' + i)}};
        assert_false(login_ask(login, &from_here, &who));
    }
    assert_false(is_right(login, &from_here, "Basic eDp5", &verdict));
    assert_int_equal(verdict, LOGIN_LATER);
    assert_true(is_right(login, &from_here, right, &verdict)); /* whoever was let in stays in */
    assert_false(is_right(login, &from_there, "Basic eDp5", &verdict));
    assert_int_equal(verdict, LOGIN_ASK);
    manual.monotonic_ns += 7 * NS_PER_SECOND;
    assert_false(is_right(login, &from_here, "Basic eDp6", &verdict));
    assert_int_equal(verdict, LOGIN_ASK);
    assert_false(is_right(login, &from_here, "Basic eDp3", &verdict));
    assert_int_equal(verdict, LOGIN_LATER);
    /* A new password ends what was remembered. */
    assert_int_equal(htpasswd_set(path, "anne", "another"), 0);
    assert_int_equal(login_refresh(login), 1);
    assert_int_equal(login_refresh(login), 0);
    assert_false(is_right(login, &from_there, right, &verdict));
    login_free(login);
    drop_folder(folder);
}

/* ---- quotas ---- */

struct uploads {
    struct quota_account *account;
    unsigned taken;
};

static void *upload(void *argument)
{
    struct uploads *u = argument;
    for (int i = 0; i < 1000; i++) {
        if (quota_reserve(u->account, 10) != 0)
            continue;
        if (i % 3 == 0) {
            quota_release(u->account, 10);
        } else {
            quota_keep(u->account, 10, 10);
            u->taken++;
        }
    }
    return NULL;
}

static void quotas_are_exact(void **state)
{
    (void)state;
    char *folder MEM_AUTO = make_folder();
    const struct quota_limit own = {"paul", 5};
    const struct quota_options options = {
        .path = folder, .per_user = true, .limit = 20005, .limits = &own, .limit_count = 1};
    struct quota *quota;
    assert_int_equal(quota_new(&options, &quota), 0);
    struct quota_account *anne = quota_of(quota, "anne/pc-1");
    assert_ptr_equal(anne, quota_of(quota, "anne"));
    assert_ptr_not_equal(anne, quota_of(quota, "anne2"));
    assert_int_equal(quota_reserve(quota_of(quota, "paul"), 6), ERR_NO_SPACE);
    assert_int_equal(quota_reserve(quota_of(quota, "paul"), 5), 0);
    struct uploads uploads[4] = {{anne, 0}, {anne, 0}, {anne, 0}, {anne, 0}};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, upload, &uploads[i]), 0);
    unsigned taken = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        taken += uploads[i].taken;
    }
    assert_true(taken <= 2000);
    while (quota_reserve(anne, 10) == 0)
        taken++;
    assert_int_equal(taken, 2000);
    assert_int_equal(quota_reserve(anne, 5), 0);
    assert_int_equal(quota_reserve(anne, UINT64_MAX), ERR_NO_SPACE);
    quota_free(quota);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(whose_a_repository_is),
        cmocka_unit_test(ranges),
        cmocka_unit_test(users_of_a_file),
        cmocka_unit_test(headers_of_users),
        cmocka_unit_test(addresses),
        cmocka_unit_test(wrong_passwords_are_put_off),
        cmocka_unit_test(quotas_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
