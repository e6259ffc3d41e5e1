/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/layout.h"
#include "blob/settings.h"
#include "blob/sftp_file.h"
#include "blob/sftp_place.h"

#define CONNECTIONS 5                   /* operations at once, as restic's default */
#define LISTED_MAX  ((size_t)256 << 20) /* names and sizes of 32 folders */

/* A link, and how many operations use it: whoever finds it lost makes a new one, the last user closes it. */
struct shared_link {
    struct sftp_link *link;
    unsigned users;
};

struct sftp {
    struct sftp_place place;
    char **argv;
    char *where;
    unsigned timeout_seconds;
    pthread_mutex_t lock; /* everything below */
    pthread_cond_t changed;
    unsigned running, most; /* operations */
    struct shared_link *shared;
};

/* ---- one operation, over a link that works ---- */

static void drop(struct sftp *sftp, struct shared_link *shared)
{
    pthread_mutex_lock(&sftp->lock);
    bool last = --shared->users == 0;
    pthread_mutex_unlock(&sftp->lock);
    if (!last)
        return;
    sftp_link_close(shared->link);
    free(shared);
}

/* The link of now, or a new one in place of one that is lost. The others wait meanwhile: they need it too. */
static int take(struct sftp *sftp, struct shared_link **out)
{
    struct shared_link *lost = NULL;
    int err = 0;
    pthread_mutex_lock(&sftp->lock);
    if (sftp->shared && sftp_link_is_lost(sftp->shared->link)) {
        lost = sftp->shared;
        sftp->shared = NULL;
    }
    if (!sftp->shared) {
        struct sftp_link *link;
        err = sftp_link_open(sftp->argv, sftp->where, sftp->timeout_seconds, &link);
        if (!err) {
            sftp->shared = mem_zalloc(1, sizeof *sftp->shared);
            *sftp->shared = (struct shared_link){link, 1};
        }
    }
    if (!err)
        sftp->shared->users++;
    *out = sftp->shared;
    pthread_mutex_unlock(&sftp->lock);
    if (lost)
        drop(sftp, lost);
    return err;
}

static void enter(struct sftp *sftp)
{
    pthread_mutex_lock(&sftp->lock);
    while (sftp->running == sftp->most)
        pthread_cond_wait(&sftp->changed, &sftp->lock);
    sftp->running++;
    pthread_mutex_unlock(&sftp->lock);
}

static void leave(struct sftp *sftp)
{
    pthread_mutex_lock(&sftp->lock);
    sftp->running--;
    pthread_cond_signal(&sftp->changed);
    pthread_mutex_unlock(&sftp->lock);
}

/* All operations can be done twice (blob/retry.h does): what the first try left is found or replaced. */
typedef int operation(struct sftp *sftp, struct sftp_link *link, void *arguments);

static int run(struct sftp *sftp, operation *does, void *arguments)
{
    struct shared_link *shared;
    enter(sftp);
    int err = take(sftp, &shared);
    bool lost = err; /* the connection, whose error says where it led */
    if (!err) {
        err = does(sftp, shared->link, arguments);
        lost = err && sftp_link_is_lost(shared->link);
        drop(sftp, shared);
    }
    leave(sftp);
    return err && !lost ? err_in(err, "%s", sftp->where) : err;
}

/* ---- the operations ---- */

struct object {
    enum blob_kind kind;
    const char *path; /* below the repository */
    char *full;
    uint64_t offset, size;
    void *out;
    const void *bytes;
    size_t length;
};

static int object_of(const struct sftp *sftp, enum blob_kind kind, const char *name,
                     char path[static LAYOUT_PATH_SIZE], struct object *out)
{
    int err = layout_path(kind, name, path);
    if (err)
        return err;
    *out = (struct object){.kind = kind, .path = path, .full = path_join(sftp->place.path, path)};
    return 0;
}

static int do_size(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    struct object *object = arguments;
    struct sftp_attrs attrs;
    (void)sftp;
    int err = sftp_file_stat(link, object->full, &attrs);
    if (!err && !attrs.has_size)
        err = err_set(ERR_UNSUPPORTED, _("%s: the server does not tell sizes"), object->full);
    if (!err)
        object->size = attrs.size;
    return err;
}

static int store_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    char path[LAYOUT_PATH_SIZE];
    struct object object;
    int err = object_of(self, kind, name, path, &object);
    if (err)
        return err;
    err = run(self, do_size, &object);
    if (!err)
        *size = object.size;
    free(object.full);
    return err;
}

static int do_read(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    const struct object *object = arguments;
    (void)sftp;
    return sftp_file_read(link, object->full, object->offset, object->out, object->length);
}

static int store_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                      size_t length)
{
    char path[LAYOUT_PATH_SIZE];
    struct object object;
    int err = object_of(self, kind, name, path, &object);
    if (err)
        return err;
    object.offset = offset;
    object.out = out;
    object.length = length;
    err = run(self, do_read, &object);
    free(object.full);
    return err;
}

/* 1 when it stands there already: its name is the hash of its bytes. */
static int already_there(struct sftp_link *link, const struct object *object)
{
    struct sftp_attrs attrs;
    int err = sftp_file_stat(link, object->full, &attrs);
    if (err)
        return err == ERR_NOT_FOUND ? 0 : err;
    if (object->kind != BLOB_CONFIG && attrs.has_size && attrs.size == object->length)
        return 1;
    return err_set(ERR_EXISTS, _("%s is already there, with other contents"), object->full);
}

static int do_write(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    const struct object *object = arguments;
    char name[LAYOUT_TEMPORARY_SIZE];
    int there = already_there(link, object);
    if (there)
        return there < 0 ? there : 0;
    layout_temporary(name);
    const char *slash = strrchr(object->path, '/');
    char *folder MEM_AUTO =
        slash ? mem_printf("%s/%.*s", sftp->place.path, (int)(slash - object->path), object->path)
              : mem_strdup(sftp->place.path);
    char *temporary MEM_AUTO = path_join(folder, name);
    int err = sftp_file_create(link, temporary, object->bytes, object->length);
    if (err == ERR_NOT_FOUND) {
        err = sftp_file_make_folders(link, folder);
        if (!err)
            err = sftp_file_create(link, temporary, object->bytes, object->length);
    }
    if (!err)
        err = sftp_file_rename(link, temporary, object->full, object->kind != BLOB_CONFIG);
    if (err && err != ERR_CLOSED && err != ERR_TIMEOUT) {
        char *said MEM_AUTO = mem_strdup(err_text());
        (void)sftp_file_remove(link, temporary);
        err_set((enum err)err, "%s", said);
    }
    return err;
}

static int store_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    char path[LAYOUT_PATH_SIZE];
    struct object object;
    int err = object_of(self, kind, name, path, &object);
    if (err)
        return err;
    object.bytes = bytes;
    object.length = length;
    err = run(self, do_write, &object);
    free(object.full);
    return err;
}

static int do_remove(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    const struct object *object = arguments;
    (void)sftp;
    return sftp_file_remove(link, object->full);
}

static int store_remove(void *self, enum blob_kind kind, const char *name)
{
    char path[LAYOUT_PATH_SIZE];
    struct object object;
    int err = object_of(self, kind, name, path, &object);
    if (err)
        return err;
    err = run(self, do_remove, &object);
    free(object.full);
    return err;
}

/* ---- listing ---- */

/* Folders that are listed at once, and what was found in them. */
struct batch {
    char *paths[SFTP_FILE_FOLDERS];
    unsigned count;
    struct buf found; /* names with their NUL, each followed by its size */
    bool sweep;       /* look for temporary files that were left, instead of objects */
};

static int collect(void *context, unsigned folder, const char *name, const struct sftp_attrs *attrs)
{
    struct batch *batch = context;
    bool wanted =
        batch->sweep ? attrs->has_times && layout_is_abandoned(name, attrs->mtime) : blob_is_name(name);
    if (!wanted || (attrs->has_mode && !S_ISREG(attrs->mode)))
        return 0;
    buf_put_u8(&batch->found, (uint8_t)folder);
    buf_put_u64(&batch->found, attrs->has_size ? attrs->size : UINT64_MAX);
    buf_put_string(&batch->found, name);
    return batch->found.overflowed ? err_set(ERR_TOO_LARGE, _("a folder holds too many files")) : 0;
}

static int do_list(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    struct batch *batch = arguments;
    (void)sftp;
    buf_clear(&batch->found);
    return sftp_file_list(link, batch->paths, batch->count, collect, batch);
}

static void batch_clear(struct batch *batch)
{
    while (batch->count > 0)
        free(batch->paths[--batch->count]);
}

/* What to do with one that was found: told to `visit`, or removed. */
struct purpose {
    struct sftp *sftp;
    blob_visit *visit;
    void *context;
    enum blob_kind kind;
};

static int show_one(const struct purpose *purpose, const char *folder, const char *name, uint64_t size)
{
    int err = 0;
    if (!purpose->visit) {
        struct object object = {.full = path_join(folder, name)};
        err = run(purpose->sftp, do_remove, &object);
        free(object.full);
        return err;
    }
    if (size == UINT64_MAX)
        err = store_size(purpose->sftp, purpose->kind, name, &size);
    return err ? err : purpose->visit(purpose->context, name, size);
}

/* Not under the operation: the visitor may use the store. */
static int list_batch(const struct purpose *purpose, struct batch *batch)
{
    int err = run(purpose->sftp, do_list, batch);
    struct reader r;
    reader_init(&r, batch->found.data, batch->found.length);
    while (!err && reader_left(&r) > 0) {
        char name[256];
        unsigned folder = reader_u8(&r);
        uint64_t size = reader_u64(&r);
        reader_string(&r, name, sizeof name);
        err = show_one(purpose, batch->paths[folder], name, size);
    }
    return err;
}

static int list_data(const struct purpose *purpose, struct batch *batch)
{
    int err = 0;
    for (unsigned i = 0; !err && i < LAYOUT_DATA_FOLDERS; i++) {
        char folder[LAYOUT_FOLDER_SIZE];
        layout_data_folder(i, folder);
        batch->paths[batch->count++] = path_join(purpose->sftp->place.path, folder);
        if (batch->count < SFTP_FILE_FOLDERS)
            continue;
        err = list_batch(purpose, batch);
        batch_clear(batch);
    }
    return err;
}

static int list_kind(const struct purpose *purpose, bool sweep)
{
    struct batch batch = {.sweep = sweep};
    int err;
    buf_init(&batch.found, LISTED_MAX);
    if (purpose->kind == BLOB_PACK) {
        err = list_data(purpose, &batch);
    } else {
        batch.paths[batch.count++] = path_join(purpose->sftp->place.path, blob_kind_folder(purpose->kind));
        err = list_batch(purpose, &batch);
    }
    batch_clear(&batch);
    buf_free(&batch.found);
    return err;
}

static int store_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    const struct purpose purpose = {self, visit, context, kind};
    return list_kind(&purpose, false);
}

static int store_sweep(void *self)
{
    int err = 0;
    for (int kind = BLOB_PACK; !err && kind < BLOB_KIND_COUNT; kind++) {
        const struct purpose purpose = {.sftp = self, .kind = (enum blob_kind)kind};
        err = list_kind(&purpose, true);
    }
    return err;
}

/* ---- begin and end ---- */

static void sftp_free_state(void *self)
{
    struct sftp *sftp = self;
    if (sftp->shared)
        drop(sftp, sftp->shared);
    pthread_cond_destroy(&sftp->changed);
    pthread_mutex_destroy(&sftp->lock);
    sftp_command_free(sftp->argv);
    sftp_place_free(&sftp->place);
    free(sftp->where);
    free(sftp);
}

static const struct blob_ops sftp_ops = {.list = store_list,
                                         .size = store_size,
                                         .read = store_read,
                                         .write = store_write,
                                         .remove = store_remove,
                                         .sweep = store_sweep,
                                         .free = sftp_free_state};

/* The stall that is set for all remote stores, unless this one has its own. */
static int find_timeout(unsigned *out)
{
    const char *text = blob_settings_option("sftp.timeout");
    *out = (unsigned)(blob_settings()->stall_ns / NS_PER_SECOND);
    if (!text)
        return 0;
    int64_t timeout_ns;
    if (duration_parse(text, &timeout_ns) != 0 || timeout_ns < NS_PER_SECOND)
        return err_set(ERR_INVALID, _("sftp.timeout wants a duration such as 90s or 15m, not \"%s\""), text);
    *out = (unsigned)(timeout_ns / NS_PER_SECOND);
    return 0;
}

static int make_state(const char *rest, struct sftp **out)
{
    struct sftp *sftp = mem_zalloc(1, sizeof *sftp);
    pthread_mutex_init(&sftp->lock, NULL);
    pthread_cond_init(&sftp->changed, NULL);
    sftp->where = mem_printf("sftp:%s", rest);
    static const char *const options[] = {"sftp.args", "sftp.command", "sftp.connections", "sftp.timeout",
                                          NULL};
    int err = blob_settings_known("sftp.", options);
    if (!err)
        err = sftp_place_parse(rest, &sftp->place);
    if (!err)
        err = sftp_command(&sftp->place, blob_settings_option("sftp.command"),
                           blob_settings_option("sftp.args"), &sftp->argv);
    if (!err)
        err = blob_settings_connections("sftp.connections", CONNECTIONS, &sftp->most);
    if (!err)
        err = find_timeout(&sftp->timeout_seconds);
    if (err)
        sftp_free_state(sftp);
    else
        *out = sftp;
    return err;
}

static int do_look(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    struct sftp_attrs attrs;
    (void)arguments;
    int err = sftp_file_stat(link, sftp->place.path, &attrs);
    if (!err && attrs.has_mode && !S_ISDIR(attrs.mode))
        err = err_set(ERR_NOT_FOUND, _("%s is not a folder"), sftp->place.path);
    return err;
}

static int do_make(struct sftp *sftp, struct sftp_link *link, void *arguments)
{
    (void)arguments;
    int err = sftp_file_make_folders(link, sftp->place.path);
    for (int kind = BLOB_PACK; !err && kind < BLOB_KIND_COUNT; kind++) {
        char *folder MEM_AUTO = path_join(sftp->place.path, blob_kind_folder((enum blob_kind)kind));
        err = sftp_file_make_folders(link, folder);
    }
    return err;
}

static int open_with(const char *rest, operation *first, struct blob_store **out)
{
    struct sftp *sftp;
    int err = make_state(rest, &sftp);
    if (err)
        return err;
    err = run(sftp, first, NULL);
    if (err) {
        sftp_free_state(sftp);
        return err;
    }
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    *store = (struct blob_store){
        .ops = &sftp_ops, .self = sftp, .where = mem_strdup(sftp->where), .connections = sftp->most};
    *out = store;
    return 0;
}

int sftp_open(const char *rest, struct blob_store **out)
{
    return open_with(rest, do_look, out);
}

int sftp_create(const char *rest, struct blob_store **out)
{
    return open_with(rest, do_make, out);
}
