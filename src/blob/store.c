/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

struct blob_reader blob_reader(const struct blob_store *store)
{
    return (struct blob_reader){store};
}

struct blob_writer blob_writer(const struct blob_store *store)
{
    return (struct blob_writer){store};
}

struct blob_remover blob_remover(const struct blob_store *store)
{
    return (struct blob_remover){store};
}

struct blob_pruner blob_pruner(const struct blob_store *store)
{
    return (struct blob_pruner){store};
}

int blob_list(struct blob_reader reader, enum blob_kind kind, blob_visit *visit, void *context)
{
    return reader.store->ops->list(reader.store->self, kind, visit, context);
}

int blob_size(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t *size)
{
    return reader.store->ops->size(reader.store->self, kind, name, size);
}

int blob_read(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t offset, void *out,
              size_t length)
{
    return reader.store->ops->read(reader.store->self, kind, name, offset, out, length);
}

int blob_read_all(struct blob_reader reader, enum blob_kind kind, const char *name, struct buf *out)
{
    uint64_t size;
    const struct blob_store *store = reader.store;
    if (store->more && store->more->read_all)
        return store->more->read_all(store->self, kind, name, out);
    int err = blob_size(reader, kind, name, &size);
    if (err)
        return err;
    void *place = size > SIZE_MAX ? NULL : buf_reserve(out, (size_t)size);
    if (!place)
        return err_set(ERR_TOO_LARGE, _("%s/%s of %s is too large: %llu bytes"), blob_kind_folder(kind),
                       name ? name : "", reader.store->where, (unsigned long long)size);
    err = blob_read(reader, kind, name, 0, place, (size_t)size);
    if (!err)
        out->length += (size_t)size;
    return err;
}

int blob_read_folders(struct blob_reader reader, const char *name, uint64_t offset, void *out, size_t length)
{
    const struct blob_store *store = reader.store;
    if (store->more && store->more->read_folders)
        return store->more->read_folders(store->self, name, offset, out, length);
    return blob_read(reader, BLOB_PACK, name, offset, out, length);
}

bool blob_forget(struct blob_reader reader, const char *name)
{
    const struct blob_store *store = reader.store;
    return store->more && store->more->forget && store->more->forget(store->self, name);
}

void blob_keep_folders(struct blob_writer writer, const char *name, const void *bytes, size_t length)
{
    const struct blob_store *store = writer.store;
    if (store->more && store->more->keep_folders)
        store->more->keep_folders(store->self, name, bytes, length);
}

int blob_write(struct blob_writer writer, enum blob_kind kind, const char *name, const void *bytes,
               size_t length)
{
    return writer.store->ops->write(writer.store->self, kind, name, bytes, length);
}

struct blob_growing {
    const struct blob_ops *ops;
    void *self;
};

bool blob_can_grow(struct blob_writer writer)
{
    return writer.store->ops->grow != NULL;
}

int blob_grow(struct blob_writer writer, struct blob_growing **out)
{
    void *self;
    int err = writer.store->ops->grow(writer.store->self, &self);
    if (err)
        return err;
    *out = mem_zalloc(1, sizeof **out);
    **out = (struct blob_growing){writer.store->ops, self};
    return 0;
}

int blob_grow_add(struct blob_growing *growing, const void *bytes, size_t length)
{
    return growing->ops->grow_add(growing->self, bytes, length);
}

int blob_grow_end(struct blob_growing *growing, const char *name)
{
    return growing->ops->grow_end(growing->self, name);
}

void blob_grow_free(struct blob_growing *growing)
{
    if (!growing)
        return;
    growing->ops->grow_free(growing->self);
    free(growing);
}

int blob_remove_lock(struct blob_remover remover, const char *name)
{
    return remover.store->ops->remove(remover.store->self, BLOB_LOCK, name);
}

int blob_prune(struct blob_pruner pruner, enum blob_kind kind, const char *name)
{
    if (kind == BLOB_CONFIG || kind == BLOB_LOCK)
        return err_set(ERR_INVALID, _("%s cannot be pruned"), blob_kind_folder(kind));
    return pruner.store->ops->remove(pruner.store->self, kind, name);
}

int blob_sweep(struct blob_remover remover)
{
    return remover.store->ops->sweep(remover.store->self);
}

bool blob_is_locking(const struct blob_store *store)
{
    return store->locks;
}

static int locks_nothing(const struct blob_store *store)
{
    return err_hint(err_set(ERR_INVALID, _("%s does not lock what is written"), store->where),
                    _("S3 can: -o s3.object-lock=30d"));
}

int blob_prove_lock(struct blob_writer writer)
{
    const struct blob_store *store = writer.store;
    return store->locks ? store->guard_ops->prove(store->guard) : locks_nothing(store);
}

int blob_extend_lock(struct blob_writer writer, enum blob_kind kind, const char *name, bool *extended)
{
    const struct blob_store *store = writer.store;
    return store->locks ? store->guard_ops->extend(store->guard, kind, name, extended) : locks_nothing(store);
}

int blob_undelete(struct blob_writer writer, int64_t since_ns, bool dry_run, blob_undelete_visit *visit,
                  void *context)
{
    const struct blob_store *store = writer.store;
    if (!store->guard_ops)
        return err_set(ERR_INVALID, _("%s keeps no versions: what was deleted there is gone"), store->where);
    return store->guard_ops->undelete(store->guard, since_ns, dry_run, visit, context);
}

const char *blob_kind_folder(enum blob_kind kind)
{
    static const char *const folders[BLOB_KIND_COUNT] = {
        [BLOB_CONFIG] = "config", [BLOB_PACK] = "data",  [BLOB_INDEX] = "index",
        [BLOB_KEY] = "keys",      [BLOB_LOCK] = "locks", [BLOB_SNAPSHOT] = "snapshots",
    };
    return folders[kind];
}

unsigned blob_connections(const struct blob_store *store)
{
    return store->connections;
}

bool blob_is_name(const char *name)
{
    return strlen(name) == BLOB_NAME_LENGTH && strspn(name, "0123456789abcdef") == BLOB_NAME_LENGTH;
}

void blob_close(struct blob_store *store)
{
    if (!store)
        return;
    store->ops->free(store->self);
    free(store->where);
    free(store);
}
