/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a store needs of an SFTP server, in whole steps: files read and written with many requests in flight,
 * folders listed, names changed. `what` names the file or folder in errors.
 */
#ifndef BLOB_SFTP_FILE_H
#define BLOB_SFTP_FILE_H

#include "blob/sftp_link.h"

/* ERR_NOT_FOUND, ERR_PERMISSION, ... from the server; the errors of sftp_link. */
int sftp_file_stat(struct sftp_link *link, const char *path, struct sftp_attrs *out);
/* Exactly `length` bytes; ERR_CORRUPT when there are fewer. */
int sftp_file_read(struct sftp_link *link, const char *path, uint64_t offset, void *out, size_t length);
/* A new file: written, mode 0400, synced where the server can, closed. ERR_NOT_FOUND when its folder is not
 * there, ERR_NO_SPACE. What was written of it stays on failure. */
int sftp_file_create(struct sftp_link *link, const char *path, const void *bytes, size_t length);
/* With `replace`, what stands under the new name gives way where the server can do that. */
int sftp_file_rename(struct sftp_link *link, const char *from, const char *to, bool replace);
/* It being gone already is fine. */
int sftp_file_remove(struct sftp_link *link, const char *path);
/* A folder (mode 0700) and its missing parents; fine if it exists. */
int sftp_file_make_folders(struct sftp_link *link, const char *path);

/* Told of one entry of a folder; a non-zero return stops the listing and is returned by it. */
typedef int sftp_file_visit(void *context, unsigned folder, const char *name, const struct sftp_attrs *attrs);
/* What is in up to SFTP_FILE_FOLDERS folders, read at the same time; one that is not there is empty. Names
 * with a NUL or a slash are passed over. The visitor must not use the link. */
#define SFTP_FILE_FOLDERS 32
int sftp_file_list(struct sftp_link *link, char *const *paths, unsigned count, sftp_file_visit *visit,
                   void *context);

#endif
