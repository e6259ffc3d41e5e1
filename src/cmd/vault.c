/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi vault: finds the vault command and runs it.
 */
#include <string.h>

#include "base/i18n.h"
#include "base/opt.h"
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
    {"lock-extend", cmd_vault_lock_extend, N_("lock for longer what a bucket with Object Lock holds")},
    {"undelete", cmd_vault_undelete, N_("bring back what was deleted from a bucket that keeps versions")},
    {"unlock", cmd_vault_unlock, N_("remove locks that programs left behind")},
    {"serve", cmd_vault_serve, N_("serve repositories, append-only, to restic on other machines")},
    {0},
};

/* Whether the word is an option of all commands whose value is the next word. */
static bool takes_next(const char *word)
{
    struct vault_place place;
    const struct opt rows[] = {VAULT_PLACE_ROWS(place), {0}};
    for (const struct opt *row = rows; row->name; row++) {
        bool is_long = strncmp(word, "--", 2) == 0 && strcmp(word + 2, row->name) == 0;
        bool is_short = row->letter && word[1] == row->letter && !word[2];
        if ((is_long || is_short) && row->kind != OPT_FLAG && row->kind != OPT_COUNT)
            return true;
    }
    return false;
}

/* restic takes options before the command, too: "-r DIR backup PATH" becomes "backup -r DIR PATH". */
static void put_command_first(int argc, char **argv)
{
    int at = 1;
    while (at < argc && argv[at][0] == '-' && argv[at][1])
        at += takes_next(argv[at]) ? 2 : 1;
    if (at >= argc)
        return;
    char *command = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
    argv[1] = command;
}

int cmd_vault(int argc, char **argv)
{
    bool asks = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (!asks)
        put_command_first(argc, argv);
    return cmd_dispatch("vault", N_("The vault is a restic repository."), commands, argc, argv);
}
