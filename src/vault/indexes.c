/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/indexes.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define INDEX_BLOBS    50000
#define MAX_INDEX_FILE ((size_t)1 << 30)

void indexes_begin(struct indexes_out *out, const struct vault *vault)
{
    *out = (struct indexes_out){.vault = vault};
    buf_init(&out->text, MAX_INDEX_FILE);
    index_begin(&out->text);
}

static int save(struct indexes_out *out)
{
    char name[VAULT_ID_TEXT];
    index_end(&out->text);
    int err = out->text.overflowed
                  ? err_set(ERR_TOO_LARGE, _("the index grew too large"))
                  : vault_save_file(out->vault, BLOB_INDEX, out->text.data, out->text.length, name);
    buf_clear(&out->text);
    index_begin(&out->text);
    out->blobs = 0;
    return err;
}

int indexes_put(struct indexes_out *out, const uint8_t id[static SHA256_SIZE],
                const struct pack_entry *entries, size_t count)
{
    if (count == 0)
        return 0;
    index_put_pack(&out->text, id, entries, count);
    out->blobs += count;
    return out->blobs >= INDEX_BLOBS ? save(out) : 0;
}

int indexes_end(struct indexes_out *out, bool failed)
{
    int err = failed || out->blobs == 0 ? 0 : save(out);
    buf_free(&out->text);
    return err;
}

static int put_listed(struct indexes_out *out, const struct index *index, const struct index_pack *pack)
{
    struct pack_entry *entries MEM_AUTO = mem_zalloc(pack->count + 1, sizeof *entries);
    for (uint32_t i = 0; i < pack->count; i++) {
        const struct index_entry *entry = &index->entries[pack->first + i];
        entries[i] = (struct pack_entry){.type = (enum pack_type)entry->type,
                                         .offset = entry->offset,
                                         .length = entry->length,
                                         .unpacked = entry->unpacked};
        memcpy(entries[i].id, entry->id, SHA256_SIZE);
    }
    return indexes_put(out, pack->id, entries, pack->count);
}

/* Writes what stays of one file's packs, if any is dropped; *changed says so. */
static int keep_rest(struct indexes_out *out, const struct index *index, indexes_drops *drops, void *context,
                     bool *changed)
{
    bool *gone MEM_AUTO = mem_zalloc(index->pack_count + 1, sizeof *gone);
    int err = 0;
    *changed = false;
    for (size_t i = 0; i < index->pack_count; i++) {
        gone[i] = drops(context, index->packs[i].id);
        *changed = *changed || gone[i];
    }
    for (size_t i = 0; *changed && !err && i < index->pack_count; i++)
        if (!gone[i])
            err = put_listed(out, index, &index->packs[i]);
    return err;
}

static int look_at(struct indexes_out *out, const char *name, indexes_drops *drops, vault_bad_file *bad,
                   void *context, bool *obsolete)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_INDEX_FILE);
    struct index *index = index_new();
    int err = vault_load_file(out->vault, BLOB_INDEX, name, &plain);
    if (!err)
        err = index_decode(index, plain.data, plain.length);
    if (!err) {
        err = keep_rest(out, index, drops, context, obsolete);
    } else if (bad && (err == ERR_CORRUPT || err == ERR_TOO_LARGE || err == ERR_UNSUPPORTED)) {
        bad(context, name, err);
        *obsolete = true;
        err = 0;
    }
    index_free(index);
    return err;
}

int indexes_drop(const struct vault *vault, char (*names)[VAULT_ID_TEXT], size_t count, indexes_drops *drops,
                 vault_bad_file *bad, void *context)
{
    struct indexes_out out;
    bool *obsolete MEM_AUTO = mem_zalloc(count + 1, sizeof *obsolete);
    int err = 0;
    indexes_begin(&out, vault);
    for (size_t i = 0; !err && i < count; i++)
        err = look_at(&out, names[i], drops, bad, context, &obsolete[i]);
    int saved = indexes_end(&out, err != 0);
    if (!err)
        err = saved;
    for (size_t i = 0; !err && i < count; i++)
        if (obsolete[i])
            err = blob_prune(vault_pruner(vault), BLOB_INDEX, names[i]);
    return err;
}
