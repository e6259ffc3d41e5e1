/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/migrate.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "vault/lock.h"

const struct vault_migration vault_migrations[] = {
    {"upgrade_repo_v2", N_("upgrade a repository to version 2"), 1},
    {0},
};

const struct vault_migration *vault_migration_find(const char *name)
{
    for (const struct vault_migration *one = vault_migrations; one->name; one++)
        if (strcmp(one->name, name) == 0)
            return one;
    return NULL;
}

bool vault_migration_applies(const struct vault_migration *migration, const struct vault *vault)
{
    return vault_version(vault) == migration->from;
}

int vault_migrate(struct vault *vault, const struct vault_migration *migration,
                  const struct vault_check_options *check, struct vault_check_result *result)
{
    struct vault_check_options quick = *check;
    struct lock *lock;
    *result = (struct vault_check_result){0};
    if (!vault_migration_applies(migration, vault))
        return err_set(ERR_UNSUPPORTED, _("%s does not apply: the repository %s has version %u already"),
                       migration->name, vault_path(vault), vault_version(vault));
    int err = lock_take(vault, true, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    quick.no_lock = true;             /* there is one */
    vault_rest(vault);
    err = vault_check(vault, &quick, result);
    if (!err)
        err = vault_upgrade_config(vault);
    lock_release(lock);
    return err;
}
