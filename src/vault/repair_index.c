/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/mem.h"
#include "vault/indexes.h"
#include "vault/lock.h"
#include "vault/names.h"
#include "vault/packfile.h"
#include "vault/repair.h"

/* A pack that is there, or that an index names. */
struct found {
    uint8_t id[SHA256_SIZE];
    uint64_t size;     /* of the file */
    uint64_t expected; /* by the index; 0: it leaves gaps */
    bool present, indexed, dropped;
};

struct repair {
    struct vault *vault;
    const struct vault_repair_options *options;
    struct vault_repair_result *result;
    struct found *packs; /* by id */
    size_t count, room;
};

static void tell(const struct repair *r, enum vault_repair_event event, const char *name)
{
    if (r->options->on_event)
        r->options->on_event(r->options->context, event, name);
}

static struct found *add(struct repair *r, const uint8_t *id)
{
    if (r->count == r->room) {
        r->room = r->room ? 2 * r->room : 64;
        r->packs = mem_resize(r->packs, r->room, sizeof *r->packs);
    }
    struct found *pack = &r->packs[r->count++];
    *pack = (struct found){0};
    memcpy(pack->id, id, SHA256_SIZE);
    return pack;
}

static int note_file(void *context, const char *name, uint64_t size)
{
    uint8_t id[SHA256_SIZE];
    int err = hex_decode(name, id, sizeof id);
    if (err)
        return err;
    struct found *pack = add(context, id);
    pack->present = true;
    pack->size = size;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return memcmp(x->id, y->id, SHA256_SIZE);
}

/* What several index files say of a pack, and the file, become one. It is right when one of them is: the same
 * pack is listed twice where a prune was cut off. */
static void merge(struct repair *r)
{
    size_t kept = 0;
    if (r->count)
        qsort(r->packs, r->count, sizeof *r->packs, by_id);
    for (size_t i = 0; i < r->count; i++) {
        struct found *last = kept ? &r->packs[kept - 1] : NULL, *one = &r->packs[i];
        if (!last || memcmp(last->id, one->id, SHA256_SIZE) != 0) {
            r->packs[kept++] = *one;
            continue;
        }
        uint64_t size = last->present ? last->size : one->size;
        bool fits = (last->indexed && last->expected == size) || (one->indexed && one->expected == size);
        last->present = last->present || one->present;
        last->size = size;
        last->indexed = last->indexed || one->indexed;
        last->expected = fits ? size : last->expected ? last->expected : one->expected;
    }
    r->count = kept;
}

static void bad_index(void *context, const char *name, int err)
{
    struct repair *r = context;
    (void)err;
    r->result->indexes_bad++;
    tell(r, VAULT_REPAIR_BAD_INDEX, name);
}

static void ignore_bad(void *context, const char *name, int err)
{
    (void)context;
    (void)name;
    (void)err;
}

static int look(struct repair *r, bool read_all_packs)
{
    int err = blob_list(vault_reader(r->vault), BLOB_PACK, note_file, r);
    if (!err && !read_all_packs) {
        /* Told of when they are removed. */
        err = vault_need_index_but(r->vault, ignore_bad, NULL);
        const struct index *index = vault_index(r->vault);
        for (size_t i = 0; !err && i < index->pack_count; i++) {
            struct found *pack = add(r, index->packs[i].id);
            pack->indexed = true;
            pack->expected = packfile_expected_size(index, &index->packs[i]);
        }
    }
    if (!err)
        merge(r);
    return err;
}

static int read_pack(struct repair *r, struct indexes_out *out, const struct found *pack, const char *name)
{
    struct pack_entry *entries;
    size_t count;
    int err = packfile_read_list(r->vault, name, pack->size, &entries, &count);
    r->result->packs_read++;
    if (err == ERR_CORRUPT || err == ERR_TOO_LARGE) {
        r->result->packs_bad++;
        tell(r, VAULT_REPAIR_BAD_PACK, name);
        return 0;
    }
    if (err)
        return err;
    err = indexes_put(out, pack->id, entries, count);
    free(entries);
    return err;
}

static int judge(struct repair *r, struct indexes_out *out, struct found *pack, bool read_all_packs)
{
    char name[VAULT_ID_TEXT];
    hex_encode(pack->id, SHA256_SIZE, name);
    pack->dropped = read_all_packs || !pack->present || !pack->indexed || pack->expected != pack->size;
    if (!pack->dropped)
        return 0;
    if (!pack->present) {
        r->result->packs_gone++;
        tell(r, VAULT_REPAIR_GONE_PACK, name);
        return 0;
    }
    if (!read_all_packs)
        tell(r, pack->indexed ? VAULT_REPAIR_OTHER_PACK : VAULT_REPAIR_NEW_PACK, name);
    return read_pack(r, out, pack, name);
}

static bool is_dropped(void *context, const uint8_t id[static SHA256_SIZE])
{
    const struct repair *r = context;
    struct found wanted;
    memcpy(wanted.id, id, SHA256_SIZE);
    const struct found *pack =
        r->count ? bsearch(&wanted, r->packs, r->count, sizeof *r->packs, by_id) : NULL;
    return !pack || pack->dropped;
}

static int repair(struct repair *r, bool read_all_packs)
{
    char(*names)[VAULT_ID_TEXT] = NULL;
    size_t count = 0;
    struct indexes_out out;
    int err = names_list(r->vault, BLOB_INDEX, &names, &count);
    if (!err)
        err = look(r, read_all_packs);
    indexes_begin(&out, r->vault);
    for (size_t i = 0; !err && i < r->count; i++)
        err = judge(r, &out, &r->packs[i], read_all_packs);
    int saved = indexes_end(&out, err != 0);
    if (!err)
        err = saved;
    if (!err)
        err = indexes_drop(r->vault, names, count, is_dropped, bad_index, r);
    free(names);
    return err;
}

int vault_repair_index(struct vault *vault, bool read_all_packs, const struct vault_repair_options *options,
                       struct vault_repair_result *result)
{
    struct repair r = {.vault = vault, .options = options, .result = result};
    struct lock *lock;
    *result = (struct vault_repair_result){0};
    int err = lock_take(vault, true, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    vault_rest(vault);
    err = repair(&r, read_all_packs);
    lock_release(lock);
    vault_rest(vault);
    free(r.packs);
    return err;
}
