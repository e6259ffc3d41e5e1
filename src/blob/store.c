/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/store.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/i18n.h"

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

struct blob_upgrader blob_upgrader(const struct blob_store *store)
{
    return (struct blob_upgrader){store};
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

int blob_write(struct blob_writer writer, enum blob_kind kind, const char *name, const void *bytes,
               size_t length)
{
    return writer.store->ops->write(writer.store->self, kind, name, bytes, length);
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

int blob_replace_config(struct blob_upgrader upgrader, const void *bytes, size_t length)
{
    const struct blob_store *store = upgrader.store;
    if (!store->ops->replace_config)
        return err_set(ERR_UNSUPPORTED,
                       _("the config of the repository %s cannot be replaced in one step there"),
                       store->where);
    return store->ops->replace_config(store->self, bytes, length);
}

int blob_sweep(struct blob_remover remover)
{
    return remover.store->ops->sweep(remover.store->self);
}

const char *blob_kind_folder(enum blob_kind kind)
{
    static const char *const folders[BLOB_KIND_COUNT] = {
        [BLOB_CONFIG] = "config", [BLOB_PACK] = "data",  [BLOB_INDEX] = "index",
        [BLOB_KEY] = "keys",      [BLOB_LOCK] = "locks", [BLOB_SNAPSHOT] = "snapshots",
    };
    return folders[kind];
}

void blob_close(struct blob_store *store)
{
    if (!store)
        return;
    store->ops->free(store->self);
    free(store->where);
    free(store);
}
