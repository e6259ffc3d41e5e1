/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/gojson.h"
#include "vault/jsonread.h"
#include "vault/names.h"

#define MAX_SNAPSHOT_FILE ((size_t)64 << 20)
#define MAX_TEXTS         (1u << 20)

static const struct count {
    const char *name;
    size_t offset;
} counts[] = {
    {"files_new", offsetof(struct snapshot_summary, files_new)},
    {"files_changed", offsetof(struct snapshot_summary, files_changed)},
    {"files_unmodified", offsetof(struct snapshot_summary, files_unmodified)},
    {"dirs_new", offsetof(struct snapshot_summary, dirs_new)},
    {"dirs_changed", offsetof(struct snapshot_summary, dirs_changed)},
    {"dirs_unmodified", offsetof(struct snapshot_summary, dirs_unmodified)},
    {"data_blobs", offsetof(struct snapshot_summary, data_blobs)},
    {"tree_blobs", offsetof(struct snapshot_summary, tree_blobs)},
    {"data_added", offsetof(struct snapshot_summary, data_added)},
    {"data_added_packed", offsetof(struct snapshot_summary, data_added_packed)},
    {"total_files_processed", offsetof(struct snapshot_summary, total_files_processed)},
    {"total_bytes_processed", offsetof(struct snapshot_summary, total_bytes_processed)},
};
#define COUNTS (sizeof counts / sizeof counts[0])

static uint64_t *count_of(struct snapshot_summary *summary, size_t i)
{
    return (uint64_t *)(void *)((char *)summary + counts[i].offset);
}

struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = mem_zalloc(1, sizeof *snapshot);
    snapshot->hostname = snapshot->username = snapshot->original = snapshot->program_version = "";
    snapshot->time_text = snapshot->start_text = snapshot->end_text = "";
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    arena_free(&snapshot->arena);
    free(snapshot);
}

static void put_word(struct buf *out, const char *key, const char *value)
{
    if (!*value)
        return;
    buf_printf(out, ",\"%s\":", key);
    gojson_put_text(out, value);
}

static void put_list(struct buf *out, const char *key, const struct snapshot_list_of_text *list)
{
    buf_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            buf_put_u8(out, ',');
        gojson_put_text(out, list->items[i]);
    }
    buf_put_u8(out, ']');
}

static void put_time(struct buf *out, const char *text, int64_t ns)
{
    if (*text)
        gojson_put_text(out, text);
    else
        gojson_put_time(out, ns);
}

static void put_summary(struct buf *out, const struct snapshot *snapshot)
{
    struct snapshot_summary copy = snapshot->summary;
    buf_printf(out, ",\"summary\":{\"backup_start\":");
    put_time(out, snapshot->start_text, copy.backup_start_ns);
    buf_printf(out, ",\"backup_end\":");
    put_time(out, snapshot->end_text, copy.backup_end_ns);
    for (size_t i = 0; i < COUNTS; i++)
        buf_printf(out, ",\"%s\":%llu", counts[i].name, (unsigned long long)*count_of(&copy, i));
    buf_put_u8(out, '}');
}

void snapshot_encode(const struct snapshot *snapshot, struct buf *out)
{
    buf_printf(out, "{\"time\":");
    put_time(out, snapshot->time_text, snapshot->time_ns);
    put_word(out, "parent", snapshot->parent);
    buf_printf(out, ",\"tree\":");
    gojson_put_hex(out, snapshot->tree, SHA256_SIZE);
    put_list(out, "paths", &snapshot->paths);
    put_word(out, "hostname", snapshot->hostname);
    put_word(out, "username", snapshot->username);
    if (snapshot->uid)
        buf_printf(out, ",\"uid\":%u", snapshot->uid);
    if (snapshot->gid)
        buf_printf(out, ",\"gid\":%u", snapshot->gid);
    if (snapshot->excludes.count)
        put_list(out, "excludes", &snapshot->excludes);
    if (snapshot->tags.count)
        put_list(out, "tags", &snapshot->tags);
    put_word(out, "original", snapshot->original);
    put_word(out, "program_version", snapshot->program_version);
    if (snapshot->has_summary)
        put_summary(out, snapshot);
    buf_put_u8(out, '}');
}

static const char *read_text(struct jsonread *j, struct arena *arena, struct buf *scratch)
{
    jsonread_string(j, scratch);
    if (scratch->length && memchr(scratch->data, 0, scratch->length))
        j->failed = true;
    return arena_copy(arena, scratch->data, scratch->length);
}

static int64_t read_time(struct jsonread *j, struct arena *arena, struct buf *scratch, const char **text)
{
    int64_t ns = 0;
    jsonread_string(j, scratch);
    if (!gojson_time(buf_string(scratch), scratch->length, &ns))
        j->failed = true;
    *text = j->failed ? "" : arena_copy(arena, scratch->data, scratch->length);
    return ns;
}

/* The zone at the end of a time that was found well formed: "Z", "+02:00". */
static int32_t zone_of(const struct buf *time)
{
    const char *text = (const char *)time->data;
    size_t length = time->length;
    if (length < 6 || text[length - 1] == 'Z')
        return 0;
    int hours = (text[length - 5] - '0') * 10 + text[length - 4] - '0';
    int minutes = (text[length - 2] - '0') * 10 + text[length - 1] - '0';
    return (text[length - 6] == '-' ? -60 : 60) * (60 * hours + minutes);
}

static void read_list(struct jsonread *j, struct arena *arena, struct buf *scratch,
                      struct snapshot_list_of_text *out)
{
    const char **items = NULL;
    size_t count = 0;
    if (jsonread_null(j))
        return;
    jsonread_array(j);
    while (jsonread_element(j) && count < MAX_TEXTS) {
        if ((count & (count - 1)) == 0)
            items = mem_resize(items, count ? 2 * count : 1, sizeof *items);
        items[count++] = read_text(j, arena, scratch);
    }
    out->items = arena_take(arena, (count + 1) * sizeof *items);
    if (count)
        memcpy(out->items, items, count * sizeof *items);
    out->count = count;
    free(items);
}

static void read_summary(struct jsonread *j, struct buf *scratch, struct snapshot *out)
{
    struct jsonread_key key;
    jsonread_object(j);
    while (jsonread_key(j, &key)) {
        size_t i = 0;
        while (i < COUNTS && !jsonread_is(key, counts[i].name))
            i++;
        if (i < COUNTS)
            *count_of(&out->summary, i) = jsonread_u64(j);
        else if (jsonread_is(key, "backup_start"))
            out->summary.backup_start_ns = read_time(j, &out->arena, scratch, &out->start_text);
        else if (jsonread_is(key, "backup_end"))
            out->summary.backup_end_ns = read_time(j, &out->arena, scratch, &out->end_text);
        else
            jsonread_skip(j);
    }
}

static bool read_word(struct jsonread *j, struct jsonread_key key, struct buf *scratch, struct snapshot *out)
{
    const char **to = jsonread_is(key, "hostname")          ? &out->hostname
                      : jsonread_is(key, "username")        ? &out->username
                      : jsonread_is(key, "original")        ? &out->original
                      : jsonread_is(key, "program_version") ? &out->program_version
                                                            : NULL;
    if (to)
        *to = read_text(j, &out->arena, scratch);
    return to != NULL;
}

static bool read_texts(struct jsonread *j, struct jsonread_key key, struct buf *scratch, struct snapshot *out)
{
    struct snapshot_list_of_text *to = jsonread_is(key, "paths")      ? &out->paths
                                       : jsonread_is(key, "excludes") ? &out->excludes
                                       : jsonread_is(key, "tags")     ? &out->tags
                                                                      : NULL;
    if (to)
        read_list(j, &out->arena, scratch, to);
    return to != NULL;
}

int snapshot_decode(const void *bytes, size_t length, struct snapshot **out)
{
    struct snapshot *snapshot = snapshot_new();
    struct buf scratch BUF_AUTO;
    struct jsonread j;
    struct jsonread_key key;
    bool has_tree = false;
    buf_init(&scratch, (size_t)1 << 20);
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (read_word(&j, key, &scratch, snapshot) || read_texts(&j, key, &scratch, snapshot))
            continue;
        if (jsonread_is(key, "time")) {
            snapshot->time_ns = read_time(&j, &snapshot->arena, &scratch, &snapshot->time_text);
            snapshot->time_zone_s = j.failed ? 0 : zone_of(&scratch);
        } else if (jsonread_is(key, "tree") && !jsonread_null(&j)) {
            jsonread_hex(&j, snapshot->tree, SHA256_SIZE);
            has_tree = true;
        } else if (jsonread_is(key, "parent") && !jsonread_null(&j)) {
            uint8_t id[SHA256_SIZE];
            jsonread_hex(&j, id, sizeof id);
            hex_encode(id, sizeof id, snapshot->parent);
        } else if (jsonread_is(key, "uid") || jsonread_is(key, "gid")) {
            uint64_t value = jsonread_u64(&j);
            *(jsonread_is(key, "uid") ? &snapshot->uid : &snapshot->gid) = (uint32_t)value;
        } else if (jsonread_is(key, "summary") && !jsonread_null(&j)) {
            read_summary(&j, &scratch, snapshot);
            snapshot->has_summary = true;
        } else if (!jsonread_is(key, "tree") && !jsonread_is(key, "parent") && !jsonread_is(key, "summary"))
            jsonread_skip(&j);
    }
    if (!jsonread_done(&j) || !has_tree) {
        snapshot_free(snapshot);
        return err_set(ERR_CORRUPT, _("the snapshot is malformed"));
    }
    *out = snapshot;
    return 0;
}

int snapshot_load(const struct vault *vault, const char *name, struct snapshot **out)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_SNAPSHOT_FILE);
    int err = vault_load_file(vault, BLOB_SNAPSHOT, name, &plain);
    if (err)
        return err;
    err = snapshot_decode(plain.data, plain.length, out);
    if (err)
        return err_in(err, "%s/snapshots/%s", vault_path(vault), name);
    memcpy((*out)->id, name, VAULT_ID_TEXT);
    return 0;
}

struct collect {
    const struct vault *vault;
    snapshot_bad *bad;
    void *context;
    struct snapshots *list;
};

static int collect_one(void *context, const char *name, uint64_t size)
{
    struct collect *collect = context;
    struct snapshots *list = collect->list;
    struct snapshot *snapshot;
    (void)size;
    int err = snapshot_load(collect->vault, name, &snapshot);
    if (err && collect->bad) {
        collect->bad(collect->context, name, err);
        return 0;
    }
    if (err)
        return err;
    if ((list->count & (list->count - 1)) == 0)
        list->items = mem_resize(list->items, list->count ? 2 * list->count : 1, sizeof *list->items);
    list->items[list->count++] = snapshot;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct snapshot *x = *(struct snapshot *const *)a, *y = *(struct snapshot *const *)b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return strcmp(x->id, y->id);
}

int snapshot_read_all(const struct vault *vault, snapshot_bad *bad, void *context, struct snapshots *out)
{
    *out = (struct snapshots){0};
    struct collect collect = {vault, bad, context, out};
    int err = blob_list(vault_reader(vault), BLOB_SNAPSHOT, collect_one, &collect);
    if (err)
        snapshot_free_all(out);
    else if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_time);
    return err;
}

void snapshot_free_all(struct snapshots *list)
{
    for (size_t i = 0; i < list->count; i++)
        snapshot_free(list->items[i]);
    free(list->items);
    *list = (struct snapshots){0};
}

static bool has(const struct snapshot_list_of_text *list, const char *wanted, size_t length)
{
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i]) == length && memcmp(list->items[i], wanted, length) == 0)
            return true;
    return false;
}

static bool has_all(const struct snapshot_list_of_text *list, const char *const *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!has(list, wanted[i], strlen(wanted[i])))
            return false;
    return true;
}

bool snapshot_has_tags(const struct snapshot *snapshot, const char *list)
{
    if (!*list)
        return snapshot->tags.count == 0;
    while (*list) {
        size_t length = strcspn(list, ",");
        if (!has(&snapshot->tags, list, length))
            return false;
        list += length + (list[length] == ',');
    }
    return true;
}

static bool has_any_tags(const struct snapshot *snapshot, const struct snapshot_filter *filter)
{
    for (size_t i = 0; i < filter->tag_count; i++)
        if (snapshot_has_tags(snapshot, filter->tags[i]))
            return true;
    return filter->tag_count == 0;
}

static bool is_of_host(const struct snapshot *snapshot, const struct snapshot_filter *filter)
{
    for (size_t i = 0; i < filter->host_count; i++)
        if (!*filter->hosts[i] || strcmp(filter->hosts[i], snapshot->hostname) == 0)
            return true;
    return filter->host_count == 0;
}

bool snapshot_filter_is_empty(const struct snapshot_filter *filter)
{
    return filter->host_count + filter->path_count + filter->tag_count == 0;
}

bool snapshot_matches(const struct snapshot *snapshot, const struct snapshot_filter *filter)
{
    return !filter || (is_of_host(snapshot, filter) && has_any_tags(snapshot, filter) &&
                       has_all(&snapshot->paths, filter->paths, filter->path_count));
}

static int find_latest(const struct vault *vault, const struct snapshot_filter *filter, struct snapshot **out)
{
    struct snapshots list;
    int err = snapshot_read_all(vault, NULL, NULL, &list);
    if (err)
        return err;
    *out = NULL;
    for (size_t i = list.count; i-- > 0 && !*out;)
        if (snapshot_matches(list.items[i], filter)) {
            *out = list.items[i];
            list.items[i] = NULL;
        }
    snapshot_free_all(&list);
    return *out ? 0 : err_set(ERR_NOT_FOUND, _("the repository %s has no such snapshot"), vault_path(vault));
}

int snapshot_find(const struct vault *vault, const char *name, const struct snapshot_filter *filter,
                  struct snapshot **out)
{
    if (strcmp(name, "latest") == 0)
        return find_latest(vault, filter, out);
    char found[VAULT_ID_TEXT];
    unsigned count;
    int err = names_find(vault, BLOB_SNAPSHOT, name, &count, found);
    if (err)
        return err;
    if (count == 0)
        return err_hint(
            err_set(ERR_NOT_FOUND, _("the repository %s has no snapshot \"%s\""), vault_path(vault), name),
            _("list them with: beffroi vault snapshots -r %s"), vault_path(vault));
    if (count > 1)
        return err_set(ERR_INVALID, _("\"%s\" is the beginning of %u snapshots; give more digits"), name,
                       count);
    return snapshot_load(vault, found, out);
}

static void keep(struct snapshots *list, struct snapshot *snapshot)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i]->id, snapshot->id) == 0) {
            snapshot_free(snapshot);
            return;
        }
    list->items[list->count++] = snapshot;
}

int snapshot_select(const struct vault *vault, const char *const *names, size_t count,
                    const struct snapshot_filter *filter, struct snapshots *out)
{
    int err = count ? 0 : snapshot_read_all(vault, NULL, NULL, out);
    if (err)
        return err;
    if (count) {
        *out = (struct snapshots){.items = mem_zalloc(count, sizeof *out->items)};
        for (size_t i = 0; !err && i < count; i++) {
            struct snapshot *found;
            err = snapshot_find(vault, names[i], filter, &found);
            if (!err)
                keep(out, found);
        }
        if (err)
            snapshot_free_all(out);
        return err;
    }
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (snapshot_matches(out->items[i], filter))
            out->items[kept++] = out->items[i];
        else
            snapshot_free(out->items[i]);
    }
    out->count = kept;
    return 0;
}

bool snapshot_add_tag(struct snapshot *snapshot, const char *tag)
{
    struct snapshot_list_of_text *tags = &snapshot->tags;
    if (has(tags, tag, strlen(tag)))
        return false;
    const char **longer = arena_take(&snapshot->arena, (tags->count + 1) * sizeof *longer);
    if (tags->count)
        memcpy(longer, tags->items, tags->count * sizeof *longer);
    longer[tags->count++] = arena_copy(&snapshot->arena, tag, strlen(tag));
    tags->items = longer;
    return true;
}

/* The last takes its place, as in restic: the same tags in the same order make the same file. */
bool snapshot_remove_tag(struct snapshot *snapshot, const char *tag)
{
    struct snapshot_list_of_text *tags = &snapshot->tags;
    for (size_t i = 0; i < tags->count; i++)
        if (strcmp(tags->items[i], tag) == 0) {
            tags->items[i] = tags->items[--tags->count];
            return true;
        }
    return false;
}

int snapshot_save(const struct vault *vault, struct snapshot *snapshot)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_SNAPSHOT_FILE);
    snapshot_encode(snapshot, &plain);
    return vault_save_file(vault, BLOB_SNAPSHOT, plain.data, plain.length, snapshot->id);
}

int snapshot_replace(const struct vault *vault, struct snapshot *snapshot)
{
    char old_id[VAULT_ID_TEXT];
    memcpy(old_id, snapshot->id, sizeof old_id);
    if (!*snapshot->original)
        snapshot->original = arena_copy(&snapshot->arena, old_id, strlen(old_id));
    int err = snapshot_save(vault, snapshot);
    return err ? err : blob_prune(vault_pruner(vault), BLOB_SNAPSHOT, old_id);
}
