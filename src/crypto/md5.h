/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * MD5, for protocols that ask for it as a checksum (S3 wants one with Object Lock). Nothing is protected by
 * it.
 */
#ifndef CRYPTO_MD5_H
#define CRYPTO_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_SIZE 16

/* ERR_UNSUPPORTED where the library refuses it (FIPS). Any thread. */
int md5_of(const void *bytes, size_t length, uint8_t out[static MD5_SIZE]);

#endif
