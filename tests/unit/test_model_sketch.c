/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/sketch.h"

static void fill_random(uint8_t *bytes, size_t length, uint64_t seed)
{
    for (size_t i = 0; i < length; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(seed >> 56);
    }
}

static void a_block_of_one_byte_value_has_no_entropy(void **state)
{
    (void)state;
    uint8_t bytes[SKETCH_BLOCK_SIZE];
    struct sketch_block block;
    memset(bytes, 'a', sizeof(bytes));
    sketch_block_measure(bytes, sizeof(bytes), &block);
    assert_int_equal(block.entropy, 0);
    assert_int_equal(block.ascii, 255);
    assert_int_equal(block.chi, UINT16_MAX);
    assert_int_equal(block.length, SKETCH_BLOCK_SIZE);
}

static void every_byte_value_equally_often_is_eight_bits(void **state)
{
    (void)state;
    uint8_t bytes[SKETCH_BLOCK_SIZE];
    struct sketch_block block;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    sketch_block_measure(bytes, sizeof(bytes), &block);
    assert_int_equal(block.entropy, 248);
    assert_int_equal(block.chi, 0);
}

static void two_byte_values_are_one_bit(void **state)
{
    (void)state;
    uint8_t bytes[1000];
    struct sketch_block block;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = i & 1 ? 'x' : 0;
    sketch_block_measure(bytes, sizeof(bytes), &block);
    assert_int_equal(block.entropy, 31);
    assert_int_equal(block.ascii, 127);
}

static void random_bytes_have_the_chi_of_chance_whatever_the_length(void **state)
{
    (void)state;
    uint8_t bytes[SKETCH_BLOCK_SIZE];
    struct sketch_block block;
    for (uint64_t seed = 1; seed < 200; seed++) {
        size_t length = 300 + (size_t)(seed * 19);
        fill_random(bytes, length, seed);
        sketch_block_measure(bytes, length, &block);
        assert_in_range(block.chi, 255 - 23 * 5, 255 + 23 * 5);
    }
}

static void one_changed_byte_changes_the_hash(void **state)
{
    (void)state;
    uint8_t bytes[SKETCH_BLOCK_SIZE];
    struct sketch_block before, after;
    fill_random(bytes, sizeof(bytes), 7);
    sketch_block_measure(bytes, sizeof(bytes), &before);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] ^= 1;
        sketch_block_measure(bytes, sizeof(bytes), &after);
        assert_int_not_equal(before.hash, after.hash);
        bytes[i] ^= 1;
    }
    sketch_block_measure(bytes, sizeof(bytes), &after);
    assert_int_equal(before.hash, after.hash);
}

static void no_bytes_give_an_empty_block(void **state)
{
    (void)state;
    struct sketch_block block;
    sketch_block_measure((const uint8_t *)"", 0, &block);
    assert_int_equal(block.length, 0);
    assert_int_equal(block.hash, 0);
}

static enum filetype guess(const char *text)
{
    return filetype_guess((const uint8_t *)text, strlen(text));
}

static void types_are_told_by_their_first_bytes(void **state)
{
    (void)state;
    assert_int_equal(guess(""), FILETYPE_NONE);
    assert_int_equal(guess("%PDF-1.7\n"), FILETYPE_PDF);
    assert_int_equal(guess("Salted__abcdefgh"), FILETYPE_GPG);
    assert_int_equal(guess("l'\303\251t\303\251 de la mairie"), FILETYPE_TEXT);
    assert_int_equal(guess("l'\351t\351 de la mairie"), FILETYPE_TEXT);
    assert_int_equal(guess("a\001b"), FILETYPE_UNKNOWN);
    assert_int_equal(filetype_guess((const uint8_t *)"PK\003\004\024\000\000\000", 8), FILETYPE_ZIP);
    assert_int_equal(filetype_guess((const uint8_t *)"\000\000\000\030ftypmp42", 12), FILETYPE_MEDIA);
}

static void a_zip_with_a_locked_member_counts_as_encrypted(void **state)
{
    (void)state;
    assert_int_equal(filetype_guess((const uint8_t *)"PK\003\004\024\000\001\000", 8), FILETYPE_GPG);
}

static void random_bytes_are_no_text(void **state)
{
    (void)state;
    uint8_t bytes[64];
    for (uint64_t seed = 1; seed < 1000; seed++) {
        fill_random(bytes, sizeof(bytes), seed);
        assert_int_not_equal(filetype_guess(bytes, sizeof(bytes)), FILETYPE_TEXT);
    }
}

static void text_cut_inside_a_character_is_still_text(void **state)
{
    (void)state;
    assert_int_equal(filetype_guess((const uint8_t *)"\342\202\254\342\202", 5), FILETYPE_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_of_one_byte_value_has_no_entropy),
        cmocka_unit_test(every_byte_value_equally_often_is_eight_bits),
        cmocka_unit_test(two_byte_values_are_one_bit),
        cmocka_unit_test(random_bytes_have_the_chi_of_chance_whatever_the_length),
        cmocka_unit_test(one_changed_byte_changes_the_hash),
        cmocka_unit_test(no_bytes_give_an_empty_block),
        cmocka_unit_test(types_are_told_by_their_first_bytes),
        cmocka_unit_test(a_zip_with_a_locked_member_counts_as_encrypted),
        cmocka_unit_test(random_bytes_are_no_text),
        cmocka_unit_test(text_cut_inside_a_character_is_still_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
