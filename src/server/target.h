/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a request is about: its path, and the Range header, taken apart. Both come from whoever reaches the
 * port.
 *
 *     /[REPOSITORY/]                  a repository
 *     /[REPOSITORY/]config            its configuration
 *     /[REPOSITORY/]TYPE/             the objects of a type: data, index, keys, locks, snapshots
 *     /[REPOSITORY/]TYPE/NAME         one: 64 lower-case hexadecimal digits
 *     /metrics
 *
 * REPOSITORY is one to TARGET_DEPTH parts of ASCII letters, digits and "._@+-" that do not begin with a dot
 * and are none of the words above. Nothing is encoded, no part is empty: so no path leads out of the served
 * folder, and nothing that begins with a dot is reached.
 */
#ifndef SERVER_TARGET_H
#define SERVER_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "blob/store.h"

#define TARGET_DEPTH           4
#define TARGET_PART_MAX        64
#define TARGET_REPOSITORY_SIZE (TARGET_DEPTH * (TARGET_PART_MAX + 1))
#define TARGET_URL_MAX         512

enum target_kind { TARGET_REPOSITORY, TARGET_LIST, TARGET_OBJECT, TARGET_METRICS };

struct target {
    enum target_kind kind;
    char repository[TARGET_REPOSITORY_SIZE]; /* "anne/pc-3", or "" for the served folder itself */
    enum blob_kind type;                     /* of a list or an object */
    char name[BLOB_NAME_LENGTH + 1];         /* of an object that is not the config */
};

/* ERR_INVALID: this is no path of a repository. */
int target_parse(const char *url, struct target *out);
/* Whether `name` may be the first part of a repository's path: of users that have one of their own. */
bool target_is_part(const char *name);
/* Whether the repository is `user` or lies below it. */
bool target_is_of(const struct target *target, const char *user);

enum target_range { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE };
/* What a Range header (NULL: none) asks of `size` bytes; of RANGE_PART, where and how much, at least one
 * byte. Several ranges, and what is not understood, mean the whole, as HTTP allows. */
enum target_range target_range(const char *header, uint64_t size, uint64_t *from, uint64_t *length);

#endif
