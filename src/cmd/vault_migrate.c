/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault migrate
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/migrate.h"

struct wish {
    struct vault_place place;
    bool force, quiet;
};

static void show_finding(void *context, enum vault_finding kind, const char *text)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", kind == VAULT_FINDING_DAMAGE ? _("damage") : _("note"), text);
}

static void list(const struct vault *vault)
{
    unsigned count = 0;
    for (const struct vault_migration *one = vault_migrations; one->name; one++) {
        if (!vault_migration_applies(one, vault))
            continue;
        if (count++ == 0)
            printf("%s\n", _("what can be done:"));
        printf("  %s\t%s\n", one->name, _(one->text));
    }
    if (count == 0)
        printf("%s\n", _("there is nothing to migrate"));
}

static int apply(struct vault *vault, const struct wish *wish, const char *name)
{
    const struct vault_migration *migration = vault_migration_find(name);
    struct vault_check_options check = {.on_finding = show_finding};
    struct vault_check_result result;
    if (!migration)
        return err_hint(err_set(ERR_NOT_FOUND, _("there is no migration \"%s\""), name),
                        _("list them with: beffroi vault migrate -r %s"), vault_path(vault));
    /* As with restic, what was done before is no failure. */
    if (!wish->force && !vault_migration_applies(migration, vault)) {
        fprintf(stderr, _("%s was done before: the repository %s has version %u\n"), migration->name,
                vault_path(vault), vault_version(vault));
        return 0;
    }
    if (!wish->quiet) {
        printf("%s\n", _("looking for damage before anything is changed"));
        fflush(stdout);
    }
    int err = vault_migrate(vault, migration, &check, &result);
    if (!err && !wish->quiet)
        printf(_("%s is done: the repository %s has version %u now\n"), migration->name, vault_path(vault),
               vault_version(vault));
    return err;
}

static int run(const struct wish *wish, char **names, int count)
{
    struct vault *vault;
    int err = vault_common_open(&wish->place, &vault);
    if (err)
        return cmd_fail(err);
    if (count == 0)
        list(vault);
    for (int i = 0; !err && i < count; i++)
        err = apply(vault, wish, names[i]);
    vault_close(vault);
    return err ? cmd_fail(err) : CMD_DONE;
}

int cmd_vault_migrate(int argc, char **argv)
{
    struct wish wish = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(wish.place),
        {"force", 'f', OPT_FLAG, &wish.force, NULL, N_("try also what was done before")},
        {"quiet", 'q', OPT_FLAG, &wish.quiet, NULL, N_("print findings and errors only")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault migrate",
        .operands = N_("[NAME...]"),
        .summary = N_("Lists what can be changed in the whole repository, or does what is named."),
        .options = options,
        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    return run(&wish, argv + 1, operands);
}
