/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/check.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/retry.h"
#include "vault/lock.h"
#include "vault/packfile.h"
#include "vault/snapshot.h"
#include "vault/tree.h"

#define MAX_WORKERS 16
#define MAX_PACK    ((uint64_t)1 << 30)

struct pack_file {
    uint8_t id[SHA256_SIZE];
    uint64_t size;
    bool indexed;
    bool chosen; /* to be read */
};

struct pending_tree {
    uint8_t id[SHA256_SIZE];
    char *path;
};

struct check {
    struct vault *vault;
    const struct vault_check_options *options;
    struct vault_check_result *result;
    pthread_mutex_t mutex; /* the result, the callbacks and lost_text */
    atomic_int lost;       /* the store was not reached: that is no damage, but ends the check */
    char *lost_text;
    struct loader *loader;
    struct pack_file *packs;
    size_t pack_count, chosen_count;
    struct index *seen;           /* trees that were looked at */
    struct pending_tree *pending; /* trees to look at */
    size_t pending_count, pending_room;
    atomic_size_t next;
};

static void tell(struct check *check, enum vault_finding kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct check *check, enum vault_finding kind, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&check->mutex);
    (*(kind == VAULT_FINDING_DAMAGE ? &check->result->damages : &check->result->notes))++;
    if (check->options->on_finding)
        check->options->on_finding(check->options->context, kind, text);
    pthread_mutex_unlock(&check->mutex);
}

/* Whether the thread's error is that the store cannot be reached; it is kept. */
static bool is_lost(struct check *check, int err)
{
    if (!retry_may_pass(err))
        return false;
    pthread_mutex_lock(&check->mutex);
    if (!check->lost_text)
        check->lost_text = mem_strdup(err_text());
    pthread_mutex_unlock(&check->mutex);
    atomic_store(&check->lost, err);
    return true;
}

static void bad_file(void *context, const char *name, int err)
{
    (void)name;
    if (!is_lost(context, err))
        tell(context, VAULT_FINDING_DAMAGE, "%s", err_text());
}

/* ---- packs against the index ---- */

static int add_pack(void *context, const char *name, uint64_t size)
{
    struct check *check = context;
    if ((check->pack_count & (check->pack_count - 1)) == 0)
        check->packs =
            mem_resize(check->packs, check->pack_count ? 2 * check->pack_count : 1, sizeof *check->packs);
    struct pack_file *pack = &check->packs[check->pack_count++];
    *pack = (struct pack_file){.size = size};
    return hex_decode(name, pack->id, SHA256_SIZE);
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct pack_file *)a)->id, ((const struct pack_file *)b)->id, SHA256_SIZE);
}

static struct pack_file *find_pack(const struct check *check, const uint8_t *id)
{
    struct pack_file key;
    memcpy(key.id, id, SHA256_SIZE);
    return check->pack_count ? bsearch(&key, check->packs, check->pack_count, sizeof key, by_id) : NULL;
}

static void check_packs(struct check *check)
{
    const struct index *index = vault_index(check->vault);
    for (size_t i = 0; i < index->pack_count; i++) {
        const struct index_pack *pack = &index->packs[i];
        char name[VAULT_ID_TEXT];
        hex_encode(pack->id, SHA256_SIZE, name);
        struct pack_file *file = find_pack(check, pack->id);
        uint64_t size = packfile_expected_size(index, pack);
        if (!file)
            tell(check, VAULT_FINDING_DAMAGE, _("pack %s is missing"), name);
        else if (!size)
            tell(check, VAULT_FINDING_DAMAGE, _("the index of pack %s has gaps"), name);
        else if (file->size != size)
            tell(check, VAULT_FINDING_DAMAGE, _("pack %s is %llu bytes long and should be %llu"), name,
                 (unsigned long long)file->size, (unsigned long long)size);
        if (file)
            file->indexed = true;
    }
    for (size_t i = 0; i < check->pack_count; i++) {
        char name[VAULT_ID_TEXT];
        hex_encode(check->packs[i].id, SHA256_SIZE, name);
        if (!check->packs[i].indexed)
            tell(check, VAULT_FINDING_NOTE, _("pack %s is in no index (left by a backup that was cut off)"),
                 name);
    }
}

/* ---- snapshots and trees ---- */

/* Takes the path's ownership. */
static void push_tree(struct check *check, const uint8_t *id, char *path)
{
    if (index_find(check->seen, PACK_TREE, id)) {
        free(path);
        return;
    }
    index_add_pending(check->seen, PACK_TREE, id);
    if (check->pending_count == check->pending_room) {
        check->pending_room = check->pending_room ? 2 * check->pending_room : 64;
        check->pending = mem_resize(check->pending, check->pending_room, sizeof *check->pending);
    }
    struct pending_tree *pending = &check->pending[check->pending_count++];
    memcpy(pending->id, id, SHA256_SIZE);
    pending->path = path;
}

static void check_file(struct check *check, const struct node *node, const char *path)
{
    const struct index *index = vault_index(check->vault);
    uint64_t size = 0;
    for (size_t i = 0; i < node->content_count; i++) {
        const struct index_entry *entry = index_find(index, PACK_DATA, node->content[i]);
        if (!entry) {
            char name[VAULT_ID_TEXT];
            hex_encode(node->content[i], SHA256_SIZE, name);
            tell(check, VAULT_FINDING_DAMAGE, _("%s/%s: the repository lacks the data blob %.10s"), path,
                 node->name, name);
            return;
        }
        size += entry->unpacked ? entry->unpacked : entry->length - SEAL_OVERHEAD;
    }
    if (size != node->size)
        tell(check, VAULT_FINDING_DAMAGE, _("%s/%s: its chunks hold %llu of its %llu bytes"), path,
             node->name, (unsigned long long)size, (unsigned long long)node->size);
}

static void check_tree(struct check *check, const struct pending_tree *pending)
{
    const uint8_t *bytes;
    size_t length;
    struct tree *tree;
    int err = loader_load(check->loader, PACK_TREE, pending->id, &bytes, &length);
    if (!err)
        err = tree_decode(bytes, length, &tree);
    if (err) {
        if (!is_lost(check, err))
            tell(check, VAULT_FINDING_DAMAGE, "%s: %s", pending->path, err_text());
        return;
    }
    check->result->trees++;
    for (size_t i = 0; i < tree->count; i++) {
        const struct node *node = &tree->nodes[i];
        if (node->type == NODE_DIR)
            push_tree(check, node->subtree, mem_printf("%s/%s", pending->path, node->name));
        else if (node->type == NODE_FILE)
            check_file(check, node, pending->path);
    }
    tree_free(tree);
}

static int check_snapshots(struct check *check)
{
    struct snapshots list;
    int err = snapshot_read_all(check->vault, bad_file, check, &list);
    if (err)
        return err;
    check->seen = index_new();
    check->loader = loader_new(check->vault);
    check->result->snapshots = list.count;
    for (size_t i = 0; i < list.count; i++)
        push_tree(check, list.items[i]->tree, mem_printf(_("snapshot %.8s: "), list.items[i]->id));
    while (check->pending_count > 0) {
        struct pending_tree pending = check->pending[--check->pending_count];
        if (!check->lost)
            check_tree(check, &pending);
        free(pending.path);
    }
    snapshot_free_all(&list);
    return 0;
}

/* ---- every byte ---- */

static void check_blobs(struct check *check, struct loader *loader, const char *name, uint8_t *bytes,
                        const struct pack_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *plain;
        size_t length;
        char blob[VAULT_ID_TEXT];
        hex_encode(entries[i].id, SHA256_SIZE, blob);
        if (loader_open_blob(loader, &entries[i], bytes + entries[i].offset, &plain, &length) != 0)
            tell(check, VAULT_FINDING_DAMAGE, _("pack %s: blob %.10s: %s"), name, blob, err_text());
        else if (!index_find(vault_index(check->vault), entries[i].type, entries[i].id))
            tell(check, VAULT_FINDING_NOTE, _("pack %s: blob %.10s is in no index"), name, blob);
    }
}

static int check_bytes(struct check *check, struct loader *loader, const struct pack_file *pack,
                       const char *name)
{
    struct pack_entry *entries = NULL;
    size_t count = 0;
    uint8_t id[SHA256_SIZE];
    if (pack->size > MAX_PACK)
        return err_set(ERR_TOO_LARGE, _("it is larger than a pack can be"));
    uint8_t *bytes MEM_AUTO = mem_resize(NULL, (size_t)pack->size, 1);
    int err = blob_read(vault_reader(check->vault), BLOB_PACK, name, 0, bytes, (size_t)pack->size);
    if (err)
        return err;
    sha256_of(bytes, (size_t)pack->size, id);
    bool intact = memcmp(id, pack->id, SHA256_SIZE) == 0;
    if (!intact)
        tell(check, VAULT_FINDING_DAMAGE, _("pack %s: its bytes do not match its name"), name);
    err = packfile_list(vault_seal_key(check->vault), bytes, (size_t)pack->size, &entries, &count);
    if (!err)
        check_blobs(check, loader, name, bytes, entries, count);
    if (!err)
        free(entries);
    return err;
}

static void count_read(struct check *check, uint64_t size)
{
    pthread_mutex_lock(&check->mutex);
    check->result->packs++;
    check->result->bytes_read += size;
    if (check->options->on_progress)
        check->options->on_progress(check->options->context, check->result->packs, check->chosen_count);
    pthread_mutex_unlock(&check->mutex);
}

static void *read_packs(void *context)
{
    struct check *check = context;
    struct loader *loader = loader_new(check->vault);
    size_t i;
    while (!check->lost && (i = atomic_fetch_add(&check->next, 1)) < check->pack_count) {
        const struct pack_file *pack = &check->packs[i];
        char name[VAULT_ID_TEXT];
        hex_encode(pack->id, SHA256_SIZE, name);
        if (!pack->chosen)
            continue;
        int err = check_bytes(check, loader, pack, name);
        if (err && !is_lost(check, err))
            tell(check, VAULT_FINDING_DAMAGE, _("pack %s: %s"), name, err_text());
        count_read(check, pack->size);
    }
    loader_free(loader);
    return NULL;
}

/* A number below `limit`, each as likely as the others. */
static uint64_t by_chance(uint64_t limit)
{
    uint64_t number, most = UINT64_MAX - UINT64_MAX % limit;
    do
        if (getrandom(&number, sizeof number, 0) != sizeof number)
            return 0;
    while (number >= most);
    return number % limit;
}

/* How many of the packs that by their number or their bytes are asked for; one at least. */
static size_t wanted_count(const struct check *check, size_t candidates, uint64_t bytes)
{
    const struct vault_check_options *options = check->options;
    double share =
        options->most_bytes ? (double)options->most_bytes / ((double)bytes + 1) : options->percent / 100;
    size_t wanted = (size_t)((double)candidates * (share < 1 ? share : 1) + 0.5);
    return wanted ? wanted : 1;
}

/* Takes `wanted` of those that are chosen now: goes through them once, and each is taken with the chance that
 * what is still wanted has among what is still to come. */
static void thin_out(struct check *check, size_t wanted)
{
    size_t left = check->chosen_count;
    check->chosen_count = wanted < left ? wanted : left;
    for (size_t i = 0; i < check->pack_count; i++) {
        if (!check->packs[i].chosen)
            continue;
        check->packs[i].chosen = by_chance(left--) < wanted;
        wanted -= check->packs[i].chosen;
    }
}

/* Which packs are to be read. The parts are restic's: by the first byte of the ID, so that reading part after
 * part, day by day, reads all. */
static void choose_packs(struct check *check)
{
    const struct vault_check_options *options = check->options;
    uint64_t bytes = 0;
    for (size_t i = 0; i < check->pack_count; i++) {
        struct pack_file *pack = &check->packs[i];
        pack->chosen =
            pack->indexed && (!options->parts || pack->id[0] % options->parts == options->part - 1);
        check->chosen_count += pack->chosen;
        bytes += pack->chosen ? pack->size : 0;
    }
    if (check->chosen_count && (options->percent > 0 || options->most_bytes))
        thin_out(check, wanted_count(check, check->chosen_count, bytes));
}

static void check_data(struct check *check)
{
    choose_packs(check);
    pthread_t helpers[MAX_WORKERS];
    unsigned wanted = vault_reading_threads(check->vault, MAX_WORKERS) - 1;
    unsigned started = 0;
    while (started < wanted && pthread_create(&helpers[started], NULL, read_packs, check) == 0)
        started++;
    read_packs(check);
    while (started > 0)
        pthread_join(helpers[--started], NULL);
}

static int run(struct check *check)
{
    vault_rest(check->vault); /* an index in memory may be older than the repository */
    int err = vault_need_index_but(check->vault, bad_file, check);
    if (!err)
        err = blob_list(vault_reader(check->vault), BLOB_PACK, add_pack, check);
    if (err)
        return err;
    if (check->pack_count)
        qsort(check->packs, check->pack_count, sizeof *check->packs, by_id);
    check->result->blobs = vault_index(check->vault)->count;
    check->result->packs = check->pack_count;
    check_packs(check);
    err = check_snapshots(check);
    if (!err && check->options->read_data && !check->lost) {
        check->result->packs = 0;
        check_data(check);
    }
    return check->lost ? err_set((enum err)check->lost, "%s", check->lost_text) : err;
}

int vault_check(struct vault *vault, const struct vault_check_options *options,
                struct vault_check_result *result)
{
    *result = (struct vault_check_result){0};
    struct lock *lock = NULL;
    int err = options->no_lock ? 0 : lock_take(vault, false, &lock);
    if (err && err != ERR_READ_ONLY)
        return err;
    struct check check = {.vault = vault, .options = options, .result = result};
    pthread_mutex_init(&check.mutex, NULL);
    err = run(&check);
    lock_release(lock);
    loader_free(check.loader);
    index_free(check.seen);
    free(check.packs);
    free(check.lost_text);
    free(check.pending);
    pthread_mutex_destroy(&check.mutex);
    vault_rest(vault);
    if (err)
        return err;
    if (result->damages)
        return err_hint(err_set(ERR_CORRUPT, _("the repository %s is damaged in %llu places"),
                                vault_path(vault), (unsigned long long)result->damages),
                        _("what is not named above can still be restored; copy that first, then see: beffroi "
                          "vault repair "
                          "--help (repository %s)"),
                        vault_path(vault));
    return 0;
}
