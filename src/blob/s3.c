/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/layout.h"
#include "blob/s3_ask.h"
#include "blob/s3_list.h"
#include "blob/s3_lock.h"

#define MAX_OBJECT ((size_t)5 << 30) /* what servers take in one request */

/* ---- looking and reading ---- */

struct sought {
    const char *key;
    bool found;
};

static int note_version(void *context, const struct s3_entry *entry)
{
    struct sought *sought = context;
    sought->found |= !entry->is_marker && strcmp(entry->key, sought->key) == 0;
    return 0;
}

/* Nothing is there (the error of this thread says so): was it deleted, and a version of it kept? Not every
 * server says that by itself. Locks come and go. */
static int explain_missing(struct s3 *s3, enum blob_kind kind, const char *path)
{
    if (kind == BLOB_LOCK)
        return ERR_NOT_FOUND;
    char *said MEM_AUTO = mem_strdup(err_text());
    char *key MEM_AUTO = mem_printf("%s%s", s3->place.prefix, path);
    struct sought sought = {key, false};
    (void)s3_list_versions(s3, key, note_version, &sought);
    err_set(ERR_NOT_FOUND, "%s", said);
    return sought.found
               ? err_hint(ERR_NOT_FOUND, "%s",
                          _("somebody deleted it, but the bucket keeps versions: bring it back with beffroi "
                            "vault undelete"))
               : ERR_NOT_FOUND;
}

static int ask_size(struct s3 *s3, const char *path, uint64_t *size)
{
    struct s3_request request = {.method = "HEAD", .path = path};
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    if (!err && !answer.has_size)
        err = err_set(ERR_CORRUPT, _("%s: the S3 server does not tell its size"), path);
    if (!err)
        *size = answer.size;
    http_answer_free(&answer);
    return err;
}

static int store_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    char path[LAYOUT_PATH_SIZE];
    int err = layout_path(kind, name, path);
    if (!err)
        err = ask_size(self, path, size);
    return err == ERR_NOT_FOUND ? explain_missing(self, kind, path) : err;
}

/* An answer that was too short: is the object, or was it the line? */
static int explain_short(struct s3 *s3, const char *path, uint64_t end)
{
    uint64_t size;
    int err = ask_size(s3, path, &size);
    if (err)
        return err;
    if (size < end)
        return err_set(ERR_CORRUPT, _("%s/%s is cut short: bytes %llu to %llu are missing"), s3->where, path,
                       (unsigned long long)size, (unsigned long long)end);
    return err_set(ERR_CLOSED, _("%s/%s: the answer ends before its last byte"), s3->where, path);
}

static bool begins_at(const struct http_answer *answer, uint64_t offset)
{
    char range[80];
    uint64_t start;
    if (answer->status == 200)
        return offset == 0;
    return http_answer_header(answer, "content-range", range, sizeof range) &&
           sscanf(range, "bytes %20" SCNu64, &start) == 1 && start == offset;
}

static int store_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                      size_t length)
{
    struct s3 *s3 = self;
    char path[LAYOUT_PATH_SIZE], range[80];
    uint64_t size;
    int err = layout_path(kind, name, path);
    if (err)
        return err;
    if (offset > INT64_MAX - length)
        return err_set(ERR_CORRUPT, _("%s/%s: position out of range"), s3->where, path);
    if (length == 0)
        return store_size(s3, kind, name, &size); /* a range cannot be empty */
    snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-%" PRIu64, offset, offset + length - 1);
    struct s3_request request = {
        .method = "GET", .path = path, .headers = {range}, .into = out, .into_length = length};
    struct http_answer answer;
    err = s3_do(s3, &request, &answer);
    if (!err && !begins_at(&answer, offset))
        err = err_set(ERR_UNSUPPORTED, _("%s/%s: the server does not send the part it was asked for"),
                      s3->where, path);
    bool is_short = (!err && answer.length < length) || (err == ERR_CORRUPT && answer.status == 416);
    http_answer_free(&answer);
    if (err == ERR_NOT_FOUND)
        return explain_missing(s3, kind, path);
    return is_short ? explain_short(s3, path, offset + length) : err;
}

struct listing {
    size_t skip; /* bytes of the key before the name */
    blob_visit *visit;
    void *context;
};

static int show_entry(void *context, const struct s3_entry *entry)
{
    const struct listing *listing = context;
    const char *name = strrchr(entry->key, '/');
    if (!name || (size_t)(name - entry->key) < listing->skip || !blob_is_name(name + 1))
        return 0;
    return listing->visit(listing->context, name + 1, entry->size);
}

static int store_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    struct s3 *s3 = self;
    char *prefix MEM_AUTO = mem_printf("%s%s/", s3->place.prefix, blob_kind_folder(kind));
    struct listing listing = {strlen(prefix) - 1, visit, context};
    return s3_list(s3, prefix, show_entry, &listing);
}

/* ---- writing and removing ---- */

static int send(struct s3 *s3, enum blob_kind kind, const char *path, const void *bytes, size_t length)
{
    struct s3_request request = {
        .method = "PUT", .path = path, .body = bytes, .body_length = length, .md5 = true};
    char mode[64], until[96], class[128];
    size_t count = 0;
    request.headers[count++] = "Content-Type: application/octet-stream";
    /* Keys, indexes and the config are read at each command: they do not go where reading costs. */
    if (s3->place.storage_class && kind == BLOB_PACK) {
        snprintf(class, sizeof class, "x-amz-storage-class: %s", s3->place.storage_class);
        request.headers[count++] = class;
    }
    if (s3->place.lock.mode && kind != BLOB_LOCK) {
        s3_lock_headers(s3, mode, sizeof mode, until, sizeof until);
        request.headers[count++] = mode;
        request.headers[count++] = until;
    }
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    return err;
}

/* An object of that name that is there already has the same bytes, or is damaged: both times this one may
 * stand in its place. The config alone must not. */
static int store_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct s3 *s3 = self;
    char path[LAYOUT_PATH_SIZE];
    uint64_t size;
    int err = layout_path(kind, name, path);
    if (err)
        return err;
    if (length > MAX_OBJECT)
        return err_set(ERR_TOO_LARGE, _("%s/%s is too large: %llu bytes"), s3->where, path,
                       (unsigned long long)length);
    if (kind == BLOB_CONFIG && (err = ask_size(s3, path, &size)) != ERR_NOT_FOUND)
        return err ? err
                   : err_set(ERR_EXISTS, _("%s/%s is already there, with other contents"), s3->where, path);
    return send(s3, kind, path, bytes, length);
}

static int store_remove(void *self, enum blob_kind kind, const char *name)
{
    struct s3 *s3 = self;
    char path[LAYOUT_PATH_SIZE];
    int err = layout_path(kind, name, path);
    if (err)
        return err;
    /* In a bucket that keeps versions, a lock file would leave one behind at every command. */
    if (kind == BLOB_LOCK && s3->place.lock.mode)
        return s3_lock_remove_version(s3, path);
    struct s3_request request = {.method = "DELETE", .path = path};
    struct http_answer answer;
    err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* An object is there as a whole or not at all. */
static int store_sweep(void *self)
{
    (void)self;
    return 0;
}

static void store_free(void *self)
{
    s3_ask_end(self);
    free(self);
}

static const struct blob_ops s3_ops = {.list = store_list,
                                       .size = store_size,
                                       .read = store_read,
                                       .write = store_write,
                                       .remove = store_remove,
                                       .sweep = store_sweep,
                                       .free = store_free};

/* ---- the bucket ---- */

static int make_bucket(struct s3 *s3)
{
    char *body MEM_AUTO =
        mem_printf("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                   "<LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
                   s3->place.region);
    struct s3_request request = {.method = "PUT"};
    /* Amazon wants no place named for its first region; other servers have theirs alone. */
    if (strstr(s3->place.base, ".amazonaws.com") && strcmp(s3->place.region, "us-east-1") != 0) {
        request.body = body;
        request.body_length = strlen(body);
    }
    if (s3->place.lock.mode)
        request.headers[0] = "x-amz-bucket-object-lock-enabled: true";
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    return err;
}

/* Who may not look at the bucket may still be allowed to use it. */
static int need_bucket(struct s3 *s3)
{
    struct s3_request request = {.method = "HEAD"};
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    if (err == ERR_NOT_FOUND)
        return make_bucket(s3);
    return err == ERR_PERMISSION ? 0 : err;
}

int s3_open(const char *rest, struct blob_store **out)
{
    struct s3 *s3 = mem_zalloc(1, sizeof *s3);
    int err = s3_ask_begin(rest, s3);
    if (err) {
        store_free(s3);
        return err;
    }
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    *store = (struct blob_store){
        .ops = &s3_ops, .self = s3, .where = mem_strdup(s3->where), .connections = s3->connections};
    store->guard_ops = &s3_lock_ops;
    store->guard = s3;
    store->locks = s3->place.lock.mode;
    *out = store;
    return 0;
}

int s3_create(const char *rest, struct blob_store **out)
{
    struct blob_store *store;
    int err = s3_open(rest, &store);
    if (err)
        return err;
    struct s3 *s3 = store->self;
    err = need_bucket(s3);
    if (!err && s3->place.lock.mode)
        err = s3_lock_ops.prove(s3);
    if (err)
        blob_close(store);
    else
        *out = store;
    return err;
}
