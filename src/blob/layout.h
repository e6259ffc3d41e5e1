/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How restic lays a repository out in folders (or in the keys of a bucket):
 *
 *     config  data/00..ff/<name>  index/<name>  keys/<name>  locks/<name>  snapshots/<name>
 *
 * and how we name what is not finished yet: tmp-HOST-PROCESS-NUMBER, beside where it will stand, so that
 * whoever sweeps knows whose it is.
 */
#ifndef BLOB_LAYOUT_H
#define BLOB_LAYOUT_H

#include <stdbool.h>

#include "blob/store.h"

#define LAYOUT_PATH_SIZE      (16 + BLOB_NAME_LENGTH)
#define LAYOUT_TEMPORARY_SIZE 64
#define LAYOUT_DATA_FOLDERS   256U
#define LAYOUT_FOLDER_SIZE    16

/* The folder of an object: "." for the config, "data/ab", "index", ... */
void layout_folder(enum blob_kind kind, const char *name, char out[static LAYOUT_PATH_SIZE]);
/* The path of an object, "data/ab/abcd..."; ERR_INVALID when `name` is not one. */
int layout_path(enum blob_kind kind, const char *name, char out[static LAYOUT_PATH_SIZE]);
/* "data/00" to "data/ff", for 0 to LAYOUT_DATA_FOLDERS - 1. */
void layout_data_folder(unsigned number, char out[static LAYOUT_FOLDER_SIZE]);

/* A new temporary name of this process. */
void layout_temporary(char out[static LAYOUT_TEMPORARY_SIZE]);
/* Whether a file of that name, changed at that time (seconds since 1970), is a temporary one whose writer is
 * gone: a process of this host that does not exist, or any that left it alone for a day. */
bool layout_is_abandoned(const char *name, int64_t changed);

#endif
