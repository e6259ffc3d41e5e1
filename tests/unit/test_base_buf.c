/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is written into a buf is read back by a reader, and nothing beyond the end is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void reads_back_what_was_written(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    buf_put_u8(&b, 7);
    buf_put_u16(&b, 0x1234);
    buf_put_u32(&b, 0xdeadbeef);
    buf_put_u64(&b, UINT64_MAX - 1);
    buf_put_string(&b, "beffroi");
    struct reader r;
    reader_init(&r, b.data, b.length);
    char word[16];
    assert_int_equal(reader_u8(&r), 7);
    assert_int_equal(reader_u16(&r), 0x1234);
    assert_int_equal(reader_u32(&r), 0xdeadbeef);
    assert_true(reader_u64(&r) == UINT64_MAX - 1);
    reader_string(&r, word, sizeof word);
    assert_string_equal(word, "beffroi");
    assert_true(reader_done(&r));
    buf_free(&b);
}

static void a_short_message_fails_and_stays_failed(void **state)
{
    (void)state;
    const uint8_t bytes[] = {5, 0, 0, 0, 'a', 'b'};
    struct reader r;
    reader_init(&r, bytes, sizeof bytes);
    char word[16] = "old";
    reader_string(&r, word, sizeof word);
    assert_string_equal(word, "");
    assert_int_equal(reader_u8(&r), 0);
    assert_false(reader_done(&r));
}

static void a_string_with_a_nul_is_refused(void **state)
{
    (void)state;
    const uint8_t bytes[] = {3, 0, 0, 0, 'a', 0, 'b'};
    struct reader r;
    reader_init(&r, bytes, sizeof bytes);
    char word[16];
    reader_string(&r, word, sizeof word);
    assert_true(r.failed);
}

static void the_limit_holds(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    buf_put_u32(&b, 1);
    assert_false(b.overflowed);
    buf_put_u8(&b, 1);
    assert_true(b.overflowed);
    assert_int_equal(b.length, 4);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_what_was_written),
        cmocka_unit_test(a_short_message_fails_and_stays_failed),
        cmocka_unit_test(a_string_with_a_nul_is_refused),
        cmocka_unit_test(the_limit_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
