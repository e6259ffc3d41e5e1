/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/writer.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/senders.h"

#define QUEUE_BLOBS  256
#define QUEUE_BYTES  ((size_t)8 << 20)
#define MAX_WORKERS  16
#define MOST_OPEN    2 /* packs of a type: more would make many small ones at the end */
#define INDEX_BLOBS  50000
#define INDEX_AGE_NS (600 * NS_PER_SECOND)
/* zstd's levels. On Debian's library tree the repository is 1 % larger than restic's with level 2 (3: 1 %
 * smaller), for two thirds of level 3's time. The others are those of restic's words. */
static const int levels[] = {[VAULT_COMPRESS_AUTO] = 2,
                             [VAULT_COMPRESS_OFF] = 2, /* of folders */
                             [VAULT_COMPRESS_FASTEST] = 1,
                             [VAULT_COMPRESS_BETTER] = 7,
                             [VAULT_COMPRESS_MAX] = 19};

struct job {
    struct job *next;
    enum pack_type type;
    uint8_t *bytes;
    size_t length;
    uint8_t id[SHA256_SIZE];
};

struct worker {
    struct writer *writer;
    pthread_t thread;
    ZSTD_CCtx *packer;
    uint8_t *packed;
    size_t packed_room;
};

/* The open packs of a type. A worker takes one for each blob and gives it back, so that few blobs make one
 * pack, and many at once seldom wait for each other. */
struct shelf {
    struct pack packs[MOST_OPEN]; /* that nobody has just now */
    unsigned count, taken;
};

struct writer {
    struct vault *vault;
    size_t pack_bytes;
    bool grows;          /* packs go out while they are filled; else they are held in memory */
    unsigned most_packs; /* open at once, of a type */
    struct worker workers[MAX_WORKERS];
    unsigned worker_count;
    struct senders *senders; /* of a store behind a network; NULL: the workers write packs themselves */

    pthread_mutex_t mutex; /* all below */
    pthread_cond_t work, space, pack_back;
    struct job *first, **last;
    size_t queued, queued_bytes; /* waiting or being worked on */
    bool ending;
    struct shelf shelves[2]; /* data, trees */
    struct buf index;        /* of the packs that stand, not yet written */
    size_t index_blobs;
    int64_t index_since_ns;
    struct writer_totals totals;
    int err;
    char *err_text, *err_hint;
};

static void remember_error(struct writer *writer, int err)
{
    if (!err || writer->err)
        return;
    writer->err = err;
    writer->err_text = mem_strdup(err_text());
    writer->err_hint = mem_strdup(err_hint_text());
}

static int recall_error(struct writer *writer)
{
    if (!writer->err)
        return 0;
    int err = err_set((enum err)writer->err, "%s", writer->err_text);
    return *writer->err_hint ? err_hint(err, "%s", writer->err_hint) : err;
}

/* Called with the mutex held; writes what is known of the index so far. */
static int write_index(struct writer *writer)
{
    if (writer->index_blobs == 0)
        return 0;
    char name[VAULT_ID_TEXT];
    index_end(&writer->index);
    int err = writer->index.overflowed ? err_set(ERR_TOO_LARGE, _("the index grew too large"))
                                       : vault_save_file(writer->vault, BLOB_INDEX, writer->index.data,
                                                         writer->index.length, name);
    buf_clear(&writer->index);
    index_begin(&writer->index);
    writer->index_blobs = 0;
    writer->index_since_ns = clock_system.monotonic_ns(clock_system.self);
    return err;
}

/* Called with the mutex held, after a pack was written. */
static int note_pack(struct writer *writer, const uint8_t *id, const struct pack *pack)
{
    index_put_pack(&writer->index, id, pack->entries, pack->count);
    writer->index_blobs += pack->count;
    writer->totals.stored_bytes += pack->length;
    int64_t age = clock_system.monotonic_ns(clock_system.self) - writer->index_since_ns;
    return writer->index_blobs >= INDEX_BLOBS || age > INDEX_AGE_NS ? write_index(writer) : 0;
}

/* Seals the header and writes a pack that is no longer shared; the mutex is not held. */
static int write_pack(struct writer *writer, struct pack *pack)
{
    uint8_t id[SHA256_SIZE];
    char name[VAULT_ID_TEXT];
    int err = pack_finish(pack, vault_seal_key(writer->vault), id);
    if (!err) {
        hex_encode(id, sizeof id, name);
        err = pack_store(pack, vault_writer(writer->vault), name);
        if (!err && !pack->out && pack->count && pack->entries[0].type == PACK_TREE)
            blob_keep_folders(vault_writer(writer->vault), name, pack->bytes, pack->length);
    }
    pthread_mutex_lock(&writer->mutex);
    if (!err)
        err = note_pack(writer, id, pack);
    remember_error(writer, err);
    pthread_mutex_unlock(&writer->mutex);
    return err;
}

/* On a sender. After an error nothing more is sent: the store may be one that lets everybody wait. */
static void send_pack(void *context, struct pack *pack)
{
    struct writer *writer = context;
    pthread_mutex_lock(&writer->mutex);
    bool failed = writer->err != 0;
    pthread_mutex_unlock(&writer->mutex);
    if (!failed)
        write_pack(writer, pack);
}

/* A pack that is no longer shared and is empty afterwards. */
static void pass_on(struct writer *writer, struct pack *pack)
{
    if (writer->senders) {
        senders_put(writer->senders, pack);
        return;
    }
    write_pack(writer, pack);
    pack_free(pack);
}

/* Takes a pack for the caller alone; the mutex is held. */
static struct pack take_pack(struct writer *writer, struct shelf *shelf)
{
    struct pack pack;
    while (shelf->count == 0 && shelf->taken >= writer->most_packs)
        pthread_cond_wait(&writer->pack_back, &writer->mutex);
    pack_init(&pack);
    if (shelf->count > 0)
        pack = shelf->packs[--shelf->count];
    shelf->taken++;
    return pack;
}

/* Seals a blob into a pack that is the caller's. */
static int fill(struct writer *writer, struct pack *pack, struct pack_entry entry, const uint8_t *bytes,
                size_t length)
{
    if (pack->count == 0 && writer->grows) {
        struct blob_growing *out;
        int err = blob_grow(vault_writer(writer->vault), &out);
        if (err)
            return err;
        pack_begin_growing(pack, out);
    }
    return pack_add(pack, vault_seal_key(writer->vault), entry, bytes, length);
}

/* Stores a blob in an open pack of its type; when that is full, writes it. */
static void store(struct writer *writer, struct pack_entry entry, const uint8_t *bytes, size_t length,
                  size_t plain)
{
    struct shelf *shelf = &writer->shelves[entry.type];
    pthread_mutex_lock(&writer->mutex);
    struct pack pack = take_pack(writer, shelf);
    pthread_mutex_unlock(&writer->mutex);
    int err = fill(writer, &pack, entry, bytes, length);
    bool full = pack.length >= writer->pack_bytes || pack.count >= PACK_MAX_ENTRIES / 2;
    pthread_mutex_lock(&writer->mutex);
    remember_error(writer, err);
    writer->totals.plain_bytes += plain;
    (*(entry.type == PACK_TREE ? &writer->totals.tree_blobs : &writer->totals.data_blobs))++;
    shelf->taken--;
    if (!err && !full)
        shelf->packs[shelf->count++] = pack;
    pthread_cond_signal(&writer->pack_back);
    pthread_mutex_unlock(&writer->mutex);
    if (err)
        pack_free(&pack);
    else if (full)
        pass_on(writer, &pack);
}

/* Compresses when the format allows it and it makes the blob smaller. */
static const uint8_t *pack_blob(struct worker *worker, const struct job *job, struct pack_entry *entry,
                                size_t *length)
{
    *length = job->length;
    const struct vault *vault = worker->writer->vault;
    enum vault_compression compression = vault_packing(vault)->compression;
    if (vault_version(vault) < 2 || job->length == 0 ||
        (compression == VAULT_COMPRESS_OFF && job->type == PACK_DATA))
        return job->bytes;
    size_t bound = ZSTD_compressBound(job->length);
    if (worker->packed_room < bound) {
        free(worker->packed);
        worker->packed = mem_resize(NULL, bound, 1);
        worker->packed_room = bound;
    }
    size_t made = ZSTD_compressCCtx(worker->packer, worker->packed, bound, job->bytes, job->length,
                                    levels[compression]);
    if (ZSTD_isError(made) || made >= job->length)
        return job->bytes;
    *length = made;
    entry->unpacked = (uint32_t)job->length;
    return worker->packed;
}

static void do_job(struct worker *worker, const struct job *job)
{
    struct pack_entry entry = {.type = job->type};
    memcpy(entry.id, job->id, SHA256_SIZE);
    size_t length;
    const uint8_t *bytes = pack_blob(worker, job, &entry, &length);
    store(worker->writer, entry, bytes, length, job->length);
}

/* The next job, or NULL at the end. */
static struct job *next_job(struct writer *writer)
{
    while (!writer->first && !writer->ending)
        pthread_cond_wait(&writer->work, &writer->mutex);
    struct job *job = writer->first;
    if (job) {
        writer->first = job->next;
        if (!writer->first)
            writer->last = &writer->first;
    }
    return job;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct writer *writer = worker->writer;
    struct job *job;
    pthread_mutex_lock(&writer->mutex);
    while ((job = next_job(writer))) {
        bool failed = writer->err != 0;
        pthread_mutex_unlock(&writer->mutex);
        if (!failed)
            do_job(worker, job);
        pthread_mutex_lock(&writer->mutex);
        writer->queued--;
        writer->queued_bytes -= job->length;
        pthread_cond_broadcast(&writer->space);
        free(job->bytes);
        free(job);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

static unsigned wanted_workers(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > MAX_WORKERS ? MAX_WORKERS : (unsigned)processors;
}

struct writer *writer_new(struct vault *vault)
{
    struct writer *writer = mem_zalloc(1, sizeof *writer);
    /* Blobs are made by one thread and freed by others: with an arena for each, all of them grow to the
     * whole. */
    mallopt(M_ARENA_MAX, 1);
    size_t wanted = vault_packing(vault)->pack_bytes;
    writer->vault = vault;
    writer->pack_bytes = wanted ? wanted : PACK_TARGET;
    writer->last = &writer->first;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->work, NULL);
    pthread_cond_init(&writer->space, NULL);
    pthread_cond_init(&writer->pack_back, NULL);
    writer->grows = blob_can_grow(vault_writer(vault));
    writer->most_packs = writer->grows ? MOST_OPEN : 1;
    buf_init(&writer->index, (size_t)256 << 20);
    index_begin(&writer->index);
    writer->index_since_ns = clock_system.monotonic_ns(clock_system.self);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; i < wanted_workers(); i++) {
        struct worker *worker = &writer->workers[writer->worker_count];
        worker->writer = writer;
        worker->packer = ZSTD_createCCtx();
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            ZSTD_freeCCtx(worker->packer);
            break;
        }
        writer->worker_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    unsigned connections = vault_connections(vault);
    if (connections)
        writer->senders = senders_new(connections, send_pack, writer);
    return writer;
}

static int enqueue(struct writer *writer, struct job *job)
{
    pthread_mutex_lock(&writer->mutex);
    while (!writer->err && writer->queued > 0 &&
           (writer->queued >= QUEUE_BLOBS || writer->queued_bytes + job->length > QUEUE_BYTES))
        pthread_cond_wait(&writer->space, &writer->mutex);
    int err = recall_error(writer);
    if (!err) {
        *writer->last = job;
        writer->last = &job->next;
        writer->queued++;
        writer->queued_bytes += job->length;
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->mutex);
    return err;
}

int writer_add(struct writer *writer, enum pack_type type, uint8_t *bytes, size_t length,
               uint8_t id[static SHA256_SIZE], bool *added)
{
    sha256_of(bytes, length, id);
    struct index *index = vault_index(writer->vault);
    bool fresh = !index_find(index, type, id);
    if (added)
        *added = fresh;
    if (!fresh) {
        free(bytes);
        return 0;
    }
    index_add_pending(index, type, id);
    return writer_move(writer, type, bytes, length, id);
}

int writer_move(struct writer *writer, enum pack_type type, uint8_t *bytes, size_t length,
                const uint8_t id[static SHA256_SIZE])
{
    if (writer->worker_count == 0) {
        free(bytes);
        return err_set(ERR_SYSTEM, _("cannot start a thread"));
    }
    struct job *job = mem_zalloc(1, sizeof *job);
    *job = (struct job){.type = type, .bytes = bytes, .length = length};
    memcpy(job->id, id, SHA256_SIZE);
    int err = enqueue(writer, job);
    if (err) {
        free(bytes);
        free(job);
    }
    return err;
}

static void wait_for_all(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    while (writer->queued > 0)
        pthread_cond_wait(&writer->space, &writer->mutex);
    pthread_mutex_unlock(&writer->mutex);
}

int writer_finish(struct writer *writer, struct writer_totals *totals)
{
    wait_for_all(writer);
    if (writer->senders)
        senders_wait(writer->senders);
    for (int type = 0; type < 2; type++)
        for (struct shelf *shelf = &writer->shelves[type]; shelf->count > 0 && !writer->err;)
            pass_on(writer, &shelf->packs[--shelf->count]);
    if (writer->senders)
        senders_wait(writer->senders);
    pthread_mutex_lock(&writer->mutex);
    if (!writer->err)
        remember_error(writer, write_index(writer));
    *totals = writer->totals;
    int err = recall_error(writer);
    pthread_mutex_unlock(&writer->mutex);
    return err;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->ending = true;
    pthread_cond_broadcast(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    for (unsigned i = 0; i < writer->worker_count; i++) {
        pthread_join(writer->workers[i].thread, NULL);
        ZSTD_freeCCtx(writer->workers[i].packer);
        free(writer->workers[i].packed);
    }
    senders_free(writer->senders);
    write_index(writer);
    for (int type = 0; type < 2; type++)
        while (writer->shelves[type].count > 0)
            pack_free(&writer->shelves[type].packs[--writer->shelves[type].count]);
    buf_free(&writer->index);
    free(writer->err_text);
    free(writer->err_hint);
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->space);
    pthread_cond_destroy(&writer->pack_back);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}
