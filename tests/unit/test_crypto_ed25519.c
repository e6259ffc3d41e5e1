/* SPDX-License-Identifier: GPL-3.0-or-later
 * Keys and signatures are those of RFC 8032, section 7.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "crypto/ed25519.h"

static const struct vector {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595b"
     "be24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb430"
     "2aeeb00d291612bb0c00"},
};

static void signs_as_the_rfc_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct vector *v = &vectors[i];
        uint8_t seed[32], wanted_key[32], key[32], message[8], wanted[64], signature[64];
        size_t length = strlen(v->message) / 2;
        assert_int_equal(hex_decode(v->seed, seed, 32), 0);
        assert_int_equal(hex_decode(v->public_key, wanted_key, 32), 0);
        assert_int_equal(hex_decode(v->message, message, length), 0);
        assert_int_equal(hex_decode(v->signature, wanted, 64), 0);
        assert_int_equal(ed25519_public(seed, key), 0);
        assert_memory_equal(key, wanted_key, 32);
        assert_int_equal(ed25519_sign(seed, message, length, signature), 0);
        assert_memory_equal(signature, wanted, 64);
        assert_int_equal(ed25519_verify(key, message, length, signature), 0);
    }
}

static void refuses_every_flipped_bit(void **state)
{
    (void)state;
    uint8_t seed[32], key[32], signature[64];
    char message[] = "the belfry";
    assert_int_equal(ed25519_generate(seed), 0);
    assert_int_equal(ed25519_public(seed, key), 0);
    assert_int_equal(ed25519_sign(seed, message, sizeof message, signature), 0);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ed25519_verify(key, message, sizeof message, signature), ERR_CORRUPT);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] ^= 1;
        assert_int_equal(ed25519_verify(key, message, sizeof message, signature), ERR_CORRUPT);
        message[i] ^= 1;
    }
    assert_int_equal(ed25519_verify(key, message, sizeof message, signature), 0);
}

static void two_keys_are_not_the_same(void **state)
{
    (void)state;
    uint8_t one[32], two[32];
    assert_int_equal(ed25519_generate(one), 0);
    assert_int_equal(ed25519_generate(two), 0);
    assert_memory_not_equal(one, two, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_rfc_says),
        cmocka_unit_test(refuses_every_flipped_bit),
        cmocka_unit_test(two_keys_are_not_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
