/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A set of hashes.
 */
#ifndef VAULT_IDSET_H
#define VAULT_IDSET_H

#include <stdbool.h>

#include "crypto/sha256.h"

/* `struct idset s = {0};` is an empty one. */
struct idset {
    uint8_t (*ids)[SHA256_SIZE];
    bool *used;
    size_t count, room;
};

/* Adds one; whether it was not in it before. */
bool idset_add(struct idset *set, const uint8_t id[static SHA256_SIZE]);
/* Frees it; it is empty and usable again. */
void idset_free(struct idset *set);

#endif
