/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/vault.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/cache.h"
#include "blob/open.h"
#include "vault/config.h"
#include "vault/key.h"
#include "vault/unpack.h"

#define KEYS_TRIED      64 /* key files; each costs a scrypt */
#define MAX_KEY_FILE    ((size_t)64 << 10)
#define MOST_READERS    8 /* of a local disk */
#define MAX_CONFIG      ((size_t)1 << 20)
#define MAX_SEALED_FILE ((size_t)256 << 20) /* index files of other programs can be large */

struct vault_key {
    struct seal_key seal;
};

struct vault {
    char *location;
    struct blob_store *store;
    struct vault_key *key;
    char key_name[VAULT_ID_TEXT];
    struct config config;
    struct index *index;
    struct vault_packing packing;
    int64_t patience_ns;
};

/* A page of its own: locked against swapping where the limit allows it, and left out of core dumps. */
static struct vault_key *key_new(void)
{
    void *page =
        mmap(NULL, sizeof(struct vault_key), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        abort();
    mlock(page, sizeof(struct vault_key));
    madvise(page, sizeof(struct vault_key), MADV_DONTDUMP);
    return page;
}

void vault_key_free(struct vault_key *key)
{
    if (!key)
        return;
    mem_wipe(key, sizeof *key);
    munmap(key, sizeof *key);
}

struct vault_key *vault_keep_key(const struct vault *vault)
{
    struct vault_key *copy = key_new();
    *copy = *vault->key;
    return copy;
}

const char *vault_path(const struct vault *vault)
{
    return vault->store->where;
}

const char *vault_location(const struct vault *vault)
{
    return vault->location;
}

const char *vault_key_name(const struct vault *vault)
{
    return vault->key_name;
}

void vault_set_key_name(struct vault *vault, const char name[static VAULT_ID_TEXT])
{
    memcpy(vault->key_name, name, VAULT_ID_TEXT - 1);
}

const char *vault_id(const struct vault *vault)
{
    return vault->config.id;
}

unsigned vault_version(const struct vault *vault)
{
    return vault->config.version;
}

uint64_t vault_polynomial(const struct vault *vault)
{
    return vault->config.polynomial;
}

const struct seal_key *vault_seal_key(const struct vault *vault)
{
    return &vault->key->seal;
}

struct blob_reader vault_reader(const struct vault *vault)
{
    return blob_reader(vault->store);
}

struct blob_writer vault_writer(const struct vault *vault)
{
    return blob_writer(vault->store);
}

struct blob_remover vault_remover(const struct vault *vault)
{
    return blob_remover(vault->store);
}

struct blob_pruner vault_pruner(const struct vault *vault)
{
    return blob_pruner(vault->store);
}

unsigned vault_connections(const struct vault *vault)
{
    return blob_connections(vault->store);
}

unsigned vault_reading_threads(const struct vault *vault, unsigned most)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = processors < 1 ? 1 : processors > MOST_READERS ? MOST_READERS : (unsigned)processors;
    if (wanted < vault_connections(vault))
        wanted = vault_connections(vault);
    return wanted < most ? wanted : most;
}

struct index *vault_index(const struct vault *vault)
{
    return vault->index;
}

static int write_key(struct blob_writer writer, const struct seal_key *master, const char *password)
{
    struct buf file BUF_AUTO;
    buf_init(&file, MAX_KEY_FILE);
    int err = key_encode(master, password, NULL, &file);
    if (err)
        return err;
    uint8_t id[SHA256_SIZE];
    char name[VAULT_ID_TEXT];
    sha256_of(file.data, file.length, id);
    hex_encode(id, sizeof id, name);
    return blob_write(writer, BLOB_KEY, name, file.data, file.length);
}

static int write_config(struct blob_writer writer, const struct seal_key *master,
                        const struct vault_init_options *options)
{
    struct buf plain BUF_AUTO, sealed BUF_AUTO;
    struct config config;
    buf_init(&plain, MAX_CONFIG);
    buf_init(&sealed, MAX_CONFIG);
    config_random(&config);
    if (options && options->polynomial)
        config.polynomial = options->polynomial;
    if (options && options->version)
        config.version = options->version;
    config_encode(&config, &plain);
    uint8_t *place = buf_reserve(&sealed, plain.length + SEAL_OVERHEAD);
    int err = seal_close(master, plain.data, plain.length, place);
    return err ? err : blob_write(writer, BLOB_CONFIG, NULL, place, plain.length + SEAL_OVERHEAD);
}

static int refuse_existing(const char *location)
{
    struct blob_store *store;
    uint64_t size;
    int err = blob_open(location, &store);
    if (err)
        return err == ERR_NOT_FOUND ? 0 : err;
    err = blob_size(blob_reader(store), BLOB_CONFIG, NULL, &size);
    if (!err)
        err = err_set(ERR_EXISTS, _("%s already holds a repository"), store->where);
    blob_close(store);
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* The config comes last: a folder without one is no repository, so a failure half-way can be tried again. */
int vault_init(const char *location, const char *password, const struct vault_init_options *options)
{
    if (!*password)
        return err_set(ERR_INVALID, _("an empty password protects nothing"));
    struct blob_store *store = NULL;
    int err = refuse_existing(location);
    if (!err)
        err = blob_create(location, &store);
    if (err)
        return err;
    struct vault_key *key = key_new();
    seal_key_random(&key->seal);
    err = write_key(blob_writer(store), &key->seal, password);
    if (!err)
        err = write_config(blob_writer(store), &key->seal, options);
    vault_key_free(key);
    blob_close(store);
    return err;
}

/* Opens the store of a place that holds a repository. */
static int open_store(const char *location, struct blob_store **out)
{
    struct blob_store *store = NULL;
    uint64_t size;
    int err = blob_open(location, &store);
    if (!err)
        err = blob_size(blob_reader(store), BLOB_CONFIG, NULL, &size);
    if (err == ERR_NOT_FOUND && !*err_hint_text()) { /* a hint: the store knows better what happened */
        char *where MEM_AUTO = store ? mem_strdup(store->where) : blob_location_text(location);
        err_hint(
            err_set(ERR_NOT_FOUND, _("%s is not a repository: there is no file %s/config"), where, where),
            _("make one with: beffroi vault init -r %s"), where);
    }
    if (err)
        blob_close(store);
    else
        *out = store;
    return err;
}

static int read_config(struct vault *vault)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, MAX_CONFIG);
    int err = blob_read_all(blob_reader(vault->store), BLOB_CONFIG, NULL, &bytes);
    if (!err)
        err = seal_open(&vault->key->seal, bytes.data, bytes.length, bytes.data);
    if (err == ERR_CORRUPT)
        return err_hint(err_set(ERR_CORRUPT, _("%s/config is damaged: %s"), vault_path(vault), err_text()),
                        _("put back a copy of that file; without it the repository cannot be read"));
    if (err)
        return err;
    err = config_decode(bytes.data, bytes.length - SEAL_OVERHEAD, &vault->config);
    return err ? err_in(err, "%s/config", vault_path(vault)) : 0;
}

struct key_search {
    struct vault *vault;
    const char *password;
    struct seal_key *master;
    unsigned seen, wrong;
    bool found;
    int failed; /* the last error that was not a wrong password */
};

static int try_key(void *context, const char *name, uint64_t size)
{
    struct key_search *search = context;
    struct buf bytes BUF_AUTO;
    (void)size;
    if (++search->seen > KEYS_TRIED)
        return 1;
    buf_init(&bytes, MAX_KEY_FILE);
    int err = blob_read_all(blob_reader(search->vault->store), BLOB_KEY, name, &bytes);
    if (!err)
        err = key_decode(bytes.data, bytes.length, search->password, search->master);
    if (!err) {
        search->found = true;
        vault_set_key_name(search->vault, name);
        return 1;
    }
    if (err == ERR_WRONG_SECRET)
        search->wrong++;
    else
        search->failed = err_in(err, "%s/keys/%.8s", vault_path(search->vault), name);
    return 0;
}

/* Every key file is tried; a damaged one does not keep the others from opening. */
static int find_key(struct vault *vault, const char *password)
{
    struct key_search search = {.vault = vault, .password = password, .master = &vault->key->seal};
    int err = blob_list(blob_reader(vault->store), BLOB_KEY, try_key, &search);
    if (search.found)
        return 0;
    if (err < 0)
        return err;
    if (search.wrong == 0 && search.failed)
        return search.failed;
    if (search.seen == 0)
        return err_hint(err_set(ERR_CORRUPT, _("the repository %s has no key"), vault_path(vault)),
                        _("put back a copy of the folder %s/keys; without a key nothing in it can be read"),
                        vault_path(vault));
    return err_hint(err_set(ERR_WRONG_SECRET, _("wrong password for the repository %s (tried on %u keys)"),
                            vault_path(vault), search.seen),
                    _("name the file that holds the right one with --password-file"));
}

static struct vault *new_vault(const char *location, struct blob_store *store)
{
    struct vault *vault = mem_zalloc(1, sizeof *vault);
    vault->location = mem_strdup(location);
    vault->store = store;
    vault->key = key_new();
    return vault;
}

int vault_open(const char *location, const char *password, struct vault **out)
{
    struct blob_store *store;
    int err = open_store(location, &store);
    if (err)
        return err;
    struct vault *vault = new_vault(location, store);
    err = find_key(vault, password);
    if (!err)
        err = read_config(vault);
    if (!err)
        vault->store = cache_wrap(vault->store, vault->config.id);
    if (err)
        vault_close(vault);
    else
        *out = vault;
    return err;
}

int vault_open_with_key(const char *location, const struct vault_key *key, struct vault **out)
{
    struct blob_store *store;
    int err = open_store(location, &store);
    if (err)
        return err;
    struct vault *vault = new_vault(location, store);
    *vault->key = *key;
    err = read_config(vault);
    if (!err)
        vault->store = cache_wrap(vault->store, vault->config.id);
    if (err)
        vault_close(vault);
    else
        *out = vault;
    return err;
}

void vault_close(struct vault *vault)
{
    if (!vault)
        return;
    index_free(vault->index);
    vault_key_free(vault->key);
    blob_close(vault->store);
    free(vault->location);
    free(vault);
}

void vault_set_packing(struct vault *vault, const struct vault_packing *packing)
{
    vault->packing = *packing;
}

const struct vault_packing *vault_packing(const struct vault *vault)
{
    return &vault->packing;
}

void vault_set_patience(struct vault *vault, int64_t wait_ns)
{
    vault->patience_ns = wait_ns;
}

int64_t vault_patience(const struct vault *vault)
{
    return vault->patience_ns;
}

void vault_rest(struct vault *vault)
{
    index_free(vault->index);
    vault->index = NULL;
    malloc_trim(0);
}

static int check_name(const struct vault *vault, enum blob_kind kind, const char *name,
                      const struct buf *bytes)
{
    uint8_t id[SHA256_SIZE];
    char found[VAULT_ID_TEXT];
    sha256_of(bytes->data, bytes->length, id);
    hex_encode(id, sizeof id, found);
    if (strcmp(found, name) == 0)
        return 0;
    return err_hint(
        err_set(ERR_CORRUPT, _("%s/%s/%s is damaged: its bytes do not match its name"), vault_path(vault),
                blob_kind_folder(kind), name),
        _("beffroi vault check --read-data says what else is; put back a copy of that file if there is "
          "one"));
}

/* Plain JSON from format 1, or a 2 and a zstd stream. */
static int unpack_file(const uint8_t *bytes, size_t length, struct buf *plain)
{
    if (length > 0 && (bytes[0] == '{' || bytes[0] == '[')) {
        buf_put(plain, bytes, length);
        return plain->overflowed ? err_set(ERR_TOO_LARGE, _("the file is too large")) : 0;
    }
    if (length == 0 || bytes[0] != 2)
        return err_set(ERR_UNSUPPORTED, _("the file is in an encoding that this program does not know"));
    return unpack_stream(bytes + 1, length - 1, plain);
}

int vault_read_file(const struct vault *vault, enum blob_kind kind, const char *name, struct buf *bytes)
{
    int err = blob_read_all(blob_reader(vault->store), kind, name, bytes);
    return err ? err : check_name(vault, kind, name, bytes);
}

int vault_load_file(const struct vault *vault, enum blob_kind kind, const char *name, struct buf *plain)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, MAX_SEALED_FILE);
    int err = vault_read_file(vault, kind, name, &bytes);
    if (err)
        return err;
    err = seal_open(&vault->key->seal, bytes.data, bytes.length, bytes.data);
    if (!err)
        err = unpack_file(bytes.data, bytes.length - SEAL_OVERHEAD, plain);
    return err ? err_in(err, "%s/%s/%s", vault_path(vault), blob_kind_folder(kind), name) : 0;
}

int vault_save_file(const struct vault *vault, enum blob_kind kind, const void *plain, size_t length,
                    char name[static VAULT_ID_TEXT])
{
    struct buf packed BUF_AUTO, sealed BUF_AUTO;
    buf_init(&packed, MAX_SEALED_FILE);
    buf_init(&sealed, MAX_SEALED_FILE);
    int err = 0;
    if (vault->config.version >= 2) {
        buf_put_u8(&packed, 2);
        err = unpack_make(plain, length, &packed);
    } else {
        buf_put(&packed, plain, length);
    }
    uint8_t *place = err ? NULL : buf_reserve(&sealed, packed.length + SEAL_OVERHEAD);
    if (!place)
        return err ? err : err_set(ERR_TOO_LARGE, _("too large to be stored in one file"));
    err = seal_close(&vault->key->seal, packed.data, packed.length, place);
    if (err)
        return err;
    uint8_t id[SHA256_SIZE];
    sha256_of(place, packed.length + SEAL_OVERHEAD, id);
    hex_encode(id, sizeof id, name);
    return blob_write(blob_writer(vault->store), kind, name, place, packed.length + SEAL_OVERHEAD);
}

struct index_search {
    struct vault *vault;
    vault_bad_file *bad;
    void *context;
    bool some_bad;
};

static int read_index_file(void *context, const char *name, uint64_t size)
{
    struct index_search *search = context;
    struct buf plain BUF_AUTO;
    (void)size;
    buf_init(&plain, (size_t)1 << 30);
    int err = vault_load_file(search->vault, BLOB_INDEX, name, &plain);
    if (!err) {
        err = index_decode(search->vault->index, plain.data, plain.length);
        if (err)
            err = err_in(err, "%s/index/%s", vault_path(search->vault), name);
    }
    if (!err || !search->bad)
        return err;
    search->some_bad = true;
    search->bad(search->context, name, err);
    return 0;
}

struct pack_list {
    uint8_t (*ids)[SHA256_SIZE];
    size_t count;
};

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, SHA256_SIZE);
}

static bool list_has(void *context, const char *name)
{
    const struct pack_list *list = context;
    uint8_t id[SHA256_SIZE];
    return hex_decode(name, id, sizeof id) == 0 && list->count &&
           bsearch(id, list->ids, list->count, SHA256_SIZE, compare_ids);
}

/* Packs that no index names are of no use in the cache. */
static void sweep_cache(const struct vault *vault)
{
    const struct index *index = vault->index;
    struct pack_list list = {mem_zalloc(index->pack_count, SHA256_SIZE), index->pack_count};
    for (size_t i = 0; i < index->pack_count; i++)
        memcpy(list.ids[i], index->packs[i].id, SHA256_SIZE);
    if (list.count)
        qsort(list.ids, list.count, SHA256_SIZE, compare_ids);
    cache_sweep_packs(vault->store, list_has, &list);
    free(list.ids);
}

int vault_need_index_but(struct vault *vault, vault_bad_file *bad, void *context)
{
    if (vault->index)
        return 0;
    struct index_search search = {.vault = vault, .bad = bad, .context = context};
    vault->index = index_new();
    int err = blob_list(blob_reader(vault->store), BLOB_INDEX, read_index_file, &search);
    if (!err && !search.some_bad && vault_connections(vault))
        sweep_cache(vault);
    if (err) {
        index_free(vault->index);
        vault->index = NULL;
    }
    return err;
}

int vault_need_index(struct vault *vault)
{
    return vault_need_index_but(vault, NULL, NULL);
}
