/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the vault commands share: which repository, which password, how things are printed.
 */
#ifndef CMD_VAULT_COMMON_H
#define CMD_VAULT_COMMON_H

#include <stdbool.h>

#include "base/buf.h"
#include "vault/prune.h"
#include "vault/snapshot.h"
#include "vault/vault.h"

struct vault_place {
    const char *repository; /* -r, or RESTIC_REPOSITORY, or RESTIC_REPOSITORY_FILE */
    const char
        *password_file; /* --password-file, or RESTIC_PASSWORD_FILE; else RESTIC_PASSWORD, else asked for */
};

/* The rows every vault command has. */
#define VAULT_PLACE_ROWS(place)                                                                              \
    {"repo", 'r', OPT_STRING, &(place).repository, N_("DIR"), N_("the repository (or RESTIC_REPOSITORY)")},  \
    {                                                                                                        \
        "password-file", 'p', OPT_STRING, &(place).password_file, N_("FILE"),                                \
            N_("a file whose first line is the password\n(or RESTIC_PASSWORD_FILE, or RESTIC_PASSWORD)")     \
    }

/* The path of the repository; ERR_INVALID when none was given. Lives as long as the process. */
int vault_common_path(const struct vault_place *place, const char **path);
/* The password, into `out` as a C string; buf_free wipes it. With `twice`, a terminal is asked two times. */
int vault_common_password(const struct vault_place *place, bool twice, struct buf *out);
/* Both, and opens the repository. */
int vault_common_open(const struct vault_place *place, struct vault **out);

/* Prints the JSON text and a newline to standard output. */
void vault_common_print(struct buf *json);
/* "1.234 GiB" */
#define VAULT_SIZE_TEXT 32
const char *vault_common_size(uint64_t bytes, char out[static VAULT_SIZE_TEXT]);

/* The snapshot in restic's shape: the members of its file, then id and short_id. */
void vault_common_put_snapshot(struct buf *out, const struct snapshot *snapshot);
/* A date and time of day, in local time. */
void vault_common_put_time(int64_t wall_ns, char out[static 32]);
/* Prunes an open vault and shows the result; the exit code. */
int vault_prune_show(struct vault *vault, struct vault_prune_options *prune, bool quiet);
/* "unlimited", "5%" or a size. */
int vault_prune_parse_unused(const char *text, struct vault_prune_options *out);
/* "500", "20K", "16M", "1.5G", "2T" (of 1024), into bytes; ERR_INVALID. */
int vault_common_parse_size(const char *text, uint64_t *bytes);

int cmd_vault_init(int argc, char **argv);
int cmd_vault_backup(int argc, char **argv);
int cmd_vault_snapshots(int argc, char **argv);
int cmd_vault_ls(int argc, char **argv);
int cmd_vault_mount(int argc, char **argv);
int cmd_vault_restore(int argc, char **argv);
int cmd_vault_check(int argc, char **argv);
int cmd_vault_clean_point(int argc, char **argv);
int cmd_vault_forget(int argc, char **argv);
int cmd_vault_prune(int argc, char **argv);

#endif
