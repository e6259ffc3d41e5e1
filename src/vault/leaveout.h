/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a backup leaves out: by name, by size, by a file that marks its folder, by file system.
 */
#ifndef VAULT_LEAVEOUT_H
#define VAULT_LEAVEOUT_H

#include <stdint.h>
#include <sys/stat.h>

#include "vault/match.h"

/* https://bford.info/cachedir/ */
#define LEAVEOUT_CACHES "CACHEDIR.TAG:Signature: 8a477f597d28d172789f06886806bc55"

struct leaveout_mark {
    char *name;
    char *header; /* how the file begins; "": anyhow */
};

struct leaveout {
    struct match_list patterns;
    struct leaveout_mark *marks;
    size_t mark_count;
    uint64_t largest; /* files of more bytes are left out; 0: no limit */
    bool one_file_system;
};

/* A file that marks its folder, "NAME" or "NAME:HEADER": of what lies in the folder, it alone is saved.
 * ERR_INVALID. leaveout_free ends what was added. */
int leaveout_add_mark(struct leaveout *out, const char *mark);
void leaveout_free(struct leaveout *out);

/* Whether to leave out what `st` tells of, a thing that is not a folder, below a root on `root_device`. */
bool leaveout_has(const struct leaveout *out, const struct stat *st, dev_t root_device);

/* Takes the names that marks in the open folder leave out away from the list; the freed ones are gone. */
void leaveout_by_marks(const struct leaveout *out, int folder, char **names, size_t *count);

#endif
