/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For the parts of blob/sftp_file.h: one question and its answer, and open handles.
 */
#ifndef BLOB_SFTP_ASK_H
#define BLOB_SFTP_ASK_H

#include "blob/sftp_link.h"

#define SFTP_PIECE       ((size_t)32 * 1024) /* what every server takes in one request */
#define SFTP_REQUEST_MAX (SFTP_PIECE + 1024 + 65536)

struct sftp_handle {
    uint8_t bytes[SFTP_HANDLE_MAX];
    size_t length;
};

/* Begins a request in `request` (buf_init is done here), whose first string is `path`. */
void sftp_begin_path(struct buf *request, enum sftp_type type, const char *path);
/* Begins one in a buffer that is initialized, about an open file. */
void sftp_begin_handle(struct buf *request, enum sftp_type type, const struct sftp_handle *handle);
/* Sends, and waits for an answer of the type; on success the call has to go to sftp_free once the answer was
 * looked at. `what` is for texts. */
int sftp_ask(struct sftp_link *link, struct buf *request, const char *what, enum sftp_type wanted,
             struct sftp_call **call, struct sftp_answer *answer);
/* A request whose answer is a status: 0 when that is SFTP_OK. */
int sftp_ask_status(struct sftp_link *link, struct buf *request, const char *what);
/* The error that a status other than SFTP_OK means. */
int sftp_status_error(const struct sftp_answer *answer, const char *what);
/* The error for an answer of another type than was asked for. */
int sftp_wrong_answer(const struct sftp_answer *answer, const char *what);
/* The handle in a HANDLE answer. */
void sftp_take_handle(const struct sftp_answer *answer, struct sftp_handle *out);
/* Closes without waiting: for what was not written. */
void sftp_close_quietly(struct sftp_link *link, const struct sftp_handle *handle);

#endif
