/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A connection to an SFTP server: a program (ssh, as a rule) whose standard input and output speak the
 * protocol. Requests of several threads are in flight at once; a thread of the link reads the answers and
 * gives each to the request whose id it carries. A link that fails stays so: ERR_CLOSED when the program
 * ended or the connection broke, ERR_TIMEOUT when an answer stayed away, ERR_CORRUPT when the server does not
 * speak the protocol. The text says why, with what the program wrote to its standard error.
 */
#ifndef BLOB_SFTP_LINK_H
#define BLOB_SFTP_LINK_H

#include <stdbool.h>

#include "blob/sftp_wire.h"

struct sftp_link;
struct sftp_call; /* a request on its way */

/* Starts the program `argv` (found through PATH, ends with NULL), without our own secrets in its environment,
 * and greets the server. `where` is for texts; `timeout_seconds` is how long an answer is waited for. */
int sftp_link_open(char *const argv[], const char *where, unsigned timeout_seconds, struct sftp_link **out);
/* Ends the connection and the program; waits for it. NULL is fine. No call may be left. */
void sftp_link_close(struct sftp_link *link);
const struct sftp_features *sftp_link_features(const struct sftp_link *link);
/* Whether the connection is no more, so that another try needs a new one. */
bool sftp_link_is_lost(struct sftp_link *link);

/* Sends a request made by sftp_begin (the id is filled in). On success *out has to go to sftp_free. */
int sftp_send(struct sftp_link *link, struct buf *request, struct sftp_call **out);
/* Waits for the answer, which lives until sftp_free. A status is an answer, whatever it says. */
int sftp_wait(struct sftp_link *link, struct sftp_call *call, struct sftp_answer *out);
/* Gives a call back, answered or not: an answer that is still to come is dropped. NULL is fine. */
void sftp_free(struct sftp_link *link, struct sftp_call *call);

#endif
