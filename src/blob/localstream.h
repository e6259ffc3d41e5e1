/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Objects of a local folder in pieces, for a server, which hands them through and holds none in memory. Every
 * `store` is one that local_open or local_create made.
 */
#ifndef BLOB_LOCALSTREAM_H
#define BLOB_LOCALSTREAM_H

#include <stdbool.h>

#include "blob/store.h"

/* Whether a store is one. */
bool local_is(const struct blob_store *store);

/* An object on its way in. It stands under a temporary name until it is committed. */
struct local_upload;

/* Begins one; local_upload_free ends it. A pack may begin without a name (NULL) and get it later. With a
 * `length` above 0 that much room is taken on the disk now, so that ERR_NO_SPACE comes before the first byte
 * where the file system can tell. */
int local_upload_open(const struct blob_store *store, enum blob_kind kind, const char *name, uint64_t length,
                      struct local_upload **out);
int local_upload_add(struct local_upload *upload, const void *bytes, size_t length);
/* Names what began without; before the commit. */
int local_upload_set_name(struct local_upload *upload, const char *name);
/* Syncs it, gives it its name and mode 0400, and syncs the folder. ERR_EXISTS, and nothing is changed, when
 * the name is taken. */
int local_upload_commit(struct local_upload *upload);
/* Takes away what was not committed; NULL is fine. */
void local_upload_free(struct local_upload *upload);

struct local_object {
    int fd; /* the caller's, open for reading */
    uint64_t size;
    int64_t arrived_ns; /* wall clock of this machine, when its last byte was written */
};
/* ERR_NOT_FOUND when it is not there. */
int local_object_open(const struct blob_store *store, enum blob_kind kind, const char *name,
                      struct local_object *out);
/* Only the size and the time; fd is -1. */
int local_object_look(const struct blob_store *store, enum blob_kind kind, const char *name,
                      struct local_object *out);

/* A listing that its reader takes one by one; an object that comes or goes meanwhile may be in it or not. */
struct local_list;
/* local_list_free ends it. */
struct local_list *local_list_new(const struct blob_store *store, enum blob_kind kind);
/* 1: `name` and `size` are of the next one; 0: there are no more; or an error. */
int local_list_next(struct local_list *list, char name[static BLOB_NAME_LENGTH + 1], uint64_t *size);
void local_list_free(struct local_list *list); /* NULL is fine */

#endif
