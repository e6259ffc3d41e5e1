/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a snapshot shows up, after restic's path templates: %i and %I the short and the long ID, %u the user,
 * %h the host, %t each of its tags, %T its time; any other letter after % stands for itself. Pure logic.
 *
 * A user, host or tag makes one name: "/" in it becomes "_", an empty one or "." becomes "_", ".." becomes
 * "__" (restic does so only for the tags of a snapshot with several; so no repository can put its snapshots
 * where another's belong).
 */
#ifndef MOUNT_TEMPLATE_H
#define MOUNT_TEMPLATE_H

#include "vault/snapshot.h"

#define TEMPLATE_MOST_PATHS 4096 /* of one snapshot by one template; more tags than these are left out */
#define TEMPLATE_MOST_PATH  ((size_t)4096)

struct template_paths {
    char **items; /* relative, not cleaned: may hold empty parts, "." and ".." */
    size_t count;
    char *time; /* what %T at the end of the template stands for, to be appended to each; "" without one */
};

/* No path when the template asks for tags and there are none, or when one is longer than allowed.
 * template_paths_free ends *out. */
void template_expand(const char *template, const char *time_sample, const struct snapshot *snapshot,
                     struct template_paths *out);
void template_paths_free(struct template_paths *paths);

/* The folders in front of the first part that varies ("hosts" of "hosts/%h/%T"), which are there without any
 * snapshot; the caller frees it. "" when there are none. */
char *template_fixed(const char *template);

#endif
