/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi vault: finds the vault command and runs it.
 */
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/vault_common.h"

static const struct cmd_row commands[] = {
    {"init", cmd_vault_init, N_("make a repository")},
    {"backup", cmd_vault_backup, N_("save files and folders in a new snapshot")},
    {"snapshots", cmd_vault_snapshots, N_("list the snapshots")},
    {"ls", cmd_vault_ls, N_("list what a snapshot holds")},
    {"mount", cmd_vault_mount, N_("show the snapshots as folders")},
    {"diff", cmd_vault_diff, N_("show what is different between two snapshots")},
    {"find", cmd_vault_find, N_("find files and folders in the snapshots")},
    {"stats", cmd_vault_stats, N_("tell how much the snapshots hold")},
    {"cat", cmd_vault_cat, N_("print what the repository is made of")},
    {"dump", cmd_vault_dump, N_("write a file or folder of a snapshot to standard output")},
    {"restore", cmd_vault_restore, N_("put the files of a snapshot into a folder")},
    {"check", cmd_vault_check, N_("look for damage in the repository")},
    {"clean-point", cmd_vault_clean_point, N_("name the last snapshot before an attack, and why")},
    {"forget", cmd_vault_forget, N_("remove snapshots, by name or by rules")},
    {"prune", cmd_vault_prune, N_("give back the room of what no snapshot needs")},
    {"copy", cmd_vault_copy, N_("copy snapshots from another repository")},
    {"tag", cmd_vault_tag, N_("change the tags of snapshots")},
    {"key", cmd_vault_key, N_("list, add, change and remove passwords")},
    {"rewrite", cmd_vault_rewrite, N_("take files out of snapshots")},
    {"repair", cmd_vault_repair, N_("make a damaged repository usable again")},
    {"unlock", cmd_vault_unlock, N_("remove locks that programs left behind")},
    {0},
};

int cmd_vault(int argc, char **argv)
{
    return cmd_dispatch("vault", N_("The vault is a restic repository."), commands, argc, argv);
}
