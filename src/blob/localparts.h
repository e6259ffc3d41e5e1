/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of the store in a local folder, shared by local.c and localstream.c.
 */
#ifndef BLOB_LOCALPARTS_H
#define BLOB_LOCALPARTS_H

#include "blob/layout.h"

#define OBJECT_PATH_SIZE LAYOUT_PATH_SIZE

struct local {
    int root;
    char *path;
};

/* The folder of an object, relative to the root. */
void local_folder_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE]);
/* And its whole path; ERR_INVALID when that is no name. */
int local_path_of(enum blob_kind kind, const char *name, char out[static OBJECT_PATH_SIZE]);

#endif
