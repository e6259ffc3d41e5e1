/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "crypto/seal.h"
#include "vault/lock.h"
#include "vault/names.h"
#include "vault/repair.h"

struct repair {
    struct vault *vault;
    const struct vault_repair_snapshots_options *options;
    uint8_t (*content)[SHA256_SIZE]; /* of the file that was looked at last */
    size_t room;
};

static void tell(const struct repair *r, enum vault_repair_loss loss, const char *path)
{
    if (r->options->on_loss)
        r->options->on_loss(r->options->which.context, loss, path);
}

/* A file keeps the chunks that an index names; what nobody knows how to restore goes. */
static bool keep(void *context, const struct node *node, const char *path, struct nodetext_change *change)
{
    struct repair *r = context;
    uint64_t size = 0;
    size_t count = 0;
    if (node->type == NODE_OTHER)
        tell(r, VAULT_LOSS_NODE, path);
    if (node->type != NODE_FILE)
        return node->type != NODE_OTHER;
    if (node->content_count > r->room) {
        r->room = node->content_count;
        r->content = mem_resize(r->content, r->room, sizeof *r->content);
    }
    for (size_t i = 0; i < node->content_count; i++) {
        const struct index_entry *entry = index_find(vault_index(r->vault), PACK_DATA, node->content[i]);
        if (!entry || entry->pack == INDEX_PENDING)
            continue;
        memcpy(r->content[count++], node->content[i], SHA256_SIZE);
        size += entry->unpacked ? entry->unpacked : entry->length - SEAL_OVERHEAD;
    }
    if (count == node->content_count && size == node->size)
        return true;
    tell(r, count < node->content_count ? VAULT_LOSS_CONTENT : VAULT_LOSS_SIZE, path);
    *change = (struct nodetext_change){.new_content = true,
                                       .content = (const uint8_t(*)[SHA256_SIZE])r->content,
                                       .content_count = count,
                                       .size = size};
    return true;
}

/* Only what is damaged or missing is given up, not what this machine cannot read just now. */
static bool on_lost(void *context, const char *path, int err)
{
    if (err != ERR_CORRUPT && err != ERR_NOT_FOUND && err != ERR_TOO_LARGE)
        return false;
    tell(context, strcmp(path, "/") == 0 ? VAULT_LOSS_SNAPSHOT : VAULT_LOSS_FOLDER, path);
    return true;
}

/* ---- snapshot files that cannot be read ---- */

/* Takes a named one that cannot be read away, or refuses; *gone says that it is no longer to be looked at. */
static int look_at_file(const struct repair *r, const char *name, bool *gone)
{
    const struct vault_remake_options *o = &r->options->which;
    char id[VAULT_ID_TEXT];
    unsigned count;
    struct snapshot *snapshot;
    *gone = false;
    int err = strcmp(name, "latest") == 0 ? 0 : names_find(r->vault, BLOB_SNAPSHOT, name, &count, id);
    if (err || strcmp(name, "latest") == 0 || count != 1)
        return err; /* what is not found, or found twice, is said later */
    err = snapshot_load(r->vault, id, &snapshot);
    if (!err) {
        snapshot_free(snapshot);
        return 0;
    }
    if (err != ERR_CORRUPT && err != ERR_UNSUPPORTED)
        return err;
    if (!o->forget)
        return err_hint(
            err, _("if nothing of it is needed, remove it with: beffroi vault repair snapshots --forget %s"),
            id);
    *gone = true;
    err = o->dry_run ? 0 : blob_prune(vault_pruner(r->vault), BLOB_SNAPSHOT, id);
    if (!err && o->on_done)
        o->on_done(o->context, id, VAULT_REMADE_GONE, NULL);
    return err;
}

/* Leaves in `ids` those that can be read. */
static int look_at_files(const struct repair *r, const char **ids, size_t *count)
{
    const struct vault_remake_options *o = &r->options->which;
    struct lock *lock;
    int err = lock_take(r->vault, !o->dry_run, &lock);
    if (err)
        return err;
    for (size_t i = 0; !err && i < o->id_count; i++) {
        bool gone;
        err = look_at_file(r, o->ids[i], &gone);
        if (!err && !gone)
            ids[(*count)++] = o->ids[i];
    }
    lock_release(lock);
    return err;
}

int vault_repair_snapshots(struct vault *vault, const struct vault_repair_snapshots_options *options)
{
    struct repair r = {.vault = vault, .options = options};
    const char **ids MEM_AUTO = mem_zalloc(options->which.id_count + 1, sizeof *ids);
    struct vault_remake_options which = options->which;
    which.ids = ids;
    which.id_count = 0;
    int err = options->which.id_count ? look_at_files(&r, ids, &which.id_count) : 0;
    if (err || (options->which.id_count && which.id_count == 0))
        return err;
    struct remake remake = {.vault = vault,
                            .options = &which,
                            .trees = {.context = &r, .keep = keep, .on_lost = on_lost},
                            .tag = "repaired",
                            .exclusive = true};
    err = remake_run(&remake);
    free(r.content);
    return err;
}
