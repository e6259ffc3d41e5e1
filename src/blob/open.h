/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a repository is, as restic writes it:
 *
 *     PATH or local:PATH                           a folder of this machine
 *     rest:URL                                     a server of restic's REST protocol (blob/resturl.h)
 *     s3:[https://]HOST/BUCKET[/PREFIX]            a bucket of an S3 server (blob/s3_place.h)
 *     sftp:[USER@]HOST:PATH, sftp://HOST//PATH     a folder behind an SFTP server
 *
 * A path that itself begins with a word and a colon is written local:PATH.
 */
#ifndef BLOB_OPEN_H
#define BLOB_OPEN_H

#include "blob/store.h"

/* Opens the store at a location. ERR_NOT_FOUND when there is none (a backend that cannot tell finds out when
 * the first object is read); ERR_UNSUPPORTED for a kind of store that is not known. blob_close ends it. */
int blob_open(const char *location, struct blob_store **out);
/* Makes what a store needs before its first object, and opens it. What is there already is left as it is. */
int blob_create(const char *location, struct blob_store **out);
/* Whether it is behind a network, or of a kind that is not known. */
bool blob_is_remote(const char *location);
/* Whether the location itself holds a password. */
bool blob_has_password(const char *location);
/* Loads what requests over a network need of this machine (the libraries that know the names of hosts), for a
 * program that will soon be allowed to load nothing. May take some seconds. */
void blob_prepare(void);
/* The location as texts show it: a password in a URL is "***"; malloc'd. */
char *blob_location_text(const char *location);

#endif
