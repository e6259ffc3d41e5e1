/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/copy.h"
#include "sensor/draw.h"

#define SHADOW_FOLDER "shadow"
#define INDEX_LIMIT   ((size_t)1 << 30) /* bytes of an index that is read */

/* What is remembered of each copy; its path and metadata are in the index only. */
struct entry {
    uint64_t number;
    struct stamp stamp;
    int64_t copied_ns;
    uint32_t tree;
    bool meta; /* no bytes: a RECORD_META */
};

struct store {
    struct store_options options;
    struct kept *kept; /* borrowed */
    int folder, index;
    pthread_mutex_t lock; /* guards all below and the end of the index */
    uint64_t next;
    struct entry *entries; /* by number, so the oldest first */
    size_t count, capacity;
    int64_t *snapshots; /* per tree: when its newest snapshot was complete */
    size_t tree_count;
    uint64_t reserved; /* bytes of copies under way */
    struct store_state state;
};

static void count(struct store *s, const struct entry *entry, bool added)
{
    if (entry->meta)
        return;
    s->state.bytes += added ? entry->stamp.size : -entry->stamp.size;
    s->state.files += added ? 1 : UINT64_MAX;
}

static void add_entry(struct store *s, const struct entry *entry)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 256;
        s->entries = mem_resize(s->entries, s->capacity, sizeof *s->entries);
    }
    size_t at = s->count++; /* nearly always the last: copies end in about the order they began */
    for (; at > 0 && s->entries[at - 1].number > entry->number; at--)
        s->entries[at] = s->entries[at - 1];
    s->entries[at] = *entry;
    count(s, entry, true);
}

static struct entry *find_entry(const struct store *s, uint64_t number)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->entries[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->entries[low].number == number ? &s->entries[low] : NULL;
}

/* ---- start ---- */

static void forget_entry(struct store *s, uint64_t number)
{
    struct entry *entry = find_entry(s, number);
    if (!entry)
        return;
    count(s, entry, false);
    size_t at = (size_t)(entry - s->entries);
    memmove(entry, entry + 1, (s->count - at - 1) * sizeof *entry);
    s->count--;
}

/* Reads the records into the entries; what follows a torn one is left out. */
static void load_records(struct store *s, const struct buf *index)
{
    struct reader r;
    struct record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    size_t magic = strlen(RECORD_MAGIC);
    if (index->length < magic || memcmp(index->data, RECORD_MAGIC, magic) != 0)
        return;
    reader_init(&r, index->data + magic, index->length - magic);
    while (record_next(&r, record)) {
        if (record->number >= s->next)
            s->next = record->number + 1;
        forget_entry(s, record->number);
        if (record->kind != RECORD_DROP)
            add_entry(s, &(struct entry){record->number, record->stamp, record->copied_ns, record->tree,
                                         record->kind == RECORD_META});
    }
}

static void keep_present(struct store *s)
{
    size_t kept = 0;
    s->state.bytes = s->state.files = 0;
    for (size_t i = 0; i < s->count; i++) {
        char name[RECORD_NAME_MAX];
        struct stat st;
        record_name(s->entries[i].number, name);
        if (!s->entries[i].meta && (fstatat(s->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
                                    (uint64_t)st.st_size != s->entries[i].stamp.size))
            continue;
        count(s, &s->entries[i], true);
        s->entries[kept++] = s->entries[i];
    }
    s->count = kept;
}

static void remove_strays(struct store *s)
{
    int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        fd_close(&fd);
        return;
    }
    for (struct dirent *found; (found = readdir(folder));) {
        char *end;
        uint64_t number = strtoull(found->d_name, &end, 16);
        if (strlen(found->d_name) == RECORD_NAME_MAX - 1 && !*end && !find_entry(s, number))
            unlinkat(s->folder, found->d_name, 0);
    }
    closedir(folder);
}

/* The index with the living records only, in place of the old. */
static int compact(struct store *s, const struct buf *old)
{
    struct buf fresh BUF_AUTO;
    struct reader r;
    struct record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    size_t magic = strlen(RECORD_MAGIC);
    buf_init(&fresh, INDEX_LIMIT);
    buf_put(&fresh, RECORD_MAGIC, magic);
    if (old->length > magic) {
        reader_init(&r, old->data + magic, old->length - magic);
        while (record_next(&r, record))
            if (record->kind != RECORD_DROP && find_entry(s, record->number))
                record_encode(record, &fresh);
    }
    if (fresh.overflowed)
        return err_set(ERR_TOO_LARGE, _("the index of the shadow store is too large"));
    return durable_write(s->folder, RECORD_INDEX, fresh.data, fresh.length, 0600);
}

static int load(struct store *s)
{
    struct buf index BUF_AUTO;
    buf_init(&index, INDEX_LIMIT);
    int rc = fd_read_file(s->folder, RECORD_INDEX, &index);
    if (rc != 0 && rc != ERR_NOT_FOUND)
        return rc;
    load_records(s, &index);
    keep_present(s);
    remove_strays(s);
    rc = compact(s, &index);
    if (rc == ERR_NO_SPACE) /* the old one still serves: a torn end must go all the same */
        rc = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!s->entries[i].meta)
            kept_add_shadow(s->kept, &s->entries[i].stamp, s->entries[i].number);
    return rc;
}

static int open_folder(struct store *s)
{
    if (mkdirat(s->options.state_fd, SHADOW_FOLDER, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), SHADOW_FOLDER);
    s->folder = openat(s->options.state_fd, SHADOW_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->folder < 0)
        return err_sys(_("cannot open the folder %s"), SHADOW_FOLDER);
    int rc = load(s);
    if (rc != 0)
        return rc;
    s->index = openat(s->folder, RECORD_INDEX, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return s->index < 0 ? err_sys(_("cannot open the index of the shadow store")) : 0;
}

int store_open(const struct store_options *options, struct kept *kept, struct store **out)
{
    struct store *s = mem_zalloc(1, sizeof *s);
    *s = (struct store){.options = *options, .kept = kept, .folder = -1, .index = -1, .next = 1};
    pthread_mutex_init(&s->lock, NULL);
    int rc = open_folder(s);
    if (rc != 0)
        store_close(s);
    else
        *out = s;
    return rc;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    fd_close(&s->folder);
    fd_close(&s->index);
    free(s->entries);
    free(s->snapshots);
    free(s);
}

/* ---- dropping ---- */

/* Writes one record at the index's end; a part that did not fit is cut off again, or the records behind it
 * would be lost. Called with the lock held. */
static int append(struct store *s, const struct record *record)
{
    struct buf bytes BUF_AUTO;
    struct stat st;
    buf_init(&bytes, RECORD_LARGEST + 64);
    record_encode(record, &bytes);
    if (bytes.overflowed)
        return err_set(ERR_TOO_LARGE, _("the metadata of a shadow copy is too large"));
    if (fstat(s->index, &st) != 0)
        return err_sys(_("cannot look at the index of the shadow store"));
    int rc = fd_write_all(s->index, bytes.data, bytes.length, "shadow/index");
    if (rc != 0 && ftruncate(s->index, st.st_size) != 0)
        return err_sys(_("cannot mend the index of the shadow store"));
    return rc;
}

static void drop_copy(struct store *s, const struct entry *entry)
{
    char name[RECORD_NAME_MAX];
    struct record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    record->kind = RECORD_DROP;
    record->number = entry->number;
    record_name(entry->number, name);
    if (!entry->meta)
        unlinkat(s->folder, name, 0);
    append(s, record); /* if it cannot be written: at the next start the missing file says the same */
    count(s, entry, false);
}

static bool is_living(uint64_t number, void *self)
{
    return find_entry(self, number) != NULL;
}

/* Drops the copies for which `unwanted` says so, oldest first. */
static void sweep(struct store *s, bool (*unwanted)(struct store *s, const struct entry *entry, int64_t now),
                  int64_t now)
{
    size_t left = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (unwanted(s, &s->entries[i], now))
            drop_copy(s, &s->entries[i]);
        else
            s->entries[left++] = s->entries[i];
    }
    bool dropped = s->count != left;
    s->count = left;
    if (dropped)
        kept_purge(s->kept, is_living, s);
}

static bool is_past(struct store *s, const struct entry *entry, int64_t now)
{
    if (now - entry->copied_ns < s->options.keep_ns)
        return false;
    return (entry->tree < s->tree_count && s->snapshots[entry->tree] > entry->copied_ns) ||
           kept_in_vault(s->kept, &entry->stamp);
}

/* `now` is here the number of bytes that the store may have: a tenth less than the quota allows, so that
 * not every copy has to sweep. */
static bool is_spare(struct store *s, const struct entry *entry, int64_t target)
{
    return s->state.bytes > (uint64_t)target && !entry->meta && kept_in_vault(s->kept, &entry->stamp);
}

static bool is_over(struct store *s, const struct entry *entry, int64_t target)
{
    if (s->state.bytes <= (uint64_t)target || entry->meta)
        return false;
    s->state.unkept++;
    return true;
}

/* Called with the lock held. */
static bool make_room(struct store *s, uint64_t size)
{
    if (size > s->options.quota)
        return false;
    uint64_t allowed = s->options.quota - size;
    if (s->reserved > allowed)
        return false;
    allowed -= s->reserved;
    if (s->state.bytes > allowed)
        sweep(s, is_spare, (int64_t)(allowed - allowed / 10));
    if (s->state.bytes > allowed)
        sweep(s, is_over, (int64_t)allowed);
    return true;
}

void store_expire(struct store *s, int64_t wall_ns)
{
    pthread_mutex_lock(&s->lock);
    sweep(s, is_past, wall_ns);
    pthread_mutex_unlock(&s->lock);
}

void store_snapshot(struct store *s, uint32_t tree, int64_t wall_ns)
{
    pthread_mutex_lock(&s->lock);
    if (tree >= s->tree_count) {
        s->snapshots = mem_resize(s->snapshots, tree + 1, sizeof *s->snapshots);
        while (s->tree_count <= tree)
            s->snapshots[s->tree_count++] = 0;
    }
    s->snapshots[tree] = wall_ns;
    pthread_mutex_unlock(&s->lock);
}

void store_count_unkept(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    s->state.unkept++;
    pthread_mutex_unlock(&s->lock);
}

void store_get_state(struct store *s, struct store_state *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->state;
    pthread_mutex_unlock(&s->lock);
}

/* ---- copying ---- */

static int look(const struct store_source *source, struct stat *st)
{
    int rc = source->link ? fstatat(source->fd, source->link, st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
                          : fstat(source->fd, st);
    if (rc != 0)
        return err_sys(_("cannot look at %s"), source->path);
    if (source->link ? !S_ISLNK(st->st_mode) : !S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return err_set(ERR_CHANGED, _("%s is no longer what it was"), source->path);
    return 0;
}

static struct stamp stamp_of(const struct stat *st)
{
    return S_ISDIR(st->st_mode) ? kept_folder_stamp(st->st_dev, st->st_ino) : kept_stamp(st);
}

static int read_metadata(const struct store_source *source, const struct stat *st, struct buf *out)
{
    struct filemeta meta = {.mode = st->st_mode, .uid = st->st_uid, .gid = st->st_gid};
    struct stamp stamp = kept_stamp(st);
    meta.mtime_ns = meta.atime_ns = stamp.mtime_ns;
    if (!source->link) {
        int rc = filemeta_read(source->fd, &meta);
        if (rc != 0)
            return rc;
    }
    filemeta_encode(&meta, out);
    filemeta_free(&meta);
    return 0;
}

/* Nothing is written for a folder. */
static int write_copy(const struct store_source *source, int to, uint64_t size, const bool *gave_up,
                      struct sketch *sketch)
{
    int rc;
    if (source->link) {
        char target[PATH_MAX];
        ssize_t length = readlinkat(source->fd, source->link, target, sizeof target);
        if (length < 0 || (uint64_t)length != size)
            return err_set(ERR_CHANGED, _("%s is no longer what it was"), source->path);
        rc = fd_write_all(to, target, (size_t)length, source->path);
    } else {
        rc = size == 0 ? 0 : copy_bytes(source->fd, to, size, gave_up);
    }
    if (rc == 0 && !draw_sketch(to, size, false, sketch))
        rc = err_set(ERR_SYSTEM, _("cannot read the copy of %s"), source->path);
    return rc;
}

/* Copies into the file `number`; *st is what the source was. Tried twice when it changes meanwhile. */
static int copy_once(struct store *s, const struct store_source *source, uint64_t number, const bool *gave_up,
                     struct stat *st, struct sketch *sketch)
{
    char name[RECORD_NAME_MAX];
    struct stat after;
    record_name(number, name);
    for (int tries = 0; tries < 3; tries++) {
        int to FD_AUTO = openat(s->folder, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
            return err_sys(_("cannot make a shadow copy"));
        int rc = write_copy(source, to, stamp_of(st).size, gave_up, sketch);
        if (rc != 0 && rc != ERR_CHANGED)
            return rc;
        if (look(source, &after) != 0)
            return ERR_CHANGED;
        struct stamp before = stamp_of(st), now = stamp_of(&after);
        if (rc == 0 && memcmp(&before, &now, sizeof now) == 0)
            return 0;
        *st = after;
    }
    return err_set(ERR_CHANGED, _("%s keeps changing"), source->path);
}

/* The record of a copy whose bytes are there; of metadata alone when there is no `sketch`. */
static int finish_copy(struct store *s, const struct store_source *source, uint64_t number,
                       const struct stat *st, const struct sketch *sketch)
{
    struct buf meta BUF_AUTO;
    struct record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    buf_init(&meta, FILEMETA_MAX_BYTES + 65536);
    int rc = read_metadata(source, st, &meta);
    if (rc != 0)
        return rc;
    *record = (struct record){.kind = sketch ? RECORD_ADD : RECORD_META,
                              .number = number,
                              .tree = source->tree,
                              .stamp = stamp_of(st),
                              .copied_ns = clock_system.wall_ns(clock_system.self),
                              .check = sketch ? draw_check(sketch) : 0,
                              .metadata = meta.data,
                              .metadata_length = meta.length};
    size_t length = strnlen(source->path, sizeof record->path - 1);
    memcpy(record->path, source->path, length);
    pthread_mutex_lock(&s->lock);
    rc = append(s, record);
    if (rc == 0) {
        add_entry(s, &(struct entry){number, record->stamp, record->copied_ns, record->tree, !sketch});
        if (sketch)
            kept_add_shadow(s->kept, &record->stamp, number);
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* Takes a number and room for `size` bytes. */
static int begin_copy(struct store *s, uint64_t size, uint64_t *number)
{
    int rc = 0;
    pthread_mutex_lock(&s->lock);
    if (size > s->options.largest || !make_room(s, size)) {
        s->state.unkept++;
        rc = err_set(ERR_TOO_LARGE, _("too large for the shadow store"));
    } else {
        *number = s->next++;
        s->reserved += size;
    }
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static void end_copy(struct store *s, uint64_t size, uint64_t number, int rc)
{
    char name[RECORD_NAME_MAX];
    pthread_mutex_lock(&s->lock);
    s->reserved -= size;
    s->state.full = rc == ERR_NO_SPACE;
    if (rc != 0 && rc != ERR_CANCELED && rc != ERR_CHANGED)
        s->state.unkept++;
    pthread_mutex_unlock(&s->lock);
    if (rc != 0) {
        record_name(number, name);
        unlinkat(s->folder, name, 0);
    }
}

int store_copy(struct store *s, const struct store_source *source, const bool *gave_up, struct version *out)
{
    struct stat st;
    struct sketch sketch;
    uint64_t number = 0;
    *out = (struct version){0};
    int rc = look(source, &st);
    if (rc != 0)
        return rc;
    struct stamp stamp = stamp_of(&st);
    if (S_ISREG(st.st_mode) && kept_find(s->kept, &stamp, out) && out->kind == VERSION_SHADOW)
        return 0;
    *out = kept_version(&stamp);
    uint64_t size = stamp.size;
    rc = begin_copy(s, size, &number);
    if (rc != 0)
        return rc;
    rc = copy_once(s, source, number, gave_up, &st, &sketch);
    if (rc == 0)
        rc = finish_copy(s, source, number, &st, &sketch);
    end_copy(s, size, number, rc);
    if (rc == 0) {
        stamp = stamp_of(&st);
        *out = kept_version(&stamp);
        out->kind = VERSION_SHADOW;
        out->id = number;
    }
    return rc;
}

/* True when the copy that the version has was made with these very metadata. */
static bool has_meta(struct store *s, const struct stamp *stamp)
{
    struct version version;
    if (!kept_find(s->kept, stamp, &version) || version.kind != VERSION_SHADOW)
        return false;
    pthread_mutex_lock(&s->lock);
    const struct entry *entry = find_entry(s, version.id);
    bool same = entry && memcmp(&entry->stamp, stamp, sizeof *stamp) == 0;
    pthread_mutex_unlock(&s->lock);
    return same;
}

int store_keep_meta(struct store *s, const struct store_source *source)
{
    struct stat st;
    uint64_t number;
    int rc = look(source, &st);
    struct stamp stamp = kept_stamp(&st);
    if (rc != 0 || has_meta(s, &stamp))
        return rc;
    rc = begin_copy(s, 0, &number);
    if (rc == 0)
        rc = finish_copy(s, source, number, &st, NULL);
    return rc;
}
