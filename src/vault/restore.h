/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Putting a snapshot's files into a folder. Nothing is written outside it, whatever the repository says.
 */
#ifndef VAULT_RESTORE_H
#define VAULT_RESTORE_H

#include "vault/match.h"
#include "vault/snapshot.h"
#include "vault/vault.h"

struct vault_restore_progress {
    uint64_t files, bytes; /* begun so far */
};

/* What becomes of a file, link or device that is there already. */
enum vault_overwrite {
    VAULT_OVERWRITE_ALWAYS,     /* it becomes as in the snapshot; of a file, only what differs is written */
    VAULT_OVERWRITE_IF_CHANGED, /* the same, but a file of the same size and mtime is not read */
    VAULT_OVERWRITE_IF_NEWER,   /* the same, but only when the snapshot's is the younger one */
    VAULT_OVERWRITE_NEVER,      /* it stays as it is */
};

struct vault_restore_options {
    const char *snapshot; /* an ID's beginning, or "latest"; with ":FOLDER", that folder of it alone */
    const char *target;   /* made if missing */
    enum vault_overwrite overwrite;
    bool delete_others; /* take away what is there and not in the snapshot, unless it is left out by name */
    bool dry_run;       /* look and count, change nothing */
    struct match_list includes, excludes;
    struct snapshot_filter filter; /* for "latest" */
    bool verify;                   /* read every file again and compare */
    bool no_lock;

    void *context;
    /* Something was not restored as it was; err_text() says what. From any thread, never two at once. May be
     * NULL. */
    void (*on_problem)(void *context, const char *path, int err);
    void (*on_progress)(void *context, const struct vault_restore_progress *progress);
};

struct vault_restore_result {
    char snapshot[VAULT_ID_TEXT];
    uint64_t files, folders, others, bytes; /* restored */
    uint64_t skipped, bytes_skipped;        /* left as they were, or found to be right */
    uint64_t deleted;
    uint64_t problems;
};

/* 0; ERR_PARTIAL when some things were not restored; another error when nothing could be. */
int vault_restore(struct vault *vault, const struct vault_restore_options *options,
                  struct vault_restore_result *result);

#endif
