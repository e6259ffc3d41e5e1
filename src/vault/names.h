/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of the repository by the beginning of their names.
 */
#ifndef VAULT_NAMES_H
#define VAULT_NAMES_H

#include "vault/vault.h"

/* How many files of a kind have a name that begins with `prefix` (an empty one fits none); `found` gets the
 * name of the last. Errors are those of the listing. */
int names_find(const struct vault *vault, enum blob_kind kind, const char *prefix, unsigned *count,
               char found[static VAULT_ID_TEXT]);

/* All names of a kind, in no order. The caller frees *names. */
int names_list(const struct vault *vault, enum blob_kind kind, char (**names)[VAULT_ID_TEXT], size_t *count);

#endif
