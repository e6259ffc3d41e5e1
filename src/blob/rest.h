/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store behind a server of restic's REST protocol: "beffroi vault serve", restic's rest-server, "rclone
 * serve restic". What is asked of it, below the base URL (blob/resturl.h):
 *
 *     POST ?create=true      HEAD GET POST config     GET TYPE/     HEAD GET POST DELETE TYPE/NAME
 *
 * Every read names its range and is checked against the length that was asked for.
 */
#ifndef BLOB_REST_H
#define BLOB_REST_H

#include "blob/store.h"

/* `location` is what follows "rest:". User and password come from RESTIC_REST_USERNAME and
 * RESTIC_REST_PASSWORD when the URL has none. Nothing is asked of the server yet. ERR_INVALID. */
int rest_open(const char *location, struct blob_store **out);
/* Has the server make the folders first. */
int rest_create(const char *location, struct blob_store **out);

#endif
