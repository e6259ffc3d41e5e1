/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store of named immutable objects: what a repository is kept in. Who holds a reader can list and read; a
 * writer adds objects and never replaces one; a remover exists for locks and unfinished objects alone; only a
 * pruner can take away what was saved. Each is a type of its own, so that the compiler refuses a deletion
 * where only reading was handed out.
 *
 * The one object that is ever replaced is the config, when a repository becomes one of a newer format:
 * whoever may do that holds an upgrader.
 *
 * Objects are named by 64 lower-case hexadecimal digits, except the one object of BLOB_CONFIG, whose name is
 * passed as NULL.
 */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum blob_kind { BLOB_CONFIG, BLOB_PACK, BLOB_INDEX, BLOB_KEY, BLOB_LOCK, BLOB_SNAPSHOT, BLOB_KIND_COUNT };

#define BLOB_NAME_LENGTH 64

/* Told of one object; a non-zero return stops the listing and is returned by it. */
typedef int blob_visit(void *context, const char *name, uint64_t size);

/* What a backend implements; `self` is its own state. All may be called from several threads at once. */
struct blob_ops {
    int (*list)(void *self, enum blob_kind kind, blob_visit *visit, void *context);
    int (*size)(void *self, enum blob_kind kind, const char *name, uint64_t *size);
    int (*read)(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out, size_t length);
    int (*write)(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length);
    int (*remove)(void *self, enum blob_kind kind, const char *name);
    int (*sweep)(void *self);
    void (*free)(void *self);
    /* Replaces the config, at once and for good: at any moment the old or the new one is there, whole. NULL
     * where a store cannot. */
    int (*replace_config)(void *self, const void *bytes, size_t length);
};

struct blob_store {
    const struct blob_ops *ops;
    void *self;
    char *where; /* for texts: "/var/lib/beffroi/vault" */
};

struct blob_reader {
    const struct blob_store *store;
};
struct blob_writer {
    const struct blob_store *store;
};
struct blob_remover {
    const struct blob_store *store;
};
struct blob_pruner {
    const struct blob_store *store;
};
struct blob_upgrader {
    const struct blob_store *store;
};

/* The capabilities of a store; they live as long as it does. */
struct blob_reader blob_reader(const struct blob_store *store);
struct blob_writer blob_writer(const struct blob_store *store);
struct blob_remover blob_remover(const struct blob_store *store);
struct blob_pruner blob_pruner(const struct blob_store *store);
struct blob_upgrader blob_upgrader(const struct blob_store *store);

/* Every object of a kind, in no order. Files that are not named like objects are passed over. */
int blob_list(struct blob_reader reader, enum blob_kind kind, blob_visit *visit, void *context);
/* ERR_NOT_FOUND when it is not there. */
int blob_size(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t *size);
/* Exactly `length` bytes from `offset`; ERR_CORRUPT when the object is shorter, ERR_NOT_FOUND without it. */
int blob_read(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t offset, void *out,
              size_t length);
/* Appends the whole object to `out`; ERR_TOO_LARGE past its limit. */
int blob_read_all(struct blob_reader reader, enum blob_kind kind, const char *name, struct buf *out);

/* Adds an object, durable when this returns 0. ERR_EXISTS when the name is taken and the object there has
 * another length; an equal one counts as done. ERR_NO_SPACE, ERR_READ_ONLY, ERR_PERMISSION as they are. */
int blob_write(struct blob_writer writer, enum blob_kind kind, const char *name, const void *bytes,
               size_t length);

/* Removes a lock; it being gone already is fine. */
int blob_remove_lock(struct blob_remover remover, const char *name);

/* Removes a pack, an index, a snapshot or a key; it being gone already is fine. */
int blob_prune(struct blob_pruner pruner, enum blob_kind kind, const char *name);

/* Replaces the config, durable when this returns 0; after an error the old one stands. ERR_NOT_FOUND when
 * there is none, ERR_UNSUPPORTED where the store cannot do it in one step. */
int blob_replace_config(struct blob_upgrader upgrader, const void *bytes, size_t length);

/* Removes what writers that were killed left half written: those of processes of this host that are gone,
 * and anything a day old. */
int blob_sweep(struct blob_remover remover);

/* "data", "index", ... : the folder of a kind in the repository layout. */
const char *blob_kind_folder(enum blob_kind kind);
/* Ends the store; NULL is fine. */
void blob_close(struct blob_store *store);

#endif
