/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "crypto/random.h"
#include "vault/jsonread.h"
#include "vault/polynomial.h"

void config_random(struct config *out)
{
    uint8_t id[32];
    random_bytes(id, sizeof id);
    *out = (struct config){.version = 2, .polynomial = polynomial_random()};
    hex_encode(id, sizeof id, out->id);
}

void config_encode(const struct config *config, struct buf *out)
{
    buf_printf(out, "{\"version\":%u,\"id\":\"%s\",\"chunker_polynomial\":\"%llx\"}", config->version,
               config->id, (unsigned long long)config->polynomial);
}

static void read_polynomial(struct jsonread *j, struct buf *scratch, uint64_t *out)
{
    jsonread_string(j, scratch);
    const char *text = buf_string(scratch);
    *out = 0;
    if (scratch->length == 0 || scratch->length > 16 ||
        strspn(text, "0123456789abcdefABCDEF") != scratch->length)
        j->failed = true;
    else
        *out = strtoull(text, NULL, 16);
}

int config_decode(const void *bytes, size_t length, struct config *out)
{
    struct buf scratch BUF_AUTO;
    struct jsonread j;
    struct jsonread_key key;
    struct config config = {0};
    uint64_t version = 0;
    buf_init(&scratch, 4096);
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (jsonread_is(key, "version"))
            version = jsonread_u64(&j);
        else if (jsonread_is(key, "chunker_polynomial"))
            read_polynomial(&j, &scratch, &config.polynomial);
        else if (jsonread_is(key, "id")) {
            uint8_t id[32];
            jsonread_hex(&j, id, sizeof id);
            hex_encode(id, sizeof id, config.id);
        } else
            jsonread_skip(&j);
    }
    if (!jsonread_done(&j) || !config.id[0])
        return err_set(ERR_CORRUPT, _("the configuration of the repository is malformed"));
    if (version != 1 && version != 2)
        return err_set(ERR_UNSUPPORTED,
                       _("repository format version %llu is not supported (this program knows 1 and 2)"),
                       (unsigned long long)version);
    if (!polynomial_is_irreducible(config.polynomial))
        return err_set(ERR_CORRUPT, _("the chunker polynomial of the repository is not usable"));
    config.version = (unsigned)version;
    *out = config;
    return 0;
}
