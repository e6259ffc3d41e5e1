/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/sha256.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

struct sha256 {
    EVP_MD_CTX *context;
};

static EVP_MD *method;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;

/* OpenSSL looks an algorithm up by name at every use unless it was fetched once. */
static void fetch(void)
{
    method = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* The digest cannot fail once fetched; a library without SHA-256 leaves nothing to do. */
static void must(int done)
{
    if (done == 1)
        return;
    fputs("beffroi: OpenSSL refuses SHA-256\n", stderr);
    abort();
}

struct sha256 *sha256_new(void)
{
    pthread_once(&fetched, fetch);
    struct sha256 *state = mem_zalloc(1, sizeof *state);
    state->context = EVP_MD_CTX_new();
    must(state->context && method && EVP_DigestInit_ex2(state->context, method, NULL) == 1);
    return state;
}

void sha256_add(struct sha256 *state, const void *bytes, size_t length)
{
    must(EVP_DigestUpdate(state->context, bytes, length));
}

void sha256_end(struct sha256 *state, uint8_t out[static SHA256_SIZE])
{
    must(EVP_DigestFinal_ex(state->context, out, NULL));
    EVP_MD_CTX_free(state->context);
    free(state);
}

void sha256_of(const void *bytes, size_t length, uint8_t out[static SHA256_SIZE])
{
    struct sha256 *state = sha256_new();
    sha256_add(state, bytes, length);
    sha256_end(state, out);
}
