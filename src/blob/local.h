/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store in a local folder (blob/layout.h). An object is written under a temporary name, synced, renamed,
 * and the folder synced; then it has mode 0400.
 */
#ifndef BLOB_LOCAL_H
#define BLOB_LOCAL_H

#include "blob/store.h"

/* Opens an existing repository folder. ERR_NOT_FOUND when there is none. blob_close ends it. */
int local_open(const char *path, struct blob_store **out);
/* Makes the folders (mode 0700) in `path`, which may exist, and opens it. */
int local_create(const char *path, struct blob_store **out);

#endif
