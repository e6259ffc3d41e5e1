/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/shadow.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/draw.h"
#include "sensor/hash.h"
#include "sensor/record.h"

#define FRAME_SIZE   8
#define INDEX_LIMIT  ((size_t)1 << 30)
#define META_BUCKETS 4096

/* Where each copy's record lies in the index, so that a recovery of thousands of files reads it once. It is
 * continued when the index has grown and begun anew when it is another file (the sensor wrote it afresh). */
static struct directory {
    pthread_mutex_t lock; /* guards all of it */
    dev_t device;
    ino_t inode;
    uint64_t read; /* bytes of the index that are in `places` */
    struct place {
        uint64_t number, offset;
    } * places;
    size_t count, capacity;
    struct meta_place {
        uint64_t number, offset;
        struct stamp stamp;
        size_t next; /* of the same bucket, plus one; 0: none */
    } * metas;
    size_t meta_count, meta_capacity;
    size_t meta_buckets[META_BUCKETS]; /* by inode: position of the newest, plus one */
} directory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void note_place(uint64_t number, uint64_t offset)
{
    if (directory.count == directory.capacity) {
        directory.capacity = directory.capacity ? directory.capacity * 2 : 256;
        directory.places = mem_resize(directory.places, directory.capacity, sizeof *directory.places);
    }
    directory.places[directory.count++] = (struct place){number, offset};
}

static void note_meta(const struct record *record, uint64_t offset)
{
    if (directory.meta_count == directory.meta_capacity) {
        directory.meta_capacity = directory.meta_capacity ? directory.meta_capacity * 2 : 256;
        directory.metas = mem_resize(directory.metas, directory.meta_capacity, sizeof *directory.metas);
    }
    size_t *bucket = &directory.meta_buckets[hash_number(record->stamp.inode) % META_BUCKETS];
    directory.metas[directory.meta_count] =
        (struct meta_place){record->number, offset, record->stamp, *bucket};
    *bucket = ++directory.meta_count;
}

static void forget_all(void)
{
    directory.count = directory.meta_count = 0;
    memset(directory.meta_buckets, 0, sizeof directory.meta_buckets);
}

/* Reads on from where the last look ended. */
static int refresh(int index, const struct stat *st)
{
    size_t magic = strlen(RECORD_MAGIC);
    if (directory.device != st->st_dev || directory.inode != st->st_ino ||
        (uint64_t)st->st_size < directory.read) {
        directory.device = st->st_dev;
        directory.inode = st->st_ino;
        directory.read = magic;
        forget_all();
    }
    if ((uint64_t)st->st_size <= directory.read)
        return 0;
    size_t length = (size_t)((uint64_t)st->st_size - directory.read);
    if (length > INDEX_LIMIT)
        return err_set(ERR_TOO_LARGE, _("the index of the shadow store is too large"));
    uint8_t *bytes MEM_AUTO = mem_zalloc(length, 1);
    ssize_t got = fd_pread_full(index, bytes, length, directory.read, "shadow/index");
    if (got < 0)
        return (int)got;
    struct reader r;
    struct record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    reader_init(&r, bytes, (size_t)got);
    for (const uint8_t *at = r.at; record_next(&r, record); at = r.at) {
        note_place(record->number, record->kind != RECORD_DROP ? directory.read : 0);
        if (record->kind == RECORD_META)
            note_meta(record, directory.read);
        directory.read += (uint64_t)(r.at - at);
    }
    return 0;
}

static uint64_t find_place(uint64_t number)
{
    for (size_t i = directory.count; i > 0; i--)
        if (directory.places[i - 1].number == number)
            return directory.places[i - 1].offset;
    return 0;
}

static int missing(uint64_t number)
{
    return err_set(ERR_NOT_FOUND, _("shadow copy %llu is no longer there"), (unsigned long long)number);
}

static int damaged(uint64_t number)
{
    return err_set(ERR_CORRUPT, _("shadow copy %llu is damaged"), (unsigned long long)number);
}

/* The framed record at `offset`, into *bytes (to be freed). */
static int read_frame(int index, uint64_t offset, uint64_t number, uint8_t **bytes, size_t *length)
{
    uint8_t head[FRAME_SIZE];
    struct reader r;
    if (fd_pread_full(index, head, sizeof head, offset, "shadow/index") != sizeof head)
        return damaged(number);
    reader_init(&r, head, sizeof head);
    uint32_t payload = reader_u32(&r);
    if (payload > RECORD_LARGEST)
        return damaged(number);
    *length = FRAME_SIZE + payload;
    *bytes = mem_zalloc(*length, 1);
    if (fd_pread_full(index, *bytes, *length, offset, "shadow/index") == (ssize_t)*length)
        return 0;
    free(*bytes);
    return damaged(number);
}

static int locate(int index, uint64_t number, uint64_t *offset)
{
    struct stat st;
    if (fstat(index, &st) != 0)
        return err_sys(_("cannot look at the index of the shadow store"));
    pthread_mutex_lock(&directory.lock);
    int rc = refresh(index, &st);
    *offset = find_place(number);
    pthread_mutex_unlock(&directory.lock);
    return rc != 0 ? rc : *offset == 0 ? missing(number) : 0;
}

/* Opens the copy and checks that it is what the record says. */
static int open_copy(int dirfd, const struct record *record, int *out)
{
    char name[RECORD_NAME_MAX];
    struct stat st;
    struct sketch sketch;
    record_name(record->number, name);
    int fd FD_AUTO = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return missing(record->number);
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != record->stamp.size ||
        !draw_sketch(fd, record->stamp.size, false, &sketch) || draw_check(&sketch) != record->check)
        return damaged(record->number);
    *out = fd_take(&fd);
    return 0;
}

static int give(int dirfd, const struct record *found, int *fd, struct shadow_record *record,
                struct filemeta *meta)
{
    struct reader r;
    struct filemeta decoded;
    reader_init(&r, found->metadata, found->metadata_length);
    filemeta_decode(&r, &decoded);
    if (!reader_done(&r)) {
        filemeta_free(&decoded);
        return damaged(found->number);
    }
    int rc = open_copy(dirfd, found, fd);
    if (rc != 0) {
        filemeta_free(&decoded);
        return rc;
    }
    *record =
        (struct shadow_record){.number = found->number, .tree = found->tree, .device = found->stamp.device};
    record->version = kept_version(&found->stamp);
    record->version.kind = VERSION_SHADOW;
    record->version.id = found->number;
    memcpy(record->path, found->path, sizeof record->path);
    *meta = decoded;
    return 0;
}

/* Record `number` from the index; *bytes, which it borrows from, is to be freed. */
static int read_record(int index, uint64_t offset, uint64_t number, enum record_kind kind, struct record *out,
                       uint8_t **bytes)
{
    size_t length = 0;
    struct reader r;
    int rc = read_frame(index, offset, number, bytes, &length);
    if (rc != 0)
        return rc;
    reader_init(&r, *bytes, length);
    if (record_next(&r, out) && out->kind == kind && out->number == number)
        return 0;
    free(*bytes);
    *bytes = NULL;
    return damaged(number);
}

int shadow_open(int shadow_dirfd, uint64_t number, int *fd, struct shadow_record *record,
                struct filemeta *meta)
{
    uint64_t offset = 0;
    uint8_t *bytes = NULL;
    struct record *found MEM_AUTO = mem_zalloc(1, sizeof *found);
    int index FD_AUTO = openat(shadow_dirfd, RECORD_INDEX, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (index < 0)
        return missing(number);
    int rc = locate(index, number, &offset);
    if (rc == 0)
        rc = read_record(index, offset, number, RECORD_ADD, found, &bytes);
    if (rc == 0)
        rc = give(shadow_dirfd, found, fd, record, meta);
    free(bytes);
    return rc;
}

/* The newest that the version can have had: same bytes, not changed later than the version was seen. */
static const struct meta_place *find_meta(const struct version *version, const struct version *copied)
{
    const struct meta_place *best = NULL;
    size_t at = directory.meta_buckets[hash_number(version->inode) % META_BUCKETS];
    for (; at > 0; at = directory.metas[at - 1].next) {
        const struct meta_place *place = &directory.metas[at - 1];
        const struct stamp *stamp = &place->stamp;
        if (stamp->inode == version->inode && stamp->size == version->size &&
            stamp->mtime_ns == version->mtime_ns && stamp->ctime_ns <= version->ctime_ns &&
            (!copied || stamp->ctime_ns > copied->ctime_ns) &&
            (!best || stamp->ctime_ns > best->stamp.ctime_ns) && find_place(place->number) != 0)
            best = place;
    }
    return best;
}

int shadow_meta(int shadow_dirfd, const struct version *version, const struct version *copied,
                struct filemeta *meta)
{
    struct stat st;
    uint64_t number = 0, offset = 0;
    uint8_t *bytes = NULL;
    struct record *found MEM_AUTO = mem_zalloc(1, sizeof *found);
    int index FD_AUTO = openat(shadow_dirfd, RECORD_INDEX, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (index < 0 || fstat(index, &st) != 0)
        return err_sys(_("cannot look at the index of the shadow store"));
    pthread_mutex_lock(&directory.lock);
    int rc = refresh(index, &st);
    const struct meta_place *place = rc == 0 ? find_meta(version, copied) : NULL;
    if (place) {
        number = place->number;
        offset = place->offset;
    }
    pthread_mutex_unlock(&directory.lock);
    if (rc == 0)
        rc = number == 0 ? missing(number) : read_record(index, offset, number, RECORD_META, found, &bytes);
    if (rc != 0)
        return rc;
    struct reader r;
    reader_init(&r, found->metadata, found->metadata_length);
    filemeta_decode(&r, meta);
    bool whole = reader_done(&r);
    free(bytes);
    if (whole)
        return 0;
    filemeta_free(meta);
    return damaged(number);
}
