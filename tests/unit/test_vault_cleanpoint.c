/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the turn is, from the numbers of harmed files; and the endings of names. (What counts as harmed is
 * shown by the scenario vault-clean-point.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "vault/cleanpoint.h"

#define COUNT(list)       (sizeof(list) / sizeof *(list))
#define TURN(list, alarm) clean_find_turn(list, COUNT(list), 1, alarm)

static void nothing_happens(void **state)
{
    (void)state;
    const uint64_t quiet[] = {0, 0, 0, 0, 0, 0}, noisy[] = {0, 2, 0, 3, 1, 0, 2, 4, 1, 2, 3, 1, 0, 2};
    size_t alarm = 0;
    assert_int_equal(TURN(quiet, &alarm), COUNT(quiet));
    assert_int_equal(alarm, COUNT(quiet));
    assert_int_equal(TURN(noisy, &alarm), COUNT(noisy));
    assert_int_equal(clean_find_turn(quiet, 0, 1, &alarm), 0);
    assert_int_equal(clean_find_turn(quiet, 1, 1, &alarm), 1);
}

static void all_at_once(void **state)
{
    (void)state;
    const uint64_t late[] = {0, 0, 1, 0, 0, 1900, 0, 0}, second[] = {0, 500};
    size_t alarm = 0;
    assert_int_equal(TURN(late, &alarm), 5);
    assert_int_equal(alarm, 5);
    assert_int_equal(TURN(second, &alarm), 1);
}

static void slowly_from_its_beginning(void **state)
{
    (void)state;
    const uint64_t slow[] = {0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4};
    const uint64_t most[] = {0, 0, 4, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0};
    size_t alarm = 0;
    assert_int_equal(TURN(slow, &alarm), 8);
    assert_int_equal(alarm, 14);
    assert_int_equal(TURN(most, &alarm), 2);
}

/* Thirty encrypted archives that are made anew every night are no attack; thirty more than that are. */
static void what_is_usual(void **state)
{
    (void)state;
    const uint64_t usual[] = {0, 30, 30, 30, 30, 30, 30, 30}, more[] = {0, 30, 30, 30, 30, 90, 30, 30};
    size_t alarm = 0;
    assert_int_equal(TURN(usual, &alarm), COUNT(usual));
    assert_int_equal(TURN(more, &alarm), 5);
}

static void from_a_step_on(void **state)
{
    (void)state;
    const uint64_t twice[] = {0, 0, 100, 0, 0, 200, 0};
    size_t alarm = 0;
    assert_int_equal(TURN(twice, &alarm), 2);
    assert_int_equal(clean_find_turn(twice, COUNT(twice), alarm + 1, &alarm), 5);
}

static void endings_of_names(void **state)
{
    (void)state;
    char ending[ENDING_SIZE];
    assert_int_equal(ending_of("lettre.DOCX", 11, ending), 6);
    assert_string_equal(ending, "docx");
    assert_int_equal(ending_of("a.tar.gz", 8, ending), 5);
    assert_string_equal(ending, "gz");
    static const char *const none[] = {"", "README", ".bashrc", "ends-with-a-dot.",
                                       "x.longer-than-an-ending"};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_int_equal(ending_of(none[i], strlen(none[i]), ending), strlen(none[i]));
        assert_string_equal(ending, "");
    }
}

static void many_endings(void **state)
{
    (void)state;
    struct endings set = {0}, more = {0};
    char text[ENDING_SIZE];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "e%u", i);
        assert_false(endings_have(&set, text));
        endings_add(i % 2 ? &more : &set, text);
    }
    assert_int_equal(set.count, 1500);
    endings_merge(&set, &more);
    endings_merge(&set, &more);
    assert_int_equal(set.count, 3000);
    assert_true(endings_have(&set, "e2999"));
    assert_false(endings_have(&set, "e3000"));
    /* Full: nothing counts as new any more. */
    for (unsigned i = 3000; i < ENDINGS_MAX + 10; i++) {
        snprintf(text, sizeof text, "e%u", i);
        endings_add(&set, text);
    }
    assert_int_equal(set.count, ENDINGS_MAX);
    assert_true(endings_have(&set, "never seen"));
    endings_free(&set);
    endings_free(&more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(slowly_from_its_beginning),
        cmocka_unit_test(what_is_usual),
        cmocka_unit_test(from_a_step_on),
        cmocka_unit_test(endings_of_names),
        cmocka_unit_test(many_endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
