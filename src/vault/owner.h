/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The names of users and groups, remembered: a folder of a million files has two or three owners.
 */
#ifndef VAULT_OWNER_H
#define VAULT_OWNER_H

#include <sys/types.h>

struct owner_names;

struct owner_names *owner_new(void);
void owner_free(struct owner_names *names); /* NULL is fine */
/* "" when the number has no name. Good until the next call of the same function. */
const char *owner_user(struct owner_names *names, uid_t uid);
const char *owner_group(struct owner_names *names, gid_t gid);

#endif
