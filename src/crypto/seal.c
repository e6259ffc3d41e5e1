/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/seal.h"

#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/random.h"

static EVP_CIPHER *counter_mode;
static EVP_CIPHER *single_block;
static EVP_MAC *poly1305;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    counter_mode = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
    single_block = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    poly1305 = EVP_MAC_fetch(NULL, "POLY1305", NULL);
}

static int refused(void)
{
    return err_set(ERR_SYSTEM, _("OpenSSL refuses AES or Poly1305"));
}

/* The cipher's length is an int, so long inputs go in steps. */
static int apply(EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, const uint8_t *from,
                 size_t length, uint8_t *to)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int good = context && cipher && EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1;
    if (good)
        EVP_CIPHER_CTX_set_padding(context, 0);
    while (good && length > 0) {
        int step = length > (1 << 30) ? 1 << 30 : (int)length;
        int done = 0;
        good = EVP_EncryptUpdate(context, to, &done, from, step) == 1 && done == step;
        from += step;
        to += step;
        length -= (size_t)step;
    }
    EVP_CIPHER_CTX_free(context);
    return good ? 0 : refused();
}

static int authenticate(const struct seal_key *key, const uint8_t *iv, const uint8_t *bytes, size_t length,
                        uint8_t mac[static SEAL_MAC])
{
    uint8_t once[32];
    memcpy(once, key->mac_r, 16); /* OpenSSL clamps r itself */
    int err = apply(single_block, key->mac_k, NULL, iv, 16, once + 16);
    EVP_MAC_CTX *context = err || !poly1305 ? NULL : EVP_MAC_CTX_new(poly1305);
    size_t size = 0;
    if (!err && !(context && EVP_MAC_init(context, once, sizeof once, NULL) == 1 &&
                  EVP_MAC_update(context, bytes, length) == 1 &&
                  EVP_MAC_final(context, mac, &size, SEAL_MAC) == 1 && size == SEAL_MAC))
        err = refused();
    EVP_MAC_CTX_free(context);
    mem_wipe(once, sizeof once);
    return err;
}

void seal_key_random(struct seal_key *key)
{
    random_bytes(key, sizeof *key);
}

int seal_close(const struct seal_key *key, const void *plain, size_t length, uint8_t *out)
{
    pthread_once(&fetched, fetch);
    random_bytes(out, SEAL_IV);
    int err = apply(counter_mode, key->encrypt, out, plain, length, out + SEAL_IV);
    return err ? err : authenticate(key, out, out + SEAL_IV, length, out + SEAL_IV + length);
}

int seal_open(const struct seal_key *key, const uint8_t *sealed, size_t length, uint8_t *out)
{
    static const uint8_t zero[SEAL_IV];
    pthread_once(&fetched, fetch);
    if (length < SEAL_OVERHEAD)
        return err_set(ERR_CORRUPT, _("too short to be sealed"));
    /* A zero IV means that somebody forgot to make one; restic refuses it too. */
    if (memcmp(sealed, zero, SEAL_IV) == 0)
        return err_set(ERR_CORRUPT, _("sealed without an initial value"));
    size_t inner = length - SEAL_OVERHEAD;
    uint8_t mac[SEAL_MAC], iv[SEAL_IV];
    int err = authenticate(key, sealed, sealed + SEAL_IV, inner, mac);
    if (err)
        return err;
    if (!mem_equal_secret(mac, sealed + SEAL_IV + inner, SEAL_MAC))
        return err_set(ERR_CORRUPT, _("the seal is broken (changed bytes, or another key)"));
    memcpy(iv, sealed, SEAL_IV);
    return apply(counter_mode, key->encrypt, iv, sealed + SEAL_IV, inner, out);
}
