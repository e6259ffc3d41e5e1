/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/scrypt.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/err.h"
#include "base/i18n.h"

static int run(EVP_KDF_CTX *context, const void *password, size_t password_length, const void *salt,
               size_t salt_length, uint64_t n, uint64_t r, uint64_t p, void *out, size_t out_length)
{
    /* OpenSSL's own ceiling is 32 MiB, just under what the usual parameters need. */
    uint64_t memory = SCRYPT_MAX_MEMORY + (UINT64_C(64) << 20);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)password, password_length),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, salt_length),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_END,
    };
    return context && EVP_KDF_derive(context, out, out_length, parameters) == 1
               ? 0
               : err_set(ERR_SYSTEM, _("OpenSSL cannot derive a key with scrypt"));
}

int scrypt_derive(const void *password, size_t password_length, const void *salt, size_t salt_length,
                  uint64_t n, uint64_t r, uint64_t p, void *out, size_t out_length)
{
    if (n < 2 || (n & (n - 1)) || n > SCRYPT_MAX_MEMORY || r < 1 || r > 1024 || p < 1 || p > SCRYPT_MAX_P ||
        n * r > SCRYPT_MAX_MEMORY / 128)
        return err_set(ERR_UNSUPPORTED, _("scrypt parameters N=%llu r=%llu p=%llu are out of range"),
                       (unsigned long long)n, (unsigned long long)r, (unsigned long long)p);
    EVP_KDF *method = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    EVP_KDF_CTX *context = method ? EVP_KDF_CTX_new(method) : NULL;
    int err = run(context, password, password_length, salt, salt_length, n, r, p, out, out_length);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(method);
    return err;
}
