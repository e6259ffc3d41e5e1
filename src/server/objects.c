/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/local.h"
#include "server/context.h"
#include "server/seal.h"

#define RESERVE_STEP ((uint64_t)1 << 20) /* of an upload whose length was not told */
#define LIST_BLOCK   ((size_t)32 << 10)
#define TYPE_V1      "application/vnd.x.restic.rest.v1"
#define TYPE_V2      "application/vnd.x.restic.rest.v2"

/* No client makes larger ones: packs have 128 MiB at most and a little, an index 50 000 entries. */
static const uint64_t most_bytes[BLOB_KIND_COUNT] = {
    [BLOB_CONFIG] = 64 << 10, [BLOB_PACK] = 512 << 20, [BLOB_INDEX] = 512 << 20,
    [BLOB_KEY] = 64 << 10,    [BLOB_LOCK] = 64 << 10,  [BLOB_SNAPSHOT] = 64 << 20,
};

static const char *name_of(const struct request *r)
{
    return r->target.type == BLOB_CONFIG ? NULL : r->target.name;
}

/* Opens the repository; sets the answer when it is not there. */
static int open_store(struct request *r)
{
    char *path MEM_AUTO = path_join(r->server->path, r->target.repository);
    int err = local_open(path, &r->store);
    r->known = !err;
    if (err)
        reply_failure(r, err);
    return err;
}

static bool is_sealed(struct request *r)
{
    if (!seal_is_set(r->server->state))
        return false;
    reply_refuse(
        r, MHD_HTTP_FORBIDDEN, REFUSED_SEALED,
        _("the vault is sealed: nothing is added or removed until its administrator breaks the seal; "
          "reading works, with restic's option --no-lock"));
    return true;
}

static void tell(const struct request *r, const char *action, uint64_t bytes)
{
    audit_tell(r->server->audit, &(struct audit_event){.action = action,
                                                       .target = &r->target,
                                                       .user = r->who.name,
                                                       .address = r->address,
                                                       .bytes = bytes});
}

/* ---- in ---- */

void objects_drop(struct request *r)
{
    local_upload_free(r->upload);
    r->upload = NULL;
    if (r->reserved)
        quota_release(r->account, r->reserved);
    r->reserved = 0;
    if (r->sha) {
        uint8_t ignored[SHA256_SIZE];
        sha256_end(r->sha, ignored);
        r->sha = NULL;
    }
    r->started = false;
}

static int reserve(struct request *r, uint64_t bytes)
{
    int err = quota_reserve(r->account, bytes);
    if (!err)
        r->reserved += bytes;
    else
        reply_refuse(r, MHD_HTTP_INSUFFICIENT_STORAGE, REFUSED_QUOTA, err_text());
    return err;
}

static void refuse_existing(struct request *r)
{
    reply_refuse(r, MHD_HTTP_FORBIDDEN, REFUSED_EXISTS,
                 _("it is there already, and nothing is ever replaced"));
}

/* What is there already is not written again: the body is only compared with it. */
static bool begin_new(struct request *r)
{
    uint64_t known = r->length == UINT64_MAX ? 0 : r->length;
    if (reserve(r, known) != 0)
        return false;
    int err = local_upload_open(r->store, r->target.type, name_of(r), known, &r->upload);
    if (err)
        reply_failure(r, err);
    return !err;
}

void objects_begin(struct request *r)
{
    struct local_object there;
    if (is_sealed(r) || open_store(r) != 0)
        return;
    if (r->length != UINT64_MAX && r->length > most_bytes[r->target.type]) {
        reply_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, REFUSED_TOO_LARGE,
                     _("no object of this type is that large"));
        return;
    }
    r->account = quota_of(r->server->quota, r->target.repository);
    bool exists = local_object_look(r->store, r->target.type, name_of(r), &there) == 0;
    if (exists && r->target.type == BLOB_CONFIG) {
        refuse_existing(r);
        return;
    }
    r->started = exists || begin_new(r);
    if (r->started)
        r->sha = sha256_new();
    else
        objects_drop(r);
}

void objects_piece(struct request *r, const void *bytes, size_t length)
{
    int err = 0;
    r->received += length;
    if (r->received > most_bytes[r->target.type]) {
        err = ERR_TOO_LARGE;
        reply_refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, REFUSED_TOO_LARGE,
                     _("no object of this type is that large"));
    }
    if (!err && r->upload && r->received > r->reserved)
        err = reserve(r, length > RESERVE_STEP ? length : RESERVE_STEP);
    if (err) {
        objects_drop(r);
        return;
    }
    sha256_add(r->sha, bytes, length);
    if (r->upload)
        err = local_upload_add(r->upload, bytes, length);
    if (err) {
        reply_failure(r, err);
        objects_drop(r);
    }
}

static int hash_file(int fd, uint8_t out[static SHA256_SIZE])
{
    struct sha256 *sha = sha256_new();
    size_t size = (size_t)256 << 10;
    char *bytes MEM_AUTO = mem_zalloc(size, 1);
    ssize_t got;
    while ((got = fd_read_full(fd, bytes, size, "")) > 0)
        sha256_add(sha, bytes, (size_t)got);
    sha256_end(sha, out);
    return got < 0 ? (int)got : 0;
}

/* The body is what its name says; whether what is there is so, too. Then it is a retry after an answer that
 * was lost. */
static void answer_existing(struct request *r)
{
    struct local_object there;
    uint8_t hash[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    int err = local_object_open(r->store, r->target.type, name_of(r), &there);
    if (!err) {
        err = hash_file(there.fd, hash);
        fd_close(&there.fd);
    }
    if (err) {
        reply_failure(r, err);
        return;
    }
    hex_encode(hash, sizeof hash, text);
    if (strcmp(text, r->target.name) == 0) {
        reply_set(r, MHD_HTTP_OK, NULL);
        return;
    }
    log_error(_("%s/%s of the repository \"%s\" is damaged: its bytes are no longer those of its name"),
              blob_kind_folder(r->target.type), r->target.name, r->target.repository);
    audit_tell(r->server->audit,
               &(struct audit_event){.action = "damage-found", .target = &r->target, .severity = 3});
    refuse_existing(r);
}

static bool hash_is_right(struct request *r)
{
    uint8_t hash[SHA256_SIZE];
    char text[2 * SHA256_SIZE + 1];
    sha256_end(r->sha, hash);
    r->sha = NULL;
    hex_encode(hash, sizeof hash, text);
    if (r->target.type == BLOB_CONFIG || strcmp(text, r->target.name) == 0)
        return true;
    reply_refuse(r, MHD_HTTP_BAD_REQUEST, REFUSED_HASH,
                 _("the name is not the SHA-256 of what was sent: it was changed on its way"));
    return false;
}

static void keep(struct request *r)
{
    if (r->target.type == BLOB_LOCK &&
        owners_set(r->server->owners, r->target.repository, r->target.name, r->who.name) != 0)
        log_warning("%s", err_text()); /* then it goes once it is stale */
    int err = local_upload_commit(r->upload);
    if (err == ERR_EXISTS && r->target.type == BLOB_CONFIG) {
        refuse_existing(r);
    } else if (err == ERR_EXISTS) {
        answer_existing(r); /* somebody was quicker */
    } else if (err) {
        reply_failure(r, err);
    } else {
        quota_keep(r->account, r->reserved, r->received);
        r->reserved = 0;
        r->added = 1;
        reply_set(r, MHD_HTTP_OK, NULL);
        tell(r, "object-added", r->received);
    }
}

void objects_end(struct request *r)
{
    if (hash_is_right(r)) {
        if (!r->upload)
            answer_existing(r);
        else if (!is_sealed(r))
            keep(r);
    }
    objects_drop(r);
}

/* ---- away ---- */

/* Whoever put a lock there may take it away; others only when nobody has refreshed it for half an hour by our
 * own clock. */
static bool may_remove_lock(const struct request *r, const struct local_object *there)
{
    int64_t age = clock_system.wall_ns(clock_system.self) - there->arrived_ns;
    return age > OWNERS_STALE_NS ||
           owners_is(r->server->owners, r->target.repository, r->target.name, r->who.name);
}

static void remove_object(struct request *r, uint64_t size)
{
    int err = r->target.type == BLOB_LOCK ? blob_remove_lock(blob_remover(r->store), r->target.name)
                                          : blob_prune(blob_pruner(r->store), r->target.type, r->target.name);
    if (err) {
        reply_failure(r, err);
        return;
    }
    quota_removed(quota_of(r->server->quota, r->target.repository), size);
    if (r->target.type == BLOB_LOCK)
        owners_forget(r->server->owners, r->target.repository, r->target.name);
    r->removed = 1;
    reply_set(r, MHD_HTTP_OK, NULL);
    tell(r, "object-removed", size);
}

void objects_delete(struct request *r)
{
    struct local_object there;
    if (is_sealed(r) || open_store(r) != 0)
        return;
    bool removing = r->server->options->removing;
    if (r->target.type == BLOB_CONFIG || (!removing && r->target.type != BLOB_LOCK)) {
        reply_refuse(r, MHD_HTTP_FORBIDDEN, REFUSED_APPEND_ONLY,
                     _("this vault is append-only: what is in it is removed by its administrator alone"));
        return;
    }
    int err = local_object_look(r->store, r->target.type, name_of(r), &there);
    if (err)
        reply_failure(r, err);
    else if (!removing && !may_remove_lock(r, &there))
        reply_refuse(r, MHD_HTTP_FORBIDDEN, REFUSED_LOCK,
                     _("this lock is of somebody else, and may be removed half an hour after it was last "
                       "refreshed"));
    else
        remove_object(r, there.size);
}

/* ---- repositories ---- */

/* The names of new folders last, too: from the repository up to the served folder. */
static int sync_above(const struct request *r, const char *path)
{
    char *at MEM_AUTO = path_join(path, "data");
    size_t least = strlen(r->server->path);
    int err = 0;
    while (!err && strlen(at) >= least) {
        int fd FD_AUTO = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = fd < 0 ? err_sys(_("cannot open the folder %s"), at) : durable_sync_folder(fd, at);
        char *slash = strrchr(at, '/');
        if (!slash || slash == at)
            break;
        *slash = '\0';
    }
    return err;
}

void objects_create(struct request *r)
{
    char *path MEM_AUTO = path_join(r->server->path, r->target.repository);
    char *data MEM_AUTO = path_join(path, "data");
    char *snapshots MEM_AUTO = path_join(path, "snapshots");
    bool there = access(data, F_OK) == 0 && access(snapshots, F_OK) == 0;
    if (!there && is_sealed(r))
        return;
    int err = there ? local_open(path, &r->store) : local_create(path, &r->store);
    if (!err && !there)
        err = sync_above(r, path);
    if (err) {
        reply_failure(r, err);
        return;
    }
    r->known = true;
    reply_set(r, MHD_HTTP_OK, NULL);
    if (!there)
        tell(r, "repository-created", 0);
}

/* ---- out ---- */

static enum MHD_Result send_outside(struct request *r, uint64_t size)
{
    char text[64];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    snprintf(text, sizeof text, "bytes */%llu", (unsigned long long)size);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    return reply_response(r, MHD_HTTP_RANGE_NOT_SATISFIABLE, response);
}

enum MHD_Result objects_get(struct request *r)
{
    struct local_object object;
    int err = open_store(r);
    if (err)
        return reply_send(r);
    err = local_object_open(r->store, r->target.type, name_of(r), &object);
    if (err) {
        reply_failure(r, err);
        return reply_send(r);
    }
    uint64_t from = 0, length = object.size;
    const char *header = r->method == METHOD_GET ? MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
                                                                               MHD_HTTP_HEADER_RANGE)
                                                 : NULL;
    enum target_range range = target_range(header, object.size, &from, &length);
    if (range == RANGE_OUTSIDE) {
        fd_close(&object.fd);
        return send_outside(r, object.size);
    }
    /* The response closes the descriptor. */
    struct MHD_Response *response = MHD_create_response_from_fd_at_offset64(length, object.fd, from);
    if (!response) {
        fd_close(&object.fd);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/octet-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (range == RANGE_PART) {
        char text[96];
        snprintf(text, sizeof text, "bytes %llu-%llu/%llu", (unsigned long long)from,
                 (unsigned long long)(from + length - 1), (unsigned long long)object.size);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    r->sent = r->method == METHOD_GET ? length : 0;
    return reply_response(r, range == RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
}

struct listing {
    struct blob_store *store; /* owned */
    struct local_list *list;
    bool v2, any, ended;
    struct buf text; /* what was made and not taken yet */
    size_t taken;
};

static void listing_free(void *self)
{
    struct listing *l = self;
    local_list_free(l->list);
    blob_close(l->store);
    buf_free(&l->text);
    free(l);
}

/* One more name; an error when the folder cannot be read to its end. */
static int put_next(struct listing *l)
{
    char name[BLOB_NAME_LENGTH + 1];
    uint64_t size;
    int found = local_list_next(l->list, name, &size);
    if (found < 0)
        return found;
    const char *before = l->any ? "," : "[";
    l->ended = found == 0;
    if (l->ended)
        buf_printf(&l->text, l->any ? "]" : "[]");
    else if (l->v2)
        buf_printf(&l->text, "%s{\"name\":\"%s\",\"size\":%llu}", before, name, (unsigned long long)size);
    else
        buf_printf(&l->text, "%s\"%s\"", before, name);
    l->any = true;
    return 0;
}

static ssize_t listing_read(void *self, uint64_t position, char *out, size_t most)
{
    struct listing *l = self;
    (void)position;
    if (l->taken == l->text.length) {
        buf_clear(&l->text);
        l->taken = 0;
    }
    while (!l->ended && l->text.length - l->taken < most && l->text.length < LIST_BLOCK)
        if (put_next(l) != 0) {
            log_error("%s", err_text());
            return MHD_CONTENT_READER_END_WITH_ERROR;
        }
    size_t left = l->text.length - l->taken;
    if (left == 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    size_t length = left < most ? left : most;
    memcpy(out, l->text.data + l->taken, length);
    l->taken += length;
    return (ssize_t)length;
}

enum MHD_Result objects_list(struct request *r)
{
    if (open_store(r) != 0)
        return reply_send(r);
    const char *accept = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
    struct listing *l = mem_zalloc(1, sizeof *l);
    l->v2 = accept && strstr(accept, TYPE_V2);
    l->list = local_list_new(r->store, r->target.type);
    l->store = r->store;
    r->store = NULL;
    buf_init(&l->text, 2 * LIST_BLOCK);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LIST_BLOCK, listing_read, l, listing_free);
    if (!response) {
        listing_free(l);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, l->v2 ? TYPE_V2 : TYPE_V1);
    return reply_response(r, MHD_HTTP_OK, response);
}
