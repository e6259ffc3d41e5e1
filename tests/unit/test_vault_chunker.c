/* SPDX-License-Identifier: GPL-3.0-or-later
 * The chunker cuts where restic cuts. The lengths are those of the blobs in a repository that restic 0.14
 * made, with the polynomial in its config, from the 20 000 000 bytes that `fill` makes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/mem.h"
#include "vault/chunker.h"
#include "vault/polynomial.h"

#define POLYNOMIAL UINT64_C(0x3af6bed23052cf)
#define LENGTH     ((size_t)20000000)

static const size_t restic_lengths[] = {1354828, 2002868, 2588569, 3534160, 1133195,
                                        823369,  1383575, 1138196, 3833118, 2208122};
#define CHUNKS (sizeof restic_lengths / sizeof restic_lengths[0])

/* Marsaglia's xorshift64, little-endian. */
static uint8_t *fill(void)
{
    uint8_t *bytes = mem_zalloc(LENGTH + 8, 1);
    uint64_t x = UINT64_C(0x9e3779b97f4a7c15);
    for (size_t at = 0; at < LENGTH; at += 8) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        for (size_t i = 0; i < 8; i++)
            bytes[at + i] = (uint8_t)(x >> (8 * i));
    }
    return bytes;
}

/* Feeds the bytes in steps, as a file is read, and compares every cut. */
static void cut_in_steps(size_t step)
{
    uint8_t *bytes = fill();
    struct chunker chunker;
    chunker_init(&chunker, POLYNOMIAL);
    size_t start = 0, chunk = 0;
    while (start < LENGTH) {
        struct chunker_state state = {0};
        size_t known = 0, cut = 0;
        while (!cut && start + known < LENGTH) {
            known += step;
            if (known > LENGTH - start)
                known = LENGTH - start;
            cut = chunker_find(&chunker, &state, bytes + start, known);
        }
        if (!cut)
            cut = known;
        assert_true(chunk < CHUNKS);
        assert_int_equal(cut, restic_lengths[chunk++]);
        start += cut;
    }
    assert_int_equal(chunk, CHUNKS);
    free(bytes);
}

static void cuts_where_restic_cuts(void **state)
{
    (void)state;
    cut_in_steps(LENGTH);
}

static void the_size_of_the_reads_does_not_matter(void **state)
{
    (void)state;
    cut_in_steps(1 << 20);
    cut_in_steps(65537);
}

static void zeros_are_cut_at_the_least_length(void **state)
{
    (void)state;
    uint8_t *bytes = mem_zalloc(CHUNKER_MAX, 1);
    struct chunker chunker;
    struct chunker_state place = {0};
    chunker_init(&chunker, POLYNOMIAL);
    assert_int_equal(chunker_find(&chunker, &place, bytes, CHUNKER_MIN - 1), 0);
    assert_int_equal(chunker_find(&chunker, &place, bytes, CHUNKER_MAX), CHUNKER_MIN);
    free(bytes);
}

static void a_chunk_never_exceeds_the_greatest_length(void **state)
{
    (void)state;
    struct chunker chunker;
    chunker_init(&chunker, POLYNOMIAL);
    /* A repeated byte whose fingerprint does not end in zeros never asks for a cut. */
    uint8_t *bytes = mem_zalloc(CHUNKER_MAX + 5, 1);
    for (size_t i = 0; i < CHUNKER_MAX + 5; i++)
        bytes[i] = 0xa5;
    struct chunker_state place = {0};
    assert_int_equal(chunker_find(&chunker, &place, bytes, CHUNKER_MAX - 1), 0);
    assert_int_equal(chunker_find(&chunker, &place, bytes, CHUNKER_MAX + 5), CHUNKER_MAX);
    free(bytes);
}

static void knows_an_irreducible_polynomial(void **state)
{
    (void)state;
    assert_true(polynomial_is_irreducible(POLYNOMIAL));
    assert_true(polynomial_is_irreducible(UINT64_C(0x2720d910d9bee5))); /* another repository's */
    assert_true(polynomial_is_irreducible(UINT64_C(0x3da3358b4dc173))); /* restic's tests use it */
    assert_false(polynomial_is_irreducible(POLYNOMIAL ^ 2));
    assert_false(polynomial_is_irreducible(POLYNOMIAL ^ 1));
    assert_false(polynomial_is_irreducible(0));
    /* (x^26 + x + 1) (x^27 + x + 1): neither x nor x + 1 divides it */
    uint64_t a = (UINT64_C(1) << 26) | 3, product = 0;
    for (int bit = 0; bit < 28; bit++)
        if (((UINT64_C(1) << 27) | 3) >> bit & 1)
            product ^= a << bit;
    assert_false(polynomial_is_irreducible(product));
    assert_true(polynomial_is_irreducible(polynomial_random()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_where_restic_cuts),
        cmocka_unit_test(the_size_of_the_reads_does_not_matter),
        cmocka_unit_test(zeros_are_cut_at_the_least_length),
        cmocka_unit_test(a_chunk_never_exceeds_the_greatest_length),
        cmocka_unit_test(knows_an_irreducible_polynomial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
