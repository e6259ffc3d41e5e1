/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a repository behind a REST server is, what follows "rest:" :
 *
 *     http://[USER[:PASSWORD]@]HOST[:PORT]/[PATH/]        also https
 *     http+unix:///SOCKET:/[PATH/]                        the path of a socket of this machine
 *
 * %XX in user and password stand for a byte.
 */
#ifndef BLOB_RESTURL_H
#define BLOB_RESTURL_H

struct resturl {
    char *base;            /* "https://host:8000/path/", without user and password, ends with a slash */
    char *user, *password; /* NULL: none */
    char *unix_socket;     /* NULL: none */
};

/* ERR_INVALID with a text that does not show the password. */
int resturl_parse(const char *text, struct resturl *out);
void resturl_free(struct resturl *url); /* frees what it owns, wipes the password */

#endif
