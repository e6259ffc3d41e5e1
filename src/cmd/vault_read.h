/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands that only read a repository share: opening and locking it, choosing snapshots, and
 * printing the nodes of a snapshot.
 */
#ifndef CMD_VAULT_READ_H
#define CMD_VAULT_READ_H

#include "base/opt.h"
#include "cmd/vault_common.h"
#include "vault/lock.h"
#include "vault/node.h"

struct vault_reading {
    struct vault *vault;
    struct lock *lock; /* shared: nothing is removed meanwhile */
    struct loader *loader;
};

#define VAULT_NO_LOCK_ROW(flag)                                                                              \
    {                                                                                                        \
        "no-lock", 0, OPT_FLAG, &(flag), NULL, N_("do not lock the repository (for a read-only one)")        \
    }

/* Opens the repository, locks it unless it is read-only or `no_lock`, and reads its index. vault_reading_end
 * ends it, also after an error. */
int vault_reading_begin(const struct vault_place *place, bool no_lock, struct vault_reading *out);
void vault_reading_end(struct vault_reading *reading);

/* --host, --path and --tag with restic's meanings. */
struct vault_choice {
    struct opt_list hosts, paths, tags;
};
#define VAULT_CHOICE_ROWS(choice)                                                                            \
    {"host", 'H', OPT_LIST, &(choice).hosts, N_("NAME"), N_("only those of this host (may be repeated)")},   \
        {"path",          0,          OPT_LIST,                                                              \
         &(choice).paths, N_("PATH"), N_("only those of this path (repeated: of all of them)")},             \
    {                                                                                                        \
        "tag", 0, OPT_LIST, &(choice).tags, N_("TAG,..."),                                                   \
            N_("only those with all these tags (repeated: or these)")                                        \
    }
/* Borrows the lists. */
struct snapshot_filter vault_choice_filter(const struct vault_choice *choice);
void vault_choice_free(struct vault_choice *choice);

/* "-rw-r--r--", as Go writes a mode. */
#define VAULT_MODE_TEXT 32
const char *vault_mode_text(uint32_t st_mode, char out[static VAULT_MODE_TEXT]);
/* A line that says all that is known of a node, like restic's. */
void vault_print_node(const struct node *node, const char *path, bool human);
/* A path and a newline; on a terminal without what could write elsewhere on it. */
void vault_print_path(const char *path);

#endif
