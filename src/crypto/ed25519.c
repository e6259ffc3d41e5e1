/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/ed25519.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/i18n.h"

static int failed(const char *what)
{
    return err_set(ERR_SYSTEM, _("OpenSSL cannot %s an Ed25519 signature key"), what);
}

int ed25519_generate(uint8_t seed[static ED25519_SEED_SIZE])
{
    if (getrandom(seed, ED25519_SEED_SIZE, 0) != ED25519_SEED_SIZE)
        return err_sys(_("cannot draw a random key"));
    return 0;
}

int ed25519_public(const uint8_t seed[static ED25519_SEED_SIZE], uint8_t out[static ED25519_PUBLIC_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_SIZE);
    size_t length = ED25519_PUBLIC_SIZE;
    int ok = key && EVP_PKEY_get_raw_public_key(key, out, &length) == 1 && length == ED25519_PUBLIC_SIZE;
    EVP_PKEY_free(key);
    return ok ? 0 : failed("derive");
}

int ed25519_sign(const uint8_t seed[static ED25519_SEED_SIZE], const void *message, size_t length,
                 uint8_t out[static ED25519_SIGNATURE_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_SEED_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t made = ED25519_SIGNATURE_SIZE;
    int ok = key && context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(context, out, &made, message, length) == 1 && made == ED25519_SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok ? 0 : failed("use");
}

int ed25519_verify(const uint8_t public_key[static ED25519_PUBLIC_SIZE], const void *message, size_t length,
                   const uint8_t signature[static ED25519_SIGNATURE_SIZE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_PUBLIC_SIZE);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestVerify(context, signature, ED25519_SIGNATURE_SIZE, message, length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok ? 0 : err_set(ERR_CORRUPT, _("the signature does not fit the text and the key"));
}
