/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which packs stay, go or are packed anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "vault/pruneplan.h"

#define BLOB_BYTES 1000

/* A repository as prune sees it: packs 1, 2, ... whose blobs are named by letters; capitals are trees. */
struct world {
    struct index *index;
    struct prune_plan plan;
    bool marks[64];
};

static void name_of(char letter, uint8_t id[static SHA256_SIZE])
{
    memset(id, letter, SHA256_SIZE);
}

/* One index file that says what pack `number` holds; with `file`, the pack is there. */
static void add_pack(struct world *w, uint8_t number, const char *blobs, bool file)
{
    struct pack_entry entries[16] = {0};
    uint8_t id[SHA256_SIZE];
    struct buf json BUF_AUTO;
    size_t count = strlen(blobs);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct pack_entry){.type = blobs[i] < 'a' ? PACK_TREE : PACK_DATA,
                                         .offset = (uint32_t)i * BLOB_BYTES,
                                         .length = BLOB_BYTES,
                                         .unpacked = 2 * BLOB_BYTES};
        name_of(blobs[i], entries[i].id);
    }
    memset(id, number, sizeof id);
    buf_init(&json, 65536);
    index_begin(&json);
    index_put_pack(&json, id, entries, count);
    index_end(&json);
    assert_int_equal(index_decode(w->index, json.data, json.length), 0);
    if (file)
        prune_plan_add_file(&w->plan, id, count * BLOB_BYTES);
}

static void start(struct world *w)
{
    *w = (struct world){.index = index_new()};
    w->plan.index = w->index;
    w->plan.marks = w->marks;
}

static void need(struct world *w, const char *blobs)
{
    uint8_t id[SHA256_SIZE];
    for (; *blobs; blobs++) {
        name_of(*blobs, id);
        const struct index_entry *entry = index_find(w->index, *blobs < 'a' ? PACK_TREE : PACK_DATA, id);
        assert_non_null(entry);
        w->marks[entry - w->index->entries] = true;
    }
}

static enum prune_fate fate_of(const struct world *w, uint8_t number)
{
    for (size_t i = 0; i < w->plan.count; i++)
        if (w->plan.packs[i].id[0] == number)
            return w->plan.packs[i].fate;
    fail_msg("pack %u is not in the plan", number);
    return PRUNE_KEEP;
}

static int make(struct world *w, const struct vault_prune_options *options, struct vault_prune_result *result)
{
    *result = (struct vault_prune_result){0};
    return prune_plan_make(&w->plan, options, 2, result);
}

static void end(struct world *w)
{
    prune_plan_free(&w->plan);
    index_free(w->index);
}

static void what_nobody_needs_goes_and_the_most_wasteful_is_packed_anew(void **state)
{
    (void)state;
    struct world w;
    struct vault_prune_result result;
    struct vault_prune_options options = {.unused_kind = VAULT_UNUSED_PERCENT, .unused_percent = 20};
    start(&w);
    add_pack(&w, 1, "abcdefgh", true); /* needed but for h */
    add_pack(&w, 2, "ijk", true);      /* i alone */
    add_pack(&w, 3, "lm", true);       /* nothing */
    add_pack(&w, 4, "AB", true);       /* trees: A alone */
    add_pack(&w, 5, "C", false);       /* gone, and nobody needs it */
    need(&w, "abcdefgiA");
    assert_int_equal(make(&w, &options, &result), 0);
    assert_int_equal(fate_of(&w, 1), PRUNE_KEEP); /* one of ten may be wasted */
    assert_int_equal(fate_of(&w, 2), PRUNE_REPACK);
    assert_int_equal(fate_of(&w, 3), PRUNE_REMOVE);
    assert_int_equal(fate_of(&w, 4), PRUNE_REPACK); /* trees always */
    assert_int_equal(fate_of(&w, 5), PRUNE_FORGET);
    assert_int_equal(result.used.blobs, 9);
    assert_int_equal(result.wasted.blobs, 1);
    assert_int_equal(result.repacked.blobs, 2);
    end(&w);
}

static void the_limits_are_kept(void **state)
{
    (void)state;
    struct vault_prune_result result;
    struct vault_prune_options all = {.unused_kind = VAULT_UNUSED_BYTES},
                               none = {.unused_kind = VAULT_UNUSED_UNLIMITED},
                               little = {.unused_kind = VAULT_UNUSED_BYTES,
                                         .repack_bytes_most = 3 * BLOB_BYTES},
                               trees = {.unused_kind = VAULT_UNUSED_BYTES, .repack_trees_only = true};
    const struct {
        struct vault_prune_options *options;
        enum prune_fate first, second;
    } cases[] = {{&all, PRUNE_REPACK, PRUNE_REPACK},
                 {&none, PRUNE_KEEP, PRUNE_KEEP},
                 {&little, PRUNE_KEEP, PRUNE_REPACK},
                 {&trees, PRUNE_KEEP, PRUNE_KEEP}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        start(&w);
        add_pack(&w, 1, "abcdefgh", true);
        add_pack(&w, 2, "ijk", true);
        need(&w, "abcdefgi");
        assert_int_equal(make(&w, cases[i].options, &result), 0);
        assert_int_equal(fate_of(&w, 1), cases[i].first);
        assert_int_equal(fate_of(&w, 2), cases[i].second);
        end(&w);
    }
}

static void a_pack_that_two_indexes_name_is_one_pack(void **state)
{
    (void)state;
    struct world w;
    struct vault_prune_result result;
    struct vault_prune_options options = {.unused_kind = VAULT_UNUSED_BYTES};
    start(&w);
    add_pack(&w, 1, "ab", true);
    add_pack(&w, 1, "ab", false); /* a prune was cut off between its index and the old ones */
    add_pack(&w, 2, "b", true);   /* a copy that nobody needs */
    need(&w, "ab");
    assert_int_equal(make(&w, &options, &result), 0);
    assert_int_equal(w.plan.count, 2);
    assert_int_equal(fate_of(&w, 1), PRUNE_KEEP);
    assert_int_equal(fate_of(&w, 2), PRUNE_REMOVE);
    end(&w);
}

static void nothing_is_done_when_something_needed_is_missing(void **state)
{
    (void)state;
    struct world w;
    struct vault_prune_result result;
    struct vault_prune_options options = {.unused_kind = VAULT_UNUSED_BYTES};
    uint8_t id[SHA256_SIZE];
    start(&w);
    add_pack(&w, 1, "ab", false);
    name_of('?', id);
    prune_plan_add_file(&w.plan, id, 500);
    need(&w, "a");
    assert_true(make(&w, &options, &result) < 0);
    assert_int_equal(result.unindexed_packs + result.packs_removed, 0);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_needs_goes_and_the_most_wasteful_is_packed_anew),
        cmocka_unit_test(the_limits_are_kept),
        cmocka_unit_test(a_pack_that_two_indexes_name_is_one_pack),
        cmocka_unit_test(nothing_is_done_when_something_needed_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
