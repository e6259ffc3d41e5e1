/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_undelete.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "blob/s3_list.h"
#include "blob/s3_lock.h"

/* The versions of one key, as they come by: the newest first. */
struct undelete {
    struct s3 *s3;
    int64_t since_ns;
    bool dry_run;
    blob_undelete_visit *visit;
    void *context;
    struct s3_entry *latest, *first; /* versions of the key, no markers; `first` is the last that came */
    char key[S3_XML_TEXT];           /* "" before the first */
    bool has_version, recent_marker;
    struct buf markers; /* the versions of those that hide the key, as strings */
};

static int remove_marker(struct s3 *s3, const char *key, const char *version)
{
    struct buf query BUF_AUTO;
    buf_init(&query, 16384);
    buf_printf(&query, "versionId=");
    http_put_escaped(&query, version, false);
    struct s3_request request = {.method = "DELETE", .key = key, .query = buf_string(&query)};
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    return err == ERR_NOT_FOUND ? 0 : err;
}

static int remove_markers(struct undelete *u)
{
    struct reader r;
    int err = 0;
    reader_init(&r, u->markers.data, u->markers.length);
    while (!err && reader_left(&r) > 0) {
        char version[S3_XML_TEXT];
        reader_string(&r, version, sizeof version);
        err = remove_marker(u->s3, u->key, version);
    }
    return err;
}

static int copy_on_top(struct undelete *u, const struct s3_entry *first)
{
    struct buf source BUF_AUTO;
    char mode[64], until[96];
    buf_init(&source, 16384);
    buf_printf(&source, "x-amz-copy-source: /%s/", u->s3->place.bucket);
    http_put_escaped(&source, u->key, true);
    buf_printf(&source, "?versionId=");
    http_put_escaped(&source, first->version, false);
    struct s3_request request = {.method = "PUT", .key = u->key, .headers = {buf_string(&source)}};
    if (u->s3->place.lock.mode) {
        s3_lock_headers(u->s3, mode, sizeof mode, until, sizeof until);
        request.headers[1] = mode;
        request.headers[2] = until;
    }
    struct http_answer answer;
    int err = s3_do(u->s3, &request, &answer);
    http_answer_free(&answer);
    return err;
}

static bool is_ours(const struct undelete *u, const char *key)
{
    const char *path = key + strlen(u->s3->place.prefix);
    if (strcmp(path, "config") == 0)
        return true;
    for (int kind = BLOB_PACK; kind < BLOB_KIND_COUNT; kind++) {
        const char *folder = blob_kind_folder((enum blob_kind)kind);
        size_t length = strlen(folder);
        if (kind != BLOB_LOCK && strncmp(path, folder, length) == 0 && path[length] == '/')
            return blob_is_name(strrchr(path, '/') + 1);
    }
    return false;
}

/* All versions of a key were seen. */
static int end_key(struct undelete *u)
{
    if (!u->key[0] || !u->has_version || !is_ours(u, u->key))
        return 0;
    const char *path = u->key + strlen(u->s3->place.prefix);
    bool hidden = u->markers.length && u->recent_marker;
    bool changed = (u->latest->size != u->first->size || strcmp(u->latest->etag, u->first->etag) != 0) &&
                   u->latest->modified_ns >= u->since_ns;
    int err = 0;
    if (!u->dry_run && changed)
        err = copy_on_top(u, u->first);
    else if (!u->dry_run && hidden)
        err = remove_markers(u);
    return !err && (hidden || changed) ? u->visit(u->context, path, changed) : err;
}

static int take_version(void *context, const struct s3_entry *entry)
{
    struct undelete *u = context;
    int err = 0;
    if (strncmp(entry->key, u->s3->place.prefix, strlen(u->s3->place.prefix)) != 0)
        return 0;
    if (strcmp(entry->key, u->key) != 0) {
        err = end_key(u);
        memcpy(u->key, entry->key, sizeof u->key);
        buf_clear(&u->markers);
        u->has_version = u->recent_marker = false;
    }
    if (entry->is_marker && !u->has_version) {
        buf_put_string(&u->markers, entry->version);
        u->recent_marker |= entry->modified_ns >= u->since_ns;
    } else if (!entry->is_marker) {
        if (!u->has_version)
            *u->latest = *entry;
        *u->first = *entry;
        u->has_version = true;
    }
    return err;
}

int s3_undelete(void *guard, int64_t since_ns, bool dry_run, blob_undelete_visit *visit, void *context)
{
    struct undelete u = {
        .s3 = guard, .since_ns = since_ns, .dry_run = dry_run, .visit = visit, .context = context};
    u.latest = mem_zalloc(1, sizeof *u.latest);
    u.first = mem_zalloc(1, sizeof *u.first);
    buf_init(&u.markers, (size_t)16 << 20);
    int err = s3_list_versions(u.s3, u.s3->place.prefix, take_version, &u);
    if (!err)
        err = end_key(&u);
    buf_free(&u.markers);
    free(u.latest);
    free(u.first);
    return err;
}
