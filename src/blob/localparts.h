/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of the store in a local folder, shared by local.c and localstream.c.
 */
#ifndef BLOB_LOCALPARTS_H
#define BLOB_LOCALPARTS_H

struct local {
    int root;
    char *path;
};

#endif
