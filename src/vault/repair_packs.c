/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/indexes.h"
#include "vault/lock.h"
#include "vault/names.h"
#include "vault/packfile.h"
#include "vault/repair.h"
#include "vault/writer.h"

#define MAX_PACK ((size_t)1 << 30)

struct salvage {
    struct vault *vault;
    const char *folder;
    const struct vault_repair_options *options;
    struct vault_repair_result *result;
    uint8_t (*ids)[SHA256_SIZE];
    size_t count;
    struct loader *loader;
    struct writer *writer;
};

static void tell(const struct salvage *s, enum vault_repair_event event, const char *name)
{
    if (s->options->on_event)
        s->options->on_event(s->options->context, event, name);
}

static int parse_ids(struct salvage *s, const char *const *ids)
{
    for (size_t i = 0; i < s->count; i++)
        if (strlen(ids[i]) != 2 * SHA256_SIZE || hex_decode(ids[i], s->ids[i], SHA256_SIZE) != 0)
            return err_hint(err_set(ERR_INVALID, _("\"%s\" is not the ID of a pack"), ids[i]),
                            _("give whole IDs, as beffroi vault check names them"));
    return s->count ? 0 : err_set(ERR_INVALID, _("no pack was named"));
}

static bool is_named(void *context, const uint8_t id[static SHA256_SIZE])
{
    const struct salvage *s = context;
    for (size_t i = 0; i < s->count; i++)
        if (memcmp(s->ids[i], id, SHA256_SIZE) == 0)
            return true;
    return false;
}

/* ---- the copy that is put aside ---- */

/* Whether a file has these bytes and no others. */
static bool is_same_file(int folder, const char *name, const struct buf *bytes)
{
    struct buf there BUF_AUTO;
    buf_init(&there, MAX_PACK);
    return fd_read_file(folder, name, &there) == 0 && there.length == bytes->length &&
           memcmp(there.data, bytes->data, bytes->length) == 0;
}

/* One that was put aside before a repair was cut off is as good. */
static int put_aside(const struct salvage *s, const char *name, const struct buf *bytes)
{
    char *file MEM_AUTO = mem_printf("pack-%s", name);
    int folder FD_AUTO = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_sys(_("cannot open %s"), s->folder);
    int err = durable_create(folder, file, bytes->data, bytes->length, 0600);
    if (err == ERR_EXISTS && is_same_file(folder, file, bytes))
        err = 0;
    if (err)
        return err_in(err, _("cannot put a copy of the damaged pack aside in the folder %s"), s->folder);
    tell(s, VAULT_REPAIR_SAVED_COPY, file);
    return 0;
}

/* A pack that is not there leaves the buffer empty. One that cannot be read just now is none to give up. */
static int load(const struct salvage *s, const char *name, struct buf *bytes)
{
    int err = blob_read_all(vault_reader(s->vault), BLOB_PACK, name, bytes);
    if (err != ERR_NOT_FOUND)
        return err;
    tell(s, VAULT_REPAIR_NO_COPY, name);
    return 0;
}

/* ---- the blobs ---- */

/* Saves a blob from the bytes of its pack, if it is whole there. */
static int salvage_blob(struct salvage *s, const struct buf *pack, const struct pack_entry *entry)
{
    const uint8_t *plain;
    size_t length;
    char name[VAULT_ID_TEXT];
    hex_encode(entry->id, SHA256_SIZE, name);
    int err = (uint64_t)entry->offset + entry->length > pack->length
                  ? err_set(ERR_CORRUPT, _("the pack ends before it"))
                  : 0;
    if (!err) {
        /* Opening changes the sealed bytes, and the same blob may be listed twice. */
        uint8_t *sealed MEM_AUTO = mem_dup(pack->data + entry->offset, entry->length ? entry->length : 1);
        err = loader_open_blob(s->loader, entry, sealed, &plain, &length);
        if (!err) {
            s->result->blobs_saved++;
            return writer_move(s->writer, entry->type, mem_dup(plain, length ? length : 1), length,
                               entry->id);
        }
    }
    s->result->blobs_bad++;
    tell(s, VAULT_REPAIR_BAD_BLOB, name);
    return 0;
}

static void list_blob(struct pack_entry **entries, size_t *count, const struct pack_entry *one)
{
    if ((*count & (*count - 1)) == 0)
        *entries = mem_resize(*entries, *count ? 2 * *count : 1, sizeof **entries);
    (*entries)[(*count)++] = *one;
}

static int by_place(const void *a, const void *b)
{
    const struct pack_entry *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    if (x->unpacked != y->unpacked)
        return x->unpacked < y->unpacked ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return memcmp(x->id, y->id, SHA256_SIZE);
}

static void list_each_once(struct pack_entry *entries, size_t *count)
{
    size_t kept = 0;
    if (*count)
        qsort(entries, *count, sizeof *entries, by_place);
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || by_place(&entries[kept - 1], &entries[i]) != 0)
            entries[kept++] = entries[i];
    *count = kept;
}

/* What any index says of the pack, and what its own list says. */
static void list_blobs(const struct salvage *s, const uint8_t *id, const struct buf *pack,
                       struct pack_entry **entries, size_t *count)
{
    const struct index *index = vault_index(s->vault);
    for (size_t i = 0; i < index->pack_count; i++) {
        const struct index_pack *listed = &index->packs[i];
        if (memcmp(listed->id, id, SHA256_SIZE) != 0)
            continue;
        for (uint32_t n = 0; n < listed->count; n++) {
            const struct index_entry *e = &index->entries[listed->first + n];
            struct pack_entry one = {.type = (enum pack_type)e->type,
                                     .offset = e->offset,
                                     .length = e->length,
                                     .unpacked = e->unpacked};
            memcpy(one.id, e->id, SHA256_SIZE);
            list_blob(entries, count, &one);
        }
    }
    struct pack_entry *own;
    size_t own_count;
    if (packfile_list(vault_seal_key(s->vault), pack->data, pack->length, &own, &own_count) == 0) {
        for (size_t i = 0; i < own_count; i++)
            list_blob(entries, count, &own[i]);
        free(own);
    }
    list_each_once(*entries, count);
}

static int salvage_pack(struct salvage *s, const uint8_t *id)
{
    struct buf bytes BUF_AUTO;
    struct pack_entry *entries = NULL;
    size_t count = 0;
    char name[VAULT_ID_TEXT];
    buf_init(&bytes, MAX_PACK);
    hex_encode(id, SHA256_SIZE, name);
    int err = load(s, name, &bytes);
    if (!err && bytes.length)
        err = put_aside(s, name, &bytes);
    if (!err)
        list_blobs(s, id, &bytes, &entries, &count);
    if (!err && bytes.length == 0 && count == 0)
        err = err_set(ERR_NOT_FOUND, _("the repository %s has no pack %s"), vault_path(s->vault), name);
    for (size_t i = 0; !err && i < count; i++)
        err = salvage_blob(s, &bytes, &entries[i]);
    free(entries);
    return err;
}

static int salvage_all(struct salvage *s)
{
    struct writer_totals totals;
    s->loader = loader_new(s->vault);
    s->writer = writer_new(s->vault);
    int err = 0;
    for (size_t i = 0; !err && i < s->count; i++)
        err = salvage_pack(s, s->ids[i]);
    int stored = writer_finish(s->writer, &totals);
    writer_free(s->writer);
    loader_free(s->loader);
    return err ? err : stored;
}

static int repair(struct salvage *s)
{
    char(*names)[VAULT_ID_TEXT] = NULL;
    size_t count = 0;
    int err = names_list(s->vault, BLOB_INDEX, &names, &count);
    if (!err)
        err = vault_need_index(s->vault);
    if (!err)
        err = salvage_all(s);
    if (!err)
        err = indexes_drop(s->vault, names, count, is_named, NULL, s);
    for (size_t i = 0; !err && i < s->count; i++) {
        char name[VAULT_ID_TEXT];
        hex_encode(s->ids[i], SHA256_SIZE, name);
        err = blob_prune(vault_pruner(s->vault), BLOB_PACK, name);
    }
    free(names);
    return err;
}

int vault_repair_packs(struct vault *vault, const char *const *ids, size_t count, const char *folder,
                       const struct vault_repair_options *options, struct vault_repair_result *result)
{
    struct salvage s = {
        .vault = vault, .folder = folder, .options = options, .result = result, .count = count};
    struct lock *lock;
    *result = (struct vault_repair_result){0};
    s.ids = mem_zalloc(count + 1, sizeof *s.ids);
    int err = parse_ids(&s, ids);
    if (!err)
        err = lock_take(vault, true, &lock);
    if (!err) {
        blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
        vault_rest(vault);
        err = repair(&s);
        lock_release(lock);
        vault_rest(vault);
    }
    free(s.ids);
    return err;
}
