/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A library that is loaded into programs of a test (LD_PRELOAD): deriving a key from a password costs
 * nothing, where hundreds of keys are made and opened. What one program with it makes, another with it opens;
 * keys that were cheap already (see cheap_key.c) are as without it.
 */
#include <dlfcn.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdint.h>

#define CHEAP_N 1024

int EVP_KDF_derive(EVP_KDF_CTX *context, unsigned char *key, size_t length, const OSSL_PARAM parameters[])
{
    int (*real)(EVP_KDF_CTX *, unsigned char *, size_t, const OSSL_PARAM[]);
    *(void **)&real = dlsym(RTLD_NEXT, "EVP_KDF_derive");
    const OSSL_PARAM *given = OSSL_PARAM_locate_const(parameters, OSSL_KDF_PARAM_SCRYPT_N);
    uint64_t *n = given && given->data_size == sizeof(uint64_t) ? given->data : NULL;
    if (n && *n > CHEAP_N)
        *n = CHEAP_N;
    return real(context, key, length, parameters);
}
