/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sealing is restic's: the sealed bytes below are the config file of a repository that restic 0.14 made, and
 * the key is what `restic cat masterkey` shows for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "crypto/scrypt.h"
#include "crypto/seal.h"

static const char sealed_hex[] =
    "31d453c5519fa50103fd6e51eb61690876eecc74c82c53da6697089c8a63bd01e0682ed4f0535610cf97847012ad6f8d7f5c27b4"
    "eb36770892"
    "bd262f7071a552cb4c334eb63e3b1712fdeb1b3f3efa180eaf64024e7b6cab7b1a515d80bd3d62ef37dce727543e32e22c87e756"
    "b44cf789b3"
    "15caa137ad008114d8c126dbc8ddb8767189f6aea87a1346c5a77a52c5c53d118cdede3603bccd8910";
static const char config[] =
    "{\"version\":2,\"id\":\"5e79e33a66a788248dfc695ae5071c9278d05dfb51479f19e362950140994184\","
    "\"chunker_polynomial\":\"3af6bed23052cf\"}";

#define SEALED ((sizeof sealed_hex - 1) / 2)

static void from_base64(const char *text, uint8_t *out, size_t length)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, 100);
    assert_int_equal(base64_decode(text, strlen(text), &bytes), 0);
    assert_int_equal(bytes.length, length);
    memcpy(out, bytes.data, length);
}

static struct seal_key restic_key(void)
{
    struct seal_key key;
    from_base64("4Zne6R49a0K6aIWU42mW+4ZGrLC7AUgdenF8CQb3y/s=", key.encrypt, 32);
    from_base64("zwZrKC9uqK884QUv+vWfGQ==", key.mac_k, 16);
    from_base64("E/ZnBGhuhQSc0a4CCKqrAg==", key.mac_r, 16);
    return key;
}

static void opens_what_restic_sealed(void **state)
{
    (void)state;
    struct seal_key key = restic_key();
    uint8_t sealed[SEALED], plain[SEALED];
    assert_int_equal(hex_decode(sealed_hex, sealed, SEALED), 0);
    assert_int_equal(seal_open(&key, sealed, SEALED, plain), 0);
    assert_int_equal(SEALED - SEAL_OVERHEAD, strlen(config));
    assert_memory_equal(plain, config, strlen(config));
    /* In place too. */
    assert_int_equal(seal_open(&key, sealed, SEALED, sealed + SEAL_IV), 0);
    assert_memory_equal(sealed + SEAL_IV, config, strlen(config));
}

static void any_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct seal_key key = restic_key();
    uint8_t sealed[SEALED], plain[SEALED];
    assert_int_equal(hex_decode(sealed_hex, sealed, SEALED), 0);
    for (size_t i = 0; i < SEALED; i++) {
        sealed[i] ^= 0x10;
        assert_int_equal(seal_open(&key, sealed, SEALED, plain), ERR_CORRUPT);
        sealed[i] ^= 0x10;
    }
    for (size_t length = 0; length < SEALED; length++)
        assert_int_equal(seal_open(&key, sealed, length, plain), ERR_CORRUPT);
}

static void another_key_does_not_open_it(void **state)
{
    (void)state;
    struct seal_key key;
    seal_key_random(&key);
    uint8_t sealed[SEALED], plain[SEALED];
    assert_int_equal(hex_decode(sealed_hex, sealed, SEALED), 0);
    assert_int_equal(seal_open(&key, sealed, SEALED, plain), ERR_CORRUPT);
}

static void a_zero_initial_value_is_refused(void **state)
{
    (void)state;
    struct seal_key key = restic_key();
    uint8_t sealed[64] = {0}, plain[64];
    assert_int_equal(seal_open(&key, sealed, sizeof sealed, plain), ERR_CORRUPT);
    assert_non_null(strstr(err_text(), "initial value"));
}

static void opens_its_own_seals(void **state)
{
    (void)state;
    struct seal_key key;
    uint8_t plain[1000], sealed[1000 + SEAL_OVERHEAD], back[1000], again[1000 + SEAL_OVERHEAD];
    seal_key_random(&key);
    memset(plain, 'x', sizeof plain);
    for (size_t length = 0; length <= sizeof plain; length += 37) {
        assert_int_equal(seal_close(&key, plain, length, sealed), 0);
        assert_int_equal(seal_open(&key, sealed, length + SEAL_OVERHEAD, back), 0);
        assert_memory_equal(plain, back, length);
    }
    /* The same bytes sealed twice look different. */
    assert_int_equal(seal_close(&key, plain, 100, sealed), 0);
    assert_int_equal(seal_close(&key, plain, 100, again), 0);
    assert_memory_not_equal(sealed, again, 100 + SEAL_OVERHEAD);
}

/* RFC 7914, section 12. */
static void scrypt_gives_the_published_key(void **state)
{
    (void)state;
    uint8_t key[64], wanted[64];
    assert_int_equal(
        hex_decode(
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830da"
            "c727afb94a83ee6d8360cbdfa2cc0640",
            wanted, 64),
        0);
    assert_int_equal(scrypt_derive("password", 8, "NaCl", 4, 1024, 8, 16, key, sizeof key), 0);
    assert_memory_equal(key, wanted, 64);
}

static void scrypt_refuses_what_would_eat_the_machine(void **state)
{
    (void)state;
    uint8_t key[64];
    assert_int_equal(scrypt_derive("x", 1, "s", 1, UINT64_C(1) << 40, 8, 1, key, 64), ERR_UNSUPPORTED);
    assert_int_equal(scrypt_derive("x", 1, "s", 1, 1 << 20, 1024, 1, key, 64), ERR_UNSUPPORTED);
    assert_int_equal(scrypt_derive("x", 1, "s", 1, 1000, 8, 1, key, 64), ERR_UNSUPPORTED);
    assert_int_equal(scrypt_derive("x", 1, "s", 1, 1024, 8, 1 << 20, key, 64), ERR_UNSUPPORTED);
    assert_int_equal(scrypt_derive("x", 1, "s", 1, 0, 0, 0, key, 64), ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_restic_sealed),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(another_key_does_not_open_it),
        cmocka_unit_test(a_zero_initial_value_is_refused),
        cmocka_unit_test(opens_its_own_seals),
        cmocka_unit_test(scrypt_gives_the_published_key),
        cmocka_unit_test(scrypt_refuses_what_would_eat_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
