/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The detector's parts on their own: comparison, names, scores at their limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect/compare.h"
#include "detect/names.h"
#include "detect/score.h"
#include "detect_traces.h"

static struct sketch drawn(const uint8_t *bytes, size_t length)
{
    struct sketch out = {.valid = 1, .size = length};
    out.filetype = (uint8_t)filetype_guess(bytes, length);
    for (size_t i = 0; i < SKETCH_BLOCKS && sketch_offsets[i] < length; i++)
        sketch_block_measure(bytes + sketch_offsets[i], length - (size_t)sketch_offsets[i], &out.blocks[i]);
    return out;
}

static struct verdict compared(const uint8_t *before, size_t before_length, const uint8_t *after,
                               size_t after_length)
{
    struct sketch a = drawn(before, before_length), b = drawn(after, after_length);
    return compare_sketches(&limits_default, &a, &b);
}

static void an_unchanged_file_is_unchanged(void **state)
{
    (void)state;
    uint8_t *text = content_make(TEXT, 1, 20000);
    assert_int_equal(compared(text, 20000, text, 20000).kind, VERDICT_UNCHANGED);
    free(text);
}

static void without_a_look_there_is_no_verdict(void **state)
{
    (void)state;
    struct sketch none = {0}, one = {.valid = 1, .size = 1};
    assert_int_equal(compare_sketches(&limits_default, &none, &one).kind, VERDICT_UNKNOWN);
    assert_int_equal(compare_sketches(&limits_default, &one, &none).kind, VERDICT_UNKNOWN);
}

static void each_kind_of_harm_has_its_name(void **state)
{
    (void)state;
    size_t length = 40000, coded_length;
    uint8_t *text = content_make(TEXT, 1, length), *picture = content_make(PICTURE, 2, length);
    uint8_t *noise = mem_zalloc(length, 1), *blank = mem_zalloc(length, 1), *changed = mem_dup(text, length);
    content_random(noise, length, 3);
    uint8_t *coded = content_base64(noise, length, &coded_length);
    assert_int_equal(compared(text, length, noise, length).spoil, SPOIL_RANDOM);
    assert_int_equal(compared(picture, length, noise, length).spoil, SPOIL_TYPE_LOST);
    assert_int_equal(compared(picture, length, blank, length).spoil, SPOIL_BLANKED);
    assert_int_equal(compared(text, length, blank, length).spoil, SPOIL_BLANKED);
    assert_int_equal(compared(text, length, coded, coded_length).spoil, SPOIL_ENCODED);
    assert_int_equal(compared(picture, length, coded, coded_length).spoil, SPOIL_ENCODED);
    assert_int_equal(compared(picture, length, blank, 0).spoil, SPOIL_EMPTIED);
    assert_int_equal(compared(picture, length, picture, 9000).spoil, SPOIL_CUT);
    memcpy(changed, noise, 4096);
    assert_int_equal(compared(text, length, changed, length).spoil, SPOIL_PARTLY);
    memcpy(changed, picture, 4096);
    memcpy(changed + 4096, noise, length - 4096);
    assert_int_equal(compared(picture, length, changed, length).spoil, SPOIL_REPLACED);
    memcpy(changed, text + 4096, 4096);
    memcpy(changed + 4096, text, 4096);
    memcpy(changed + 8192, text + 8192, length - 8192);
    assert_int_equal(compared(text, length, changed, length).spoil, SPOIL_SHUFFLED);
    free(text);
    free(picture);
    free(noise);
    free(blank);
    free(changed);
    free(coded);
}

static void prose_and_numbers_are_not_coded_text_and_base64_and_hex_are(void **state)
{
    (void)state;
    uint8_t noise[3072], hex[4096];
    size_t length;
    content_random(noise, sizeof(noise), 9);
    for (size_t i = 0; i < sizeof(hex); i++)
        hex[i] = (uint8_t) "0123456789abcdef"[i & 1 ? noise[i / 2] & 15 : noise[i / 2] >> 4];
    uint8_t *text = content_make(TEXT, 4, 4096), *coded = content_base64(noise, 3072, &length);
    struct sketch s = drawn(text, 4096);
    assert_false(compare_is_encoded(&limits_default, &s.blocks[0]));
    s = drawn(coded, length);
    assert_true(compare_is_encoded(&limits_default, &s.blocks[0]));
    s = drawn(hex, sizeof(hex));
    assert_true(compare_is_encoded(&limits_default, &s.blocks[0]));
    free(text);
    free(coded);
}

static bool related(const char *new_file, const char *original)
{
    struct names_stems a = names_stems(new_file), b = names_stems(original);
    return names_related(&a, &b);
}

static void names_of_one_stem_find_each_other(void **state)
{
    (void)state;
    assert_true(related("d/budget.xlsx.locked", "d/budget.xlsx"));
    assert_true(related("d/budget.xlsx.id-12.locked", "d/budget.xlsx"));
    assert_true(related("d/budget.locked", "d/budget.xlsx"));
    assert_true(related("e/budget.xlsx", "d/budget.xlsx"));
    assert_true(related("Makefile.gpg", "Makefile"));
    assert_false(related("d/budget2.xlsx.locked", "d/budget.xlsx"));
    assert_false(related(".x", ".y"));
    assert_false(related("a", "b"));
}

static void an_appended_extension_is_seen(void **state)
{
    (void)state;
    assert_string_equal(names_appended("a/b.doc", "a/b.doc.lock"), ".lock");
    assert_null(names_appended("a/b.doc", "a/c.doc.lock"));
    assert_null(names_appended("a/b.doc", "z/b.doc"));
    assert_null(names_appended("a/", "a/x"));
}

static void names_for_people_are_cut_at_characters_and_cleaned(void **state)
{
    (void)state;
    char out[16];
    names_for_people("a\nb", out, sizeof(out));
    assert_string_equal(out, "a?b");
    names_for_people("éééééééééé.txt", out, sizeof(out));
    assert_string_equal(out, "...éééé.txt");
    names_for_people("123456789012345", out, sizeof(out));
    assert_string_equal(out, "123456789012345");
}

static void scores_fade_by_half_in_their_half_life(void **state)
{
    (void)state;
    struct scores *s = scores_new(&limits_default);
    struct score *score = scores_get(s, 42, SCOPE_USER, 0);
    score_add(&limits_default, score, 1000, 1);
    score_add(&limits_default, score, 400, 1);
    assert_int_equal(score_total(&limits_default, score), 1400);
    score_fade(&limits_default, score, limits_default.fade_clear_s * NS_PER_SECOND);
    assert_int_equal(score->clear, 500);
    assert_int_equal(score->weak, 0);
    scores_free(s);
}

static void at_the_limit_the_score_with_least_evidence_goes(void **state)
{
    (void)state;
    struct scores *s = scores_new(&limits_default);
    score_add(&limits_default, scores_get(s, 1, SCOPE_USER, 1), 1000, 9);
    for (uint64_t key = 2; key < 200000; key++)
        scores_get(s, key, SCOPE_PROCESS_TREE, (int64_t)key);
    assert_non_null(scores_find(s, 1, 200000));
    assert_null(scores_find(s, 2, 200000));
    assert_non_null(scores_find(s, 199999, 200000));
    scores_free(s);
}

static void a_flood_of_process_trees_does_not_hide_the_attacker(void **state)
{
    (void)state;
    struct world *w = world_new(1000);
    world_share(w, 8, 40);
    for (size_t i = 0; i < 40 && world_alerts(w) == 0; i++) {
        char path[512];
        uint8_t noise[5000];
        struct actor who = world_actor((int32_t)(1000 + i), 1000, "/tmp/x");
        snprintf(path, sizeof(path), "%s", world_path(w, i));
        content_random(noise, sizeof(noise), i);
        world_write(w, &who, path, noise, sizeof(noise));
        for (int32_t n = 0; n < 3000; n++) { /* harmless programs without end */
            struct actor other = world_actor(100000 + (int32_t)i * 3000 + n, 1001, "/bin/true");
            world_write(w, &other, "tmp", (const uint8_t *)"x", 1);
        }
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->spoiled, 4);
    world_free(w);
}

static void harm_is_what_ruins_or_removes_what_was_there(void **state)
{
    (void)state;
    struct world *w = world_new(100);
    struct event *e = mem_zalloc(1, sizeof(*e));
    uint8_t *picture = content_make(PICTURE, 1, 30000), *noise = mem_dup(picture, 30000);
    content_random(noise, 30000, 2);
    e->kind = EVENT_WRITTEN;
    e->old_sketch = drawn(picture, 30000);
    e->new_sketch = drawn(noise, 30000);
    assert_true(detect_is_harm(world_detect(w), e));
    e->flags = EVENT_FRESH;
    assert_false(detect_is_harm(world_detect(w), e));
    e->flags = 0;
    e->kind = EVENT_RENAMED;
    assert_false(detect_is_harm(world_detect(w), e));
    e->replaced.inode = 5;
    assert_true(detect_is_harm(world_detect(w), e));
    e->kind = EVENT_DELETED;
    e->before.size = 30000;
    assert_true(detect_is_harm(world_detect(w), e));
    e->flags = EVENT_FRESH;
    assert_false(detect_is_harm(world_detect(w), e));
    free(picture);
    free(noise);
    free(e);
    world_free(w);
}

static void the_manual_has_every_limit_as_it_is(void **state)
{
    (void)state;
    static char text[1 << 17];
    FILE *file = fopen(DETECTION_MANUAL, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < limits_row_count; i++) {
        int64_t value;
        memcpy(&value, (const char *)&limits_default + limits_rows[i].offset, sizeof(value));
        char *row = mem_printf("| `%s` | %lld | %s |\n", limits_rows[i].name, (long long)value,
                               limits_rows[i].reason);
        if (!strstr(text, row))
            fail_msg("docs/detection.md lacks: %s", row);
        free(row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_file_is_unchanged),
        cmocka_unit_test(without_a_look_there_is_no_verdict),
        cmocka_unit_test(each_kind_of_harm_has_its_name),
        cmocka_unit_test(prose_and_numbers_are_not_coded_text_and_base64_and_hex_are),
        cmocka_unit_test(names_of_one_stem_find_each_other),
        cmocka_unit_test(an_appended_extension_is_seen),
        cmocka_unit_test(names_for_people_are_cut_at_characters_and_cleaned),
        cmocka_unit_test(scores_fade_by_half_in_their_half_life),
        cmocka_unit_test(at_the_limit_the_score_with_least_evidence_goes),
        cmocka_unit_test(a_flood_of_process_trees_does_not_hide_the_attacker),
        cmocka_unit_test(the_manual_has_every_limit_as_it_is),
        cmocka_unit_test(harm_is_what_ruins_or_removes_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
