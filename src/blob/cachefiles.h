/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of the cache (blob/cache.h).
 */
#ifndef BLOB_CACHEFILES_H
#define BLOB_CACHEFILES_H

#include <stdbool.h>

#include "blob/store.h"

struct cachefiles;

/* Opens or makes the folder of a repository. ERR_NOT_FOUND: there is no place for one (no home),
 * ERR_UNSUPPORTED: it is of a newer program. */
int cachefiles_open(const char *id, struct cachefiles **out);
void cachefiles_free(struct cachefiles *files); /* NULL is fine */

bool cachefiles_has(const struct cachefiles *files, enum blob_kind kind, const char *name);
/* Exactly `length` bytes; false when there is no such entry, or a shorter one. */
bool cachefiles_read(const struct cachefiles *files, enum blob_kind kind, const char *name, uint64_t offset,
                     void *out, size_t length);
/* Appends the whole entry to `out`; false when there is none or its bytes are not those of its name: then it
 * is removed. */
bool cachefiles_read_all(const struct cachefiles *files, enum blob_kind kind, const char *name,
                         struct buf *out);
/* Adds an entry, if there is room on the disk. That it cannot is no error. */
void cachefiles_add(const struct cachefiles *files, enum blob_kind kind, const char *name, const void *bytes,
                    size_t length);
/* True when there was one. */
bool cachefiles_remove(const struct cachefiles *files, enum blob_kind kind, const char *name);
/* Removes those for which `keep` is false, and what writers that were killed have left. */
void cachefiles_sweep(const struct cachefiles *files, enum blob_kind kind,
                      bool (*keep)(void *context, const char *name), void *context);

/* Whether the bytes are those of that name. */
bool cachefiles_is(const char *name, const void *bytes, size_t length);

#endif
