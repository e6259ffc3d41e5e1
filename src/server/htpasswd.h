/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Users and their passwords: the file of htpasswd(1), a line NAME:HASH each, with bcrypt hashes alone
 * ($2a$, $2b$, $2y$); and the header of HTTP Basic authentication. Empty lines and those that begin with "#"
 * are passed over.
 */
#ifndef SERVER_HTPASSWD_H
#define SERVER_HTPASSWD_H

#include <stdbool.h>
#include <stddef.h>

#define HTPASSWD_MAX_BYTES    ((size_t)4 << 20)
#define HTPASSWD_NAME_MAX     64
#define HTPASSWD_HASH_LENGTH  60
#define HTPASSWD_PASSWORD_MAX 72 /* bcrypt looks at no more */
#define HTPASSWD_COST_MAX     15 /* a higher one takes seconds: somebody could stop the server by asking */

struct htpasswd_user {
    char name[HTPASSWD_NAME_MAX + 1];
    char hash[HTPASSWD_HASH_LENGTH + 1];
};

struct htpasswd {
    struct htpasswd_user *users; /* owned; the later of two lines for one name is the one that counts */
    size_t count;
    size_t bad_line; /* the first line that is not as above and was left out; 0: none */
};

/* Never fails: what it does not understand is left out. htpasswd_free ends *out. */
void htpasswd_parse(const char *text, size_t length, struct htpasswd *out);
void htpasswd_free(struct htpasswd *table);
/* The hash of a user, or NULL. */
const char *htpasswd_find(const struct htpasswd *table, const char *name);

struct htpasswd_login {
    char name[HTPASSWD_NAME_MAX + 1];
    char password[HTPASSWD_PASSWORD_MAX + 1]; /* to be wiped */
};
/* Takes an Authorization header (NULL: none) apart. */
bool htpasswd_parse_basic(const char *header, struct htpasswd_login *out);
/* Half a tenth of a second and more, on purpose. */
bool htpasswd_matches(const char *hash, const char *password);

/* Adds or changes a user in the file `path`, which is made (mode 0640) when it is missing. ERR_INVALID: a
 * name or password that cannot be. */
int htpasswd_set(const char *path, const char *name, const char *password);

#endif
