/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes of a whole repository, by restic's names.
 */
#ifndef VAULT_MIGRATE_H
#define VAULT_MIGRATE_H

#include "vault/check.h"

struct vault_migration {
    const char *name, *text; /* the text is N_("...") */
    unsigned from;           /* the version that it applies to */
};

/* All that are known; the last has no name. */
extern const struct vault_migration vault_migrations[];
/* The one of that name, or NULL. */
const struct vault_migration *vault_migration_find(const char *name);
/* Whether it can be applied to this repository. */
bool vault_migration_applies(const struct vault_migration *migration, const struct vault *vault);

/* Applies it, with the exclusive lock, if the repository has no damage: every folder is read, contents are
 * not. `check` tells of findings as vault_check does; its locking is not looked at. ERR_CORRUPT when there is
 * damage: nothing was changed then. ERR_UNSUPPORTED when it does not apply. */
int vault_migrate(struct vault *vault, const struct vault_migration *migration,
                  const struct vault_check_options *check, struct vault_check_result *result);

#endif
