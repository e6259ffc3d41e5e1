/* SPDX-License-Identifier: GPL-3.0-or-later
 * What stores behind a network have in common: addresses, lists, heads of answers, and what is tried again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "blob/http.h"
#include "blob/listing.h"
#include "blob/resturl.h"
#include "blob/retry.h"
#include "blob/settings.h"

#define NAME "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void assert_url(const char *text, const char *base, const char *user, const char *password,
                       const char *unix_socket)
{
    struct resturl url;
    assert_int_equal(resturl_parse(text, &url), 0);
    assert_string_equal(url.base, base);
    const char *const have[] = {url.user, url.password, url.unix_socket};
    const char *const want[] = {user, password, unix_socket};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(!have[i], !want[i]);
        if (want[i])
            assert_string_equal(have[i], want[i]);
    }
    resturl_free(&url);
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    assert_url("http://host", "http://host/", NULL, NULL, NULL);
    assert_url("https://host:8000/a/b", "https://host:8000/a/b/", NULL, NULL, NULL);
    assert_url("https://[::1]:8000/a/", "https://[::1]:8000/a/", NULL, NULL, NULL);
    assert_url("https://anne@host/", "https://host/", "anne", NULL, NULL);
    assert_url("https://anne:a%40b%3a%2F@host/x@y", "https://host/x@y/", "anne", "a@b:/", NULL);
    assert_url("https://anne:a@b@host", "https://host/", "anne", "a@b", NULL);
    assert_url("http+unix:///run/rest.sock:/repo/", "http://localhost/repo/", NULL, NULL, "/run/rest.sock");
    assert_url("http+unix:///run/rest.sock:/repo", "http://localhost/repo/", NULL, NULL, "/run/rest.sock");
    assert_url("http+unix:///run/rest.sock", "http://localhost/", NULL, NULL, "/run/rest.sock");
}

static void wrong_addresses_are_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "host",
                                        "ftp://host/",
                                        "http://",
                                        "http:///path",
                                        "http://:8000/",
                                        "http://a:secret@/x",
                                        "http://a:secret%4@host/",
                                        "http://a:secret%00@host/",
                                        "http://a:secret@host/a b",
                                        "http://a:secret@host/?x",
                                        "http://host/\r\nX: y",
                                        "http+unix://run/rest.sock:/",
                                        "http+unix:///run/rest.sock:repo"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct resturl url;
        assert_int_equal(resturl_parse(wrong[i], &url), ERR_INVALID);
        assert_null(strstr(err_text(), "secret"));
    }
}

struct seen {
    size_t count;
    uint64_t size;
};

static int count(void *context, const char *name, uint64_t size)
{
    struct seen *seen = context;
    assert_string_equal(name, NAME);
    seen->count++;
    seen->size = size;
    return 0;
}

static int list(const char *text, struct seen *seen)
{
    *seen = (struct seen){0};
    /* A copy without a NUL behind it, so that a sanitizer sees one byte too many. */
    char *bytes MEM_AUTO = mem_dup(text, strlen(text));
    return listing_read(bytes, strlen(text), count, seen);
}

static void lists_are_read(void **state)
{
    struct seen seen;
    (void)state;
    assert_int_equal(list("[]\n", &seen), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(
        list(" [ {\"name\": \"" NAME "\", \"size\" :12} , {\"size\":3,\"name\":\"" NAME "\"}]", &seen), 0);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.size, 3);
    assert_int_equal(list("[\"" NAME "\"]", &seen), 0);
    assert_int_equal(seen.count, 1);
    assert_true(seen.size == LISTING_NO_SIZE);
    /* What is not a name, and members that are not known. */
    assert_int_equal(list("[\"x\",{},{\"name\":\"../../etc/passwd\",\"size\":1},"
                          "{\"more\":[{\"a\":1e-3},null,\"\\\"\"],\"name\":\"" NAME "\",\"size\":9}]",
                          &seen),
                     0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.size, 9);
}

static void damaged_lists_are_refused(void **state)
{
    static const char *const damaged[] = {"",
                                          "[",
                                          "{}",
                                          "[]]",
                                          "[{\"name\":\"x\"",
                                          "[{\"name\":\"x\"}",
                                          "[{\"name\":\"x\\",
                                          "[{\"name\":1}]",
                                          "[{\"size\":-1}]",
                                          "[{\"size\":99999999999999999999}]",
                                          "[\"x\",]",
                                          "[\"x\" \"y\"]",
                                          "[{\"a\":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}]",
                                          "<html>"};
    (void)state;
    struct seen seen;
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
        assert_int_equal(list(damaged[i], &seen), ERR_CORRUPT);
}

static bool head(struct http_answer *answer, const char *line)
{
    char *bytes MEM_AUTO = mem_dup(line, strlen(line));
    return http_head_line(answer, bytes, strlen(line));
}

static void heads_are_understood(void **state)
{
    struct http_answer answer = {0};
    char value[16];
    (void)state;
    buf_init(&answer.headers, 1024);
    assert_true(head(&answer, "HTTP/1.1 100 Continue\r\n"));
    assert_true(head(&answer, "ETag: old\r\n"));
    assert_true(head(&answer, "HTTP/2 206 \r\n"));
    assert_true(head(&answer, "content-length:  4711 \r\n"));
    assert_true(head(&answer, "etag: \"abc\"\r\n"));
    assert_true(head(&answer, "X-Long: 0123456789abcdef\r\n"));
    assert_int_equal(answer.status, 206);
    assert_true(answer.has_size);
    assert_int_equal(answer.size, 4711);
    assert_true(http_answer_header(&answer, "ETAG", value, sizeof value));
    assert_string_equal(value, "\"abc\"");
    assert_false(http_answer_header(&answer, "x-long", value, sizeof value));
    assert_false(http_answer_header(&answer, "x", value, sizeof value));
    assert_true(head(&answer, "Content-Length: -1\r\n"));
    assert_false(answer.has_size);
    assert_true(head(&answer, "HTTP/1.1\r\n"));
    assert_int_equal(answer.status, 0);
    for (int i = 0; i < 40; i++)
        (void)head(&answer, "Filler: 0123456789012345678901234567890123456789\r\n");
    assert_false(head(&answer, "Filler: 0123456789012345678901234567890123456789\r\n"));
    http_answer_free(&answer);
}

static void statuses_have_their_meaning(void **state)
{
    static const struct {
        unsigned status;
        int err;
    } rows[] = {{404, ERR_NOT_FOUND}, {401, ERR_PERMISSION}, {403, ERR_PERMISSION}, {507, ERR_NO_SPACE},
                {413, ERR_TOO_LARGE}, {500, ERR_CLOSED},     {503, ERR_CLOSED},     {429, ERR_CLOSED},
                {408, ERR_TIMEOUT},   {400, ERR_SYSTEM},     {302, ERR_INVALID},    {501, ERR_UNSUPPORTED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_request request = {.method = "GET", .url = "http://host/x"};
        struct http_answer answer = {.status = rows[i].status};
        buf_init(&answer.body, 0);
        buf_init(&answer.headers, 0);
        buf_printf(&answer.body, "\n no \033[31mway\nmore");
        assert_int_equal(http_refused(&request, &answer), rows[i].err);
        assert_non_null(strstr(err_text(), "http://host/x"));
        assert_non_null(strstr(err_text(), ": no [31mway"));
        assert_null(strstr(err_text(), "more"));
        http_answer_free(&answer);
    }
}

static void options_are_found(void **state)
{
    static const char *const options[] = {"rest.connections=7", "s3.region=x=y", "rest.connections=9"};
    static const char *const wrong[] = {"rest.connections"};
    struct blob_settings settings = {.options = options, .option_count = 3};
    unsigned number;
    (void)state;
    assert_int_equal(blob_settings_set(&settings), 0);
    assert_string_equal(blob_settings_option("s3.region"), "x=y");
    assert_null(blob_settings_option("s3"));
    assert_int_equal(blob_settings_connections("rest.connections", 5, &number), 0);
    assert_int_equal(number, 9);
    assert_int_equal(blob_settings_connections("sftp.connections", 5, &number), 0);
    assert_int_equal(number, 5);
    assert_int_equal(blob_settings_connections("s3.region", 5, &number), ERR_INVALID);
    settings = (struct blob_settings){.options = wrong, .option_count = 1};
    assert_int_equal(blob_settings_set(&settings), ERR_INVALID);
}

/* ---- what is tried again ---- */

static void pauses_grow_and_end(void **state)
{
    (void)state;
    const int64_t limit = 900 * NS_PER_SECOND;
    assert_true(retry_may_pass(ERR_CLOSED));
    assert_true(retry_may_pass(ERR_TIMEOUT));
    static const int lasting[] = {0,           ERR_SYSTEM, ERR_NOT_FOUND, ERR_PERMISSION, ERR_NO_SPACE,
                                  ERR_CORRUPT, ERR_EXISTS, ERR_INVALID,   ERR_TOO_LARGE,  ERR_UNSUPPORTED};
    for (size_t i = 0; i < sizeof lasting / sizeof *lasting; i++)
        assert_false(retry_may_pass(lasting[i]));
    assert_int_equal(retry_pause_ns(1, 0, limit, 1), 500 * NS_PER_MS);
    assert_int_equal(retry_pause_ns(1, 0, limit, 0), 250 * NS_PER_MS);
    assert_int_equal(retry_pause_ns(4, 0, limit, 1), 4 * NS_PER_SECOND);
    assert_int_equal(retry_pause_ns(4000000000U, 0, limit, 1), 60 * NS_PER_SECOND);
    assert_int_equal(retry_pause_ns(20, limit - 5, limit, 1), 5);
    assert_int_equal(retry_pause_ns(20, limit, limit, 1), -1);
}

/* A store whose next answers are given. */
struct fake {
    const int *answers; /* ends with 0, which stands for all that follow */
    unsigned asked;
    bool has_config;
};

static int answer(struct fake *fake)
{
    fake->asked++;
    return *fake->answers ? err_set((enum err) * fake->answers++, "as planned") : 0;
}

static int fake_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    (void)kind;
    int err = visit(context, NAME, 1);
    return err ? err : answer(self);
}
static int fake_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    (void)kind;
    (void)name;
    *size = 3;
    return answer(self);
}
static int fake_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                     size_t length)
{
    (void)kind;
    (void)name;
    (void)offset;
    memset(out, 'c', length);
    return answer(self);
}
static int fake_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct fake *fake = self;
    (void)kind;
    (void)name;
    (void)bytes;
    (void)length;
    if (fake->has_config)
        return err_set(ERR_EXISTS, "there");
    int err = answer(self);
    fake->has_config = true;
    return err;
}
static int fake_remove(void *self, enum blob_kind kind, const char *name)
{
    (void)kind;
    (void)name;
    return answer(self);
}
static int fake_sweep(void *self)
{
    return answer(self);
}
static void fake_free(void *self)
{
    (void)self;
}
static const struct blob_ops fake_ops = {.list = fake_list,
                                         .size = fake_size,
                                         .read = fake_read,
                                         .write = fake_write,
                                         .remove = fake_remove,
                                         .sweep = fake_sweep,
                                         .free = fake_free};

static struct blob_store *wrapped(struct fake *fake, int64_t limit_ns)
{
    struct blob_settings settings = {.retry_ns = limit_ns};
    assert_int_equal(blob_settings_set(&settings), 0);
    struct blob_store *inner = mem_zalloc(1, sizeof *inner);
    *inner =
        (struct blob_store){.ops = &fake_ops, .self = fake, .where = mem_strdup("fake"), .connections = 1};
    return retry_wrap(inner);
}

static void what_may_pass_is_tried_again(void **state)
{
    static const int answers[] = {ERR_NOT_FOUND, ERR_CLOSED, ERR_TIMEOUT, 0};
    struct fake fake = {answers, 0, false};
    struct blob_store *store = wrapped(&fake, 60 * NS_PER_SECOND);
    uint64_t size;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(blob_size(blob_reader(store), BLOB_PACK, NAME, &size), ERR_NOT_FOUND);
    assert_int_equal(fake.asked, 1);
    assert_int_equal(blob_list(blob_reader(store), BLOB_PACK, count, &seen), 0);
    assert_int_equal(fake.asked, 4);
    assert_int_equal(seen.count, 1); /* of three attempts */
    blob_close(store);
}

static void what_lasts_is_not_tried_again(void **state)
{
    static const int answers[] = {ERR_PERMISSION, ERR_NO_SPACE, ERR_CORRUPT, 0};
    struct fake fake = {answers, 0, false};
    struct blob_store *store = wrapped(&fake, 60 * NS_PER_SECOND);
    (void)state;
    for (const int *expected = answers; *expected; expected++)
        assert_int_equal(blob_prune(blob_pruner(store), BLOB_PACK, NAME), *expected);
    assert_int_equal(fake.asked, 3);
    blob_close(store);
}

static void a_store_that_never_answered_is_not_waited_for(void **state)
{
    static const int answers[] = {ERR_CLOSED, 0};
    struct fake fake = {answers, 0, false};
    struct blob_store *store = wrapped(&fake, 60 * NS_PER_SECOND);
    (void)state;
    assert_int_equal(blob_sweep(blob_remover(store)), ERR_CLOSED);
    assert_int_equal(fake.asked, 1);
    blob_close(store);
}

static void a_store_that_is_gone_fails_at_once_in_the_end(void **state)
{
    static const int answers[] = {ERR_NOT_FOUND, ERR_CLOSED, ERR_CLOSED, ERR_CLOSED, ERR_CLOSED, 0};
    struct fake fake = {answers, 0, false};
    struct blob_store *store = wrapped(&fake, 100 * NS_PER_MS);
    char byte;
    (void)state;
    assert_int_equal(blob_read(blob_reader(store), BLOB_PACK, NAME, 0, &byte, 1), ERR_NOT_FOUND);
    assert_int_equal(blob_read(blob_reader(store), BLOB_PACK, NAME, 0, &byte, 1), ERR_CLOSED);
    unsigned before = fake.asked;
    assert_int_equal(blob_read(blob_reader(store), BLOB_PACK, NAME, 0, &byte, 1), ERR_CLOSED);
    assert_int_equal(fake.asked, before + 1);
    blob_close(store);
}

static void a_config_whose_answer_was_lost_counts_as_written(void **state)
{
    static const int answers[] = {ERR_CLOSED, 0};
    struct fake fake = {(const int[]){ERR_NOT_FOUND, 0}, 0, false};
    struct blob_store *store = wrapped(&fake, 60 * NS_PER_SECOND);
    uint64_t size;
    (void)state;
    assert_int_equal(blob_size(blob_reader(store), BLOB_CONFIG, NULL, &size), ERR_NOT_FOUND);
    fake.answers = answers;
    assert_int_equal(blob_write(blob_writer(store), BLOB_CONFIG, NULL, "ccc", 3), 0);
    /* At the first attempt it is somebody else's; nor is another one ours. */
    assert_int_equal(blob_write(blob_writer(store), BLOB_CONFIG, NULL, "ccc", 3), ERR_EXISTS);
    fake.has_config = false;
    fake.answers = answers;
    assert_int_equal(blob_write(blob_writer(store), BLOB_CONFIG, NULL, "ccd", 3), ERR_EXISTS);
    blob_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(wrong_addresses_are_refused),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(damaged_lists_are_refused),
        cmocka_unit_test(heads_are_understood),
        cmocka_unit_test(statuses_have_their_meaning),
        cmocka_unit_test(options_are_found),
        cmocka_unit_test(pauses_grow_and_end),
        cmocka_unit_test(what_may_pass_is_tried_again),
        cmocka_unit_test(what_lasts_is_not_tried_again),
        cmocka_unit_test(a_store_that_never_answered_is_not_waited_for),
        cmocka_unit_test(a_store_that_is_gone_fails_at_once_in_the_end),
        cmocka_unit_test(a_config_whose_answer_was_lost_counts_as_written),
    };
    log_init("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
