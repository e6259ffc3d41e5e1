/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What beffroi vault backup shows: progress, problems, the sum; for people, or as restic's JSON messages.
 */
#ifndef CMD_VAULT_BACKUP_VIEW_H
#define CMD_VAULT_BACKUP_VIEW_H

#include "cmd/vault_line.h"
#include "vault/backup.h"

struct backup_view {
    bool json, quiet; /* the caller's choice */
    struct vault_line line;
};

void backup_view_begin(struct backup_view *view);
/* Callbacks of vault_backup; `context` is the view. */
void backup_view_problem(void *context, const char *path, int err);
void backup_view_progress(void *context, const struct vault_progress *progress);
/* Clears the progress and shows the sum; `result` is NULL when there is no snapshot. */
void backup_view_end(const struct backup_view *view, const struct vault_backup_result *result);

#endif
