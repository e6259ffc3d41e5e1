/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "crypto/md5.h"

#include <openssl/evp.h>

#include "base/err.h"
#include "base/i18n.h"

int md5_of(const void *bytes, size_t length, uint8_t out[static MD5_SIZE])
{
    return EVP_Digest(bytes, length, out, NULL, EVP_md5(), NULL) == 1
               ? 0
               : err_set(ERR_UNSUPPORTED, _("OpenSSL refuses MD5, which S3 asks for"));
}
