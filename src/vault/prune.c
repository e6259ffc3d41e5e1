/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/lock.h"
#include "vault/pruneplan.h"
#include "vault/used.h"
#include "vault/writer.h"

#define INDEX_BLOBS 50000 /* in one index file, as restic */

struct prune {
    struct vault *vault;
    const struct vault_prune_options *options;
    struct vault_prune_result *result;
    bool *marks;
    struct prune_plan plan;
    char (*old_indexes)[VAULT_ID_TEXT];
    size_t old_index_count;
};

static int note_pack(void *context, const char *name, uint64_t size)
{
    struct prune *p = context;
    uint8_t id[SHA256_SIZE];
    int err = hex_decode(name, id, SHA256_SIZE);
    if (!err)
        prune_plan_add_file(&p->plan, id, size);
    return err;
}

static int note_index(void *context, const char *name, uint64_t size)
{
    struct prune *p = context;
    (void)size;
    if ((p->old_index_count & (p->old_index_count - 1)) == 0)
        p->old_indexes = mem_resize(p->old_indexes, p->old_index_count ? 2 * p->old_index_count : 1,
                                    sizeof *p->old_indexes);
    memcpy(p->old_indexes[p->old_index_count], name, VAULT_ID_TEXT - 1);
    p->old_indexes[p->old_index_count++][VAULT_ID_TEXT - 1] = '\0';
    return 0;
}

static int make_plan(struct prune *p)
{
    struct blob_reader reader = vault_reader(p->vault);
    int err = vault_need_index(p->vault);
    if (!err)
        err = used_mark(p->vault, &p->marks);
    if (err == ERR_CORRUPT)
        err_hint(err, _("beffroi vault check tells what is damaged; nothing was removed"));
    if (!err)
        err = blob_list(reader, BLOB_INDEX, note_index, p);
    if (!err)
        err = blob_list(reader, BLOB_PACK, note_pack, p);
    if (err)
        return err;
    p->plan.index = vault_index(p->vault);
    p->plan.marks = p->marks;
    return prune_plan_make(&p->plan, p->options, vault_version(p->vault), p->result);
}

/* ---- packing anew ---- */

static int move_blob(struct loader *loader, struct writer *writer, const struct index_entry *entry)
{
    const uint8_t *bytes;
    size_t length;
    int err = loader_load(loader, (enum pack_type)entry->type, entry->id, &bytes, &length);
    if (err)
        return err;
    uint8_t *copy = mem_resize(NULL, length ? length : 1, 1);
    memcpy(copy, bytes, length);
    return writer_move(writer, (enum pack_type)entry->type, copy, length, entry->id);
}

static int move_pack(struct prune *p, struct loader *loader, struct writer *writer,
                     const struct prune_pack *pack)
{
    const struct index *index = p->plan.index;
    const struct index_pack *listed = &index->packs[pack->number];
    int err = 0;
    for (uint32_t i = 0; !err && i < listed->count; i++) {
        const struct index_entry *entry = &index->entries[listed->first + i];
        if (prune_plan_is_used(&p->plan, pack, entry))
            err = move_blob(loader, writer, entry);
    }
    return err;
}

static int repack(struct prune *p)
{
    if (p->result->packs_repacked == 0)
        return 0;
    struct loader *loader = loader_new(p->vault);
    struct writer *writer = writer_new(p->vault);
    struct writer_totals totals;
    uint64_t done = 0;
    int err = 0;
    for (size_t i = 0; !err && i < p->plan.count; i++) {
        if (p->plan.packs[i].fate != PRUNE_REPACK)
            continue;
        err = move_pack(p, loader, writer, &p->plan.packs[i]);
        if (p->options->on_progress)
            p->options->on_progress(p->options->context, ++done, p->result->packs_repacked);
    }
    int finished = writer_finish(writer, &totals);
    writer_free(writer);
    loader_free(loader);
    return err ? err : finished;
}

/* ---- the index of all that stays ---- */

static void put_pack(struct prune *p, const struct prune_pack *pack, struct buf *out)
{
    const struct index *index = p->plan.index;
    const struct index_pack *listed = &index->packs[pack->number];
    struct pack_entry *entries MEM_AUTO = mem_zalloc(listed->count + 1, sizeof *entries);
    for (uint32_t i = 0; i < listed->count; i++) {
        const struct index_entry *entry = &index->entries[listed->first + i];
        entries[i] = (struct pack_entry){.type = (enum pack_type)entry->type,
                                         .offset = entry->offset,
                                         .length = entry->length,
                                         .unpacked = entry->unpacked};
        memcpy(entries[i].id, entry->id, SHA256_SIZE);
    }
    index_put_pack(out, pack->id, entries, listed->count);
}

static int save_index(struct prune *p, struct buf *out)
{
    char name[VAULT_ID_TEXT];
    index_end(out);
    int err = out->overflowed ? err_set(ERR_TOO_LARGE, _("the index grew too large"))
                              : vault_save_file(p->vault, BLOB_INDEX, out->data, out->length, name);
    buf_clear(out);
    index_begin(out);
    return err;
}

static int write_indexes(struct prune *p)
{
    struct buf out BUF_AUTO;
    size_t blobs = 0;
    int err = 0;
    buf_init(&out, (size_t)1 << 30);
    index_begin(&out);
    for (size_t i = 0; !err && i < p->plan.count; i++) {
        const struct prune_pack *pack = &p->plan.packs[i];
        if (pack->fate != PRUNE_KEEP)
            continue;
        put_pack(p, pack, &out);
        blobs += p->plan.index->packs[pack->number].count;
        if (blobs >= INDEX_BLOBS) {
            err = save_index(p, &out);
            blobs = 0;
        }
    }
    return err || blobs == 0 ? err : save_index(p, &out);
}

/* ---- taking away ---- */

static int remove_indexes(struct prune *p)
{
    int err = 0;
    for (size_t i = 0; !err && i < p->old_index_count; i++)
        err = blob_prune(vault_pruner(p->vault), BLOB_INDEX, p->old_indexes[i]);
    return err;
}

static int remove_packs(struct prune *p)
{
    int err = 0;
    for (size_t i = 0; !err && i < p->plan.count; i++) {
        const struct prune_pack *pack = &p->plan.packs[i];
        char name[VAULT_ID_TEXT];
        hex_encode(pack->id, SHA256_SIZE, name);
        if (pack->fate == PRUNE_REPACK || pack->fate == PRUNE_REMOVE)
            err = blob_prune(vault_pruner(p->vault), BLOB_PACK, name);
    }
    return err;
}

/* An index that names a pack which is gone, or several that name one pack, are put in order too. */
static bool has_work(const struct prune *p)
{
    bool work = false;
    for (size_t i = 0; i < p->plan.count; i++)
        work = work || p->plan.packs[i].fate != PRUNE_KEEP;
    return work || p->plan.count < p->plan.index->pack_count;
}

static int carry_out(struct prune *p)
{
    int err = repack(p);
    if (!err)
        err = write_indexes(p);
    if (!err)
        err = remove_indexes(p);
    return err ? err : remove_packs(p);
}

int vault_prune(struct vault *vault, const struct vault_prune_options *options,
                struct vault_prune_result *result)
{
    struct prune p = {.vault = vault, .options = options, .result = result};
    struct lock *lock = NULL;
    *result = (struct vault_prune_result){0};
    int err = lock_take(vault, true, &lock);
    if (err)
        return err;
    if (!options->dry_run)
        blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    vault_rest(vault);                    /* what was read before the lock may be out of date */
    err = make_plan(&p);
    if (!err && !options->dry_run && has_work(&p))
        err = carry_out(&p);
    lock_release(lock);
    vault_rest(vault);
    prune_plan_free(&p.plan);
    free(p.marks);
    free(p.old_indexes);
    return err;
}
