/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The config file of a repository: {"version","id","chunker_polynomial"}. Fields of other programs are passed
 * over.
 */
#ifndef VAULT_CONFIG_H
#define VAULT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct config {
    unsigned version;    /* 1 or 2 */
    char id[65];         /* hex */
    uint64_t polynomial; /* irreducible, degree 53 */
};

/* A new one: version 2, random ID and polynomial. */
void config_random(struct config *out);
void config_encode(const struct config *config, struct buf *out);
/* ERR_UNSUPPORTED for another version, ERR_CORRUPT for anything malformed. */
int config_decode(const void *bytes, size_t length, struct config *out);

#endif
