/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store of named immutable objects: what a repository is kept in. Who holds a reader can list and read; a
 * writer adds objects and never replaces one; a remover exists for locks and unfinished objects alone; only a
 * pruner can take away what was saved. Each is a type of its own, so that the compiler refuses a deletion
 * where only reading was handed out.
 *
 * Objects are named by 64 lower-case hexadecimal digits, except the one object of BLOB_CONFIG, whose name is
 * passed as NULL.
 */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include <stdbool.h>
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
    /* See struct blob_growing; all NULL in a store that takes whole objects alone. */
    int (*grow)(void *self, void **growing);
    int (*grow_add)(void *growing, const void *bytes, size_t length);
    int (*grow_end)(void *growing, const char *name);
    void (*grow_free)(void *growing);
    void (*free)(void *self);
};

/* Told of an object that was brought back, by its path; `overwritten`: something else stood in its place. A
 * non-zero return ends it. */
typedef int blob_undelete_visit(void *context, const char *path, bool overwritten);

/* What a store can do that keeps versions and locks them; see blob_prove_lock and those behind it. From
 * several threads at once, too. */
struct blob_guard_ops {
    int (*prove)(void *guard);
    int (*extend)(void *guard, enum blob_kind kind, const char *name, bool *extended);
    int (*undelete)(void *guard, int64_t since_ns, bool dry_run, blob_undelete_visit *visit, void *context);
};

/* What some stores can do besides, or better; each may be NULL. */
struct blob_more_ops {
    int (*read_all)(void *self, enum blob_kind kind, const char *name, struct buf *out);
    int (*read_folders)(void *self, const char *name, uint64_t offset, void *out, size_t length);
    void (*keep_folders)(void *self, const char *name, const void *bytes, size_t length);
    bool (*forget)(void *self, const char *name);
};

struct blob_store {
    const struct blob_ops *ops;
    const struct blob_more_ops *more; /* may be NULL */
    void *self;
    char *where; /* for texts: "/var/lib/beffroi/vault" */
    /* A store behind a network: how many requests at once it is made for. Its requests are tried again
     * (blob/retry.h), and packs are sent and fetched that many at a time. 0: a disk of this machine. */
    unsigned connections;
    const struct blob_guard_ops *guard_ops; /* NULL: no versions */
    void *guard;                            /* their own state, which belongs to `self` */
    bool locks;                             /* what is written is locked against deletion */
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

/* The capabilities of a store; they live as long as it does. */
struct blob_reader blob_reader(const struct blob_store *store);
struct blob_writer blob_writer(const struct blob_store *store);
struct blob_remover blob_remover(const struct blob_store *store);
struct blob_pruner blob_pruner(const struct blob_store *store);

/* Every object of a kind, in no order. Files that are not named like objects are passed over. */
int blob_list(struct blob_reader reader, enum blob_kind kind, blob_visit *visit, void *context);
/* ERR_NOT_FOUND when it is not there. */
int blob_size(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t *size);
/* Exactly `length` bytes from `offset`; ERR_CORRUPT when the object is shorter, ERR_NOT_FOUND without it. */
int blob_read(struct blob_reader reader, enum blob_kind kind, const char *name, uint64_t offset, void *out,
              size_t length);
/* Appends the whole object to `out`; ERR_TOO_LARGE past its limit. */
int blob_read_all(struct blob_reader reader, enum blob_kind kind, const char *name, struct buf *out);
/* blob_read of a pack that holds folders: those are read again and again, so a cache may keep the pack. */
int blob_read_folders(struct blob_reader reader, const char *name, uint64_t offset, void *out, size_t length);
/* What was read of a pack is damaged: forgets the copy that a cache has. True when there was one: reading
 * again may help. */
bool blob_forget(struct blob_reader reader, const char *name);

/* Adds an object, durable when this returns 0. ERR_EXISTS when the name is taken and the object there has
 * another length; an equal one counts as done. ERR_NO_SPACE, ERR_READ_ONLY, ERR_PERMISSION as they are. */
int blob_write(struct blob_writer writer, enum blob_kind kind, const char *name, const void *bytes,
               size_t length);

/* A pack that is written while it grows and gets its name at the end, so that it takes no place in memory. */
struct blob_growing;
bool blob_can_grow(struct blob_writer writer);
/* Begins one in a store that can; blob_grow_free ends it. */
int blob_grow(struct blob_writer writer, struct blob_growing **out);
int blob_grow_add(struct blob_growing *growing, const void *bytes, size_t length);
/* Gives it its name; durable when this returns 0, otherwise not there. */
int blob_grow_end(struct blob_growing *growing, const char *name);
/* Takes away what has no name; NULL is fine. */
void blob_grow_free(struct blob_growing *growing);

/* The bytes of a pack of folders that was written, for a cache. */
void blob_keep_folders(struct blob_writer writer, const char *name, const void *bytes, size_t length);

/* Removes a lock; it being gone already is fine. */
int blob_remove_lock(struct blob_remover remover, const char *name);

/* Removes a pack, an index, a snapshot or a key; it being gone already is fine. */
int blob_prune(struct blob_pruner pruner, enum blob_kind kind, const char *name);

/* Removes what writers that were killed left half written: those of processes of this host that are gone,
 * and anything a day old. */
int blob_sweep(struct blob_remover remover);

/* Whether the store was told to lock what is written (s3.object-lock). */
bool blob_is_locking(const struct blob_store *store);
/* Proves that it holds: writes something locked and tries to delete it. ERR_UNSUPPORTED when that does not
 * fail; ERR_INVALID when the store does not lock. */
int blob_prove_lock(struct blob_writer writer);
/* Locks an object for as long as one that is written now, unless it is still locked for long enough. */
int blob_extend_lock(struct blob_writer writer, enum blob_kind kind, const char *name, bool *extended);
/* Brings back what was deleted or overwritten since then, of all but locks; with `dry_run` only tells of it.
 * ERR_INVALID when the store keeps no versions. */
int blob_undelete(struct blob_writer writer, int64_t since_ns, bool dry_run, blob_undelete_visit *visit,
                  void *context);

/* "data", "index", ... : the folder of a kind in the repository layout. */
const char *blob_kind_folder(enum blob_kind kind);
/* How many requests at once make sense; 0 for a disk of this machine. */
unsigned blob_connections(const struct blob_store *store);
/* Whether it is a name as objects have them. */
bool blob_is_name(const char *name);
/* Ends the store; NULL is fine. */
void blob_close(struct blob_store *store);

#endif
