/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Snapshots: what was saved, when, where from.
 *
 *     {"time","parent"?,"tree","paths","hostname"?,"username"?,"uid"?,"gid"?,"excludes"?,"tags"?,"original"?,
 *      "program_version"?,"summary"?}
 */
#ifndef VAULT_SNAPSHOT_H
#define VAULT_SNAPSHOT_H

#include "vault/arena.h"
#include "vault/vault.h"

struct snapshot_list_of_text {
    const char **items;
    size_t count;
};

struct snapshot_summary {
    int64_t backup_start_ns, backup_end_ns;
    uint64_t files_new, files_changed, files_unmodified;
    uint64_t dirs_new, dirs_changed, dirs_unmodified;
    uint64_t data_blobs, tree_blobs;        /* added to the repository */
    uint64_t data_added, data_added_packed; /* bytes: plain, and as stored */
    uint64_t total_files_processed, total_bytes_processed;
};

/* Texts are never NULL; they and the lists live in `arena`. */
struct snapshot {
    struct arena arena;
    char id[VAULT_ID_TEXT];     /* "" until it is saved */
    char parent[VAULT_ID_TEXT]; /* "" for none */
    int64_t time_ns;
    int32_t time_zone_s; /* of the time as it was written: seconds east of UTC */
    /* Times as they were read, with their own time zones, and so written again; "": those of the numbers. */
    const char *time_text, *start_text, *end_text;
    uint8_t tree[SHA256_SIZE];
    struct snapshot_list_of_text paths, excludes, tags;
    const char *hostname, *username, *original, *program_version;
    uint32_t uid, gid;
    bool has_summary;
    struct snapshot_summary summary;
};

/* An empty one, and its end (NULL is fine). */
struct snapshot *snapshot_new(void);
void snapshot_free(struct snapshot *snapshot);

void snapshot_encode(const struct snapshot *snapshot, struct buf *out);
/* ERR_CORRUPT when malformed; snapshot_free ends *out. */
int snapshot_decode(const void *bytes, size_t length, struct snapshot **out);

struct snapshots {
    struct snapshot **items; /* oldest first */
    size_t count;
};
/* Told of a snapshot that cannot be read; the error text of the thread says why. */
typedef void snapshot_bad(void *context, const char *name, int err);
/* Reads all snapshots of a vault. One that cannot be read is told to `bad` and left out; without `bad` (NULL)
 * it fails the whole with its name. */
int snapshot_read_all(const struct vault *vault, snapshot_bad *bad, void *context, struct snapshots *out);
void snapshot_free_all(struct snapshots *list);

/* What to look for; NULL or empty fields match everything. */
struct snapshot_filter {
    const char *const *hosts; /* the snapshot is of one of them; "" is any */
    size_t host_count;
    const char *const *paths; /* the snapshot has all of them */
    size_t path_count;
    const char *const *tags; /* "a,b": the snapshot has all tags of one of these lists; "": it has none */
    size_t tag_count;
};
/* Whether it has all the tags of "a,b"; of "", whether it has none. */
bool snapshot_has_tags(const struct snapshot *snapshot, const char *list);
bool snapshot_filter_is_empty(const struct snapshot_filter *filter);
bool snapshot_matches(const struct snapshot *snapshot, const struct snapshot_filter *filter);

/* Reads the one whose whole ID is `name`; snapshot_free ends *out. */
int snapshot_load(const struct vault *vault, const char *name, struct snapshot **out);
/* Finds by an ID's beginning (at least one digit), or "latest" among those that the filter (may be NULL) lets
 * through. ERR_NOT_FOUND; ERR_INVALID when the beginning fits several. snapshot_free ends *out. */
int snapshot_find(const struct vault *vault, const char *name, const struct snapshot_filter *filter,
                  struct snapshot **out);
/* Those that the names stand for (see snapshot_find), each once and in that order; without a name (a count of
 * 0) all that the filter lets through, oldest first. Nothing is left out silently: one that cannot be read or
 * found fails the whole. snapshot_free_all ends *out. */
int snapshot_select(const struct vault *vault, const char *const *names, size_t count,
                    const struct snapshot_filter *filter, struct snapshots *out);
/* Writes it and sets its id. */
int snapshot_save(const struct vault *vault, struct snapshot *snapshot);
/* Writes one that was read and then changed, with the old one's ID as its `original` unless it has one; then
 * removes the old one. For those with the exclusive lock. */
int snapshot_replace(const struct vault *vault, struct snapshot *snapshot);

/* Adds a tag unless it is there, or takes one away; whether that changed anything. */
bool snapshot_add_tag(struct snapshot *snapshot, const char *tag);
bool snapshot_remove_tag(struct snapshot *snapshot, const char *tag);

#endif
