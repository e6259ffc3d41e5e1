/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes nobody can guess, from the kernel.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>

/* Fills `bytes`; never fails (a kernel that refuses randomness ends the process). */
void random_bytes(void *bytes, size_t length);

#endif
