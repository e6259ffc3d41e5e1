/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store behind an SFTP server, laid out as a local one (blob/layout.h; blob/sftp_place.h: what a location
 * looks like). An object is written under a temporary name, synced where the server can, set to mode 0400 and
 * renamed; a folder of the server cannot be synced. One connection serves all threads; after it
 * broke, the next operation makes a new one.
 *
 * Options (blob/settings.h): sftp.command or sftp.args (see blob/sftp_place.h), sftp.connections (how many
 * operations at once; 5), sftp.timeout (how long no answer may come, "90s"; else that of all stores).
 */
#ifndef BLOB_SFTP_H
#define BLOB_SFTP_H

#include "blob/store.h"

/* Connects, and opens the repository folder. ERR_NOT_FOUND when there is none; ERR_CLOSED, ERR_TIMEOUT when
 * there is no connection. */
int sftp_open(const char *rest, struct blob_store **out);
/* Makes the folders (mode 0700) and opens it. */
int sftp_create(const char *rest, struct blob_store **out);

#endif
