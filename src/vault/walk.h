/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk of a backup: reads the folders that are to be saved and stores what is in them, from the leaves
 * up.
 */
#ifndef VAULT_WALK_H
#define VAULT_WALK_H

#include "vault/backup.h"
#include "vault/chunker.h"
#include "vault/owner.h"
#include "vault/source.h"
#include "vault/writer.h"

/* All is the caller's to set up and free, except where it says so. The result counts what was met. */
struct walk {
    struct vault *vault;
    const struct vault_backup_options *options;
    struct vault_backup_result *result;
    struct writer *writer;
    struct loader *loader;
    struct owner_names *names;
    struct chunker chunker;
    uint8_t *chunk;                  /* CHUNKER_MAX bytes, made by the walk when first needed */
    uint8_t (*content)[SHA256_SIZE]; /* made by the walk: the chunks of the file being read */
    size_t content_count, content_room;
    struct buf path; /* absolute, of what is being saved */
    size_t root_length;
    const char *root;
    dev_t root_device;
    int64_t taken_ns; /* the time of the snapshot */
    uint64_t folders, leaves;
    int fatal; /* the repository failed, not a file */
};

/* Stores everything below the root of `source`; `id` gets the tree of the snapshot. `parent` (may be NULL) is
 * the snapshot to compare with. Problems with single files are told and passed over. */
int walk_save(struct walk *walk, const struct source *root, const struct snapshot *parent,
              uint8_t id[static SHA256_SIZE]);

/* The same of a snapshot that holds one file, with the content of options->stream. */
int walk_save_stream(struct walk *walk, const struct snapshot *parent, uint8_t id[static SHA256_SIZE]);

#endif
