/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sizes, lengths of time, widths and tables come out as people read them, and hostile names do not reach the
 * terminal.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cmd.h"

static void sizes_have_one_decimal_and_a_binary_unit(void **state)
{
    (void)state;
    char text[CMD_TEXT_SIZE];
    const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0 B"},
                {1023, "1023 B"},
                {1024, "1.0 KiB"},
                {1536, "1.5 KiB"},
                {1048575, "1023.9 KiB"},
                {UINT64_C(5) << 30, "5.0 GiB"},
                {UINT64_MAX, "15.9 EiB"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cmd_size(rows[i].bytes, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void lengths_of_time_take_the_unit_that_fits(void **state)
{
    (void)state;
    char text[CMD_TEXT_SIZE];
    const struct {
        int64_t ns;
        const char *text;
    } rows[] = {{-5, "0 µs"},
                {999999, "999 µs"},
                {3 * NS_PER_MS, "3 ms"},
                {1250 * NS_PER_MS, "1.25 s"},
                {250 * NS_PER_SECOND, "4 min 10 s"},
                {7500 * NS_PER_SECOND, "2 h 5 min"},
                {273600 * NS_PER_SECOND, "3 d 4 h"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cmd_duration(rows[i].ns, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void an_absent_time_is_a_dash(void **state)
{
    (void)state;
    char text[CMD_TEXT_SIZE];
    cmd_time(0, text);
    assert_string_equal(text, "-");
    cmd_clock(0, text);
    assert_string_equal(text, "-");
    setenv("TZ", "Europe/Paris", 1);
    cmd_time(INT64_C(1664202480) * NS_PER_SECOND, text);
    assert_string_equal(text, "2022-09-26 16:28:00");
    cmd_clock(INT64_C(1664202480) * NS_PER_SECOND + 250 * NS_PER_MS, text);
    assert_string_equal(text, "16:28:00.250");
}

static void widths_count_columns_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(cmd_width("Été"), 3);
    assert_int_equal(cmd_width("漢字"), 4);
    assert_int_equal(cmd_width("a\xff"), 2);
    assert_int_equal(cmd_width(""), 0);
}

/* What `print` writes, as a string that the caller frees. */
static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    print(out);
    fclose(out);
    return text;
}

static void put_hostile(FILE *out)
{
    cmd_put(out, "a\033[2Jb\nc\xff\xc3\xa9", false);
    cmd_put(out, "|x\ny", true);
}

static void escapes_and_broken_bytes_become_question_marks(void **state)
{
    (void)state;
    char *text = printed(put_hostile);
    assert_string_equal(text, "a?[2Jb?c?é|x\ny");
    free(text);
}

static void put_table(FILE *out)
{
    const char *titles[] = {"Nom", "Nb"};
    const char *first[] = {"Été", "7"}, *second[] = {"b", "1234"};
    struct cmd_table *table = cmd_table_new("lr", titles);
    cmd_table_add(table, first);
    cmd_table_add(table, second);
    cmd_table_print(table, out);
    cmd_table_free(table);
}

static void tables_line_up(void **state)
{
    (void)state;
    char *text = printed(put_table);
    assert_string_equal(text, "Nom    Nb\nÉté     7\nb    1234\n");
    free(text);
}

static int nothing(int argc, char **argv)
{
    (void)argv;
    return argc;
}

static const struct cmd_row rows[] = {
    {"status", nothing, "s"}, {"incident", nothing, "i"}, {"role", nothing, NULL}, {0}};

static void the_nearest_command_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(cmd_nearest(rows, "statu"), "status");
    assert_string_equal(cmd_nearest(rows, "incidnet"), "incident");
    assert_null(cmd_nearest(rows, "backup"));
    assert_null(cmd_nearest(rows, ""));
    assert_null(cmd_nearest(rows, "role")); /* hidden */
    assert_null(cmd_nearest(rows, "statusstatusstatusstatusstatusstatusstatusstatus"));
}

static void dispatch_moves_the_words_on(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"beffroi"}, (char[]){"status"}, (char[]){"x"}, NULL};
    assert_int_equal(cmd_dispatch("", "s", rows, 3, argv), 2); /* argc that the command got */
    char *wrong[] = {(char[]){"beffroi"}, (char[]){"x"}, NULL};
    assert_int_equal(cmd_dispatch("", "s", rows, 2, wrong), CMD_USAGE);
    assert_int_equal(cmd_dispatch("", "s", rows, 1, wrong), CMD_USAGE);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_one_decimal_and_a_binary_unit),
        cmocka_unit_test(lengths_of_time_take_the_unit_that_fits),
        cmocka_unit_test(an_absent_time_is_a_dash),
        cmocka_unit_test(widths_count_columns_not_bytes),
        cmocka_unit_test(escapes_and_broken_bytes_become_question_marks),
        cmocka_unit_test(tables_line_up),
        cmocka_unit_test(the_nearest_command_is_suggested),
        cmocka_unit_test(dispatch_moves_the_words_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
