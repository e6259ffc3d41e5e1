/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who may come in. The password file is read again when it changes; one that cannot be read leaves the users
 * as they were. A right password is remembered for some minutes, as a hash under a key of this process, so
 * that bcrypt is not paid for each request; a wrong one for a minute. Whoever sends wrong passwords is put
 * off: ten of them are free for each address (of IPv6: each /64), then one every six seconds, and nobody of
 * that address who is not remembered is listened to meanwhile. An unknown name costs as much time as a known
 * one.
 */
#ifndef SERVER_LOGIN_H
#define SERVER_LOGIN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "server/htpasswd.h"

struct login;

/* Reads the file. ERR_NOT_FOUND and so on when that fails; a file without a user is ERR_INVALID. */
int login_new(const char *path, const struct clock *clock, struct login **out);
void login_free(struct login *login); /* NULL is fine */

/* Reads the file again if it is another. 1: it was read; 0: there was nothing to do; an error: the users are
 * those of before (told once for each state of the file). */
int login_refresh(struct login *login);
/* The first line of the file that was left out, 0: none; and how many users there are. */
size_t login_bad_line(struct login *login);
size_t login_count(struct login *login);

enum login_verdict {
    LOGIN_YES,
    LOGIN_NO,
    LOGIN_LATER, /* too many wrong ones from there: not looked at */
    LOGIN_ASK,   /* not known yet: login_ask must be called, exactly once, where it may take its time */
};
/* Quick, whatever is sent. `header` is the Authorization header or NULL; `who` gets its parts (to be wiped)
 * unless the answer is LOGIN_NO for want of a header that can be read: then its name is "". */
enum login_verdict login_quick(struct login *login, const struct in6_addr *address, const char *header,
                               struct htpasswd_login *who);
bool login_ask(struct login *login, const struct in6_addr *address, const struct htpasswd_login *who);

#endif
