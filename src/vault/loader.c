/* SPDX-License-Identifier: GPL-3.0-or-later
 * Reading blobs; the contract is in vault/vault.h.
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/retry.h"
#include "vault/vault.h"

/* A chunk is at most 8 MiB in restic; other programs allow other sizes. A folder's blob grows with its names.
 */
#define MAX_DATA_BLOB ((uint32_t)128 << 20)
#define MAX_TREE_BLOB ((uint32_t)1 << 30)

struct loader {
    const struct vault *vault;
    ZSTD_DCtx *unpacker;
    uint8_t *sealed, *plain;
    size_t sealed_room, plain_room;
};

struct loader *loader_new(const struct vault *vault)
{
    struct loader *loader = mem_zalloc(1, sizeof *loader);
    loader->vault = vault;
    loader->unpacker = ZSTD_createDCtx();
    return loader;
}

void loader_free(struct loader *loader)
{
    if (!loader)
        return;
    ZSTD_freeDCtx(loader->unpacker);
    free(loader->sealed);
    free(loader->plain);
    free(loader);
}

/* Room for `length` bytes; the old contents go. */
static void make_room(uint8_t **bytes, size_t *room, size_t length)
{
    if (*room >= length && *bytes)
        return;
    free(*bytes);
    *room = length < 65536 ? 65536 : length + length / 4;
    *bytes = mem_resize(NULL, *room, 1);
}

int loader_open_blob(struct loader *loader, const struct pack_entry *entry, uint8_t *sealed,
                     const uint8_t **bytes, size_t *length)
{
    uint32_t limit = entry->type == PACK_TREE ? MAX_TREE_BLOB : MAX_DATA_BLOB;
    if (entry->length < SEAL_OVERHEAD || entry->length > limit || entry->unpacked > limit)
        return err_set(ERR_TOO_LARGE, _("the blob claims an impossible size"));
    int err = seal_open(vault_seal_key(loader->vault), sealed, entry->length, sealed + SEAL_IV);
    if (err)
        return err;
    const uint8_t *plain = sealed + SEAL_IV;
    size_t size = entry->length - SEAL_OVERHEAD;
    if (entry->unpacked) {
        make_room(&loader->plain, &loader->plain_room, entry->unpacked);
        size_t made = ZSTD_decompressDCtx(loader->unpacker, loader->plain, entry->unpacked, plain, size);
        if (ZSTD_isError(made) || made != entry->unpacked)
            return err_set(ERR_CORRUPT, _("the compressed bytes are damaged"));
        plain = loader->plain;
        size = made;
    }
    uint8_t id[SHA256_SIZE];
    sha256_of(plain, size, id);
    if (memcmp(id, entry->id, SHA256_SIZE) != 0)
        return err_set(ERR_CORRUPT, _("the bytes are not those of that name"));
    *bytes = plain;
    *length = size;
    return 0;
}

static int damaged(const struct loader *loader, int err, const uint8_t *id, const char *pack)
{
    char *why MEM_AUTO = mem_strdup(err_text());
    char name[VAULT_ID_TEXT];
    hex_encode(id, SHA256_SIZE, name);
    /* What cannot be read just now is not damaged. */
    bool whole = err == ERR_SYSTEM || err == ERR_PERMISSION || retry_may_pass(err);
    enum err code = whole ? (enum err)err : ERR_CORRUPT;
    err_set(code, _("blob %.10s in %s/data/%.2s/%s cannot be read: %s"), name, vault_path(loader->vault),
            pack, pack, why);
    return whole ? code : err_hint(code, _("beffroi vault check --read-data finds all that is damaged"));
}

static int read_blob(struct loader *loader, const struct pack_entry *entry, const char *pack,
                     const uint8_t **bytes, size_t *length)
{
    struct blob_reader reader = vault_reader(loader->vault);
    make_room(&loader->sealed, &loader->sealed_room, entry->length);
    int err = entry->type == PACK_TREE
                  ? blob_read_folders(reader, pack, entry->offset, loader->sealed, entry->length)
                  : blob_read(reader, BLOB_PACK, pack, entry->offset, loader->sealed, entry->length);
    return err ? err : loader_open_blob(loader, entry, loader->sealed, bytes, length);
}

int loader_load(struct loader *loader, enum pack_type type, const uint8_t id[static SHA256_SIZE],
                const uint8_t **bytes, size_t *length)
{
    const struct index *index = vault_index(loader->vault);
    const struct index_entry *found = index ? index_find(index, type, id) : NULL;
    char name[VAULT_ID_TEXT];
    if (!found || found->pack == INDEX_PENDING) {
        hex_encode(id, SHA256_SIZE, name);
        return err_hint(err_set(ERR_NOT_FOUND, _("the repository %s lacks the %s blob %.10s"),
                                vault_path(loader->vault), type == PACK_TREE ? "tree" : "data", name),
                        _("beffroi vault check says what is missing"));
    }
    struct pack_entry entry = {
        .type = type, .offset = found->offset, .length = found->length, .unpacked = found->unpacked};
    memcpy(entry.id, id, SHA256_SIZE);
    hex_encode(index->packs[found->pack].id, SHA256_SIZE, name);
    if (entry.length > MAX_TREE_BLOB)
        return damaged(loader, err_set(ERR_CORRUPT, _("the index claims an impossible size")), id, name);
    int err = read_blob(loader, &entry, name, bytes, length);
    if (err == ERR_CORRUPT && blob_forget(vault_reader(loader->vault), name))
        err = read_blob(loader, &entry, name, bytes, length);
    return err ? damaged(loader, err, id, name) : 0;
}
