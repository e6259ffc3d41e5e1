/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A recovery at work: the opened folders of one incident, shared by the files of recover/ that carry out a
 * plan. Inside of recover/ only.
 */
#ifndef RECOVER_WORK_H
#define RECOVER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/filemeta.h"
#include "recover/apply.h"
#include "recover/planfile.h"

#define WORK_NAME_SIZE 64

struct foldertimes;

struct work {
    const struct apply_options *options;
    uint32_t incident;
    int incident_fd, quarantine_fd;
    int shadow_fd, staged_fd; /* -1 when there is no such folder */
    int *tree_fds;            /* -1: not opened yet */
    struct planfile plan;
    struct donefile done;
    struct foldertimes *times;
};

/* Opens the incident's folders and its plan; ERR_NOT_FOUND when it has none. */
int work_open(struct work *w, const struct apply_options *options, uint32_t incident);
void work_close(struct work *w);
/* The folder of the protected tree, opened at its first use. */
int work_tree(struct work *w, uint32_t tree);
/* The parent of a path in a tree (see path_open_parent), made with its parents when it is missing. */
int work_parent(struct work *w, uint32_t tree, const char *path, const char **name);
/* Makes everything done so far last: the trees and the state folder. */
int work_sync(struct work *w);

/* The file is still what the culprits left there: the same inode and size, and its bytes were not changed
 * since; changed attributes alone (a later chmod or utimes by the culprit) do not count. */
bool work_is_expected(const struct stat *st, const struct filestate *expected);
bool work_state_is_nothing(const struct filestate *state);
struct filestate work_state(const struct stat *st);
/* "NAME (before the attack).EXT" in the language of the machine; `number` above 1 goes into it. */
void work_beside_name(const char *name, const char *label, unsigned number, char out[static 256]);
/* Renames temporary (folder, from) to a free beside-name of `name` in the same folder; *out is the name,
 * which the caller frees. */
int work_put_beside(int folder, const char *from, const char *name, const char *label, char **out);

/* Copies all bytes of `from` (from its start) into the empty or longer `to`, shared where the file system
 * can, and reads them back to compare. ERR_CHANGED when they are not `size` bytes, unless size is UINT64_MAX.
 */
int work_copy(int from, int to, uint64_t size, const char *what);
/* Whether two files hold the same bytes; a negative enum err when one cannot be read. */
int work_same(int a, int b);

/* --- quarantine: what was taken away, by step number -------------------------------------------------- */

bool quarantine_has(const struct work *w, uint32_t number);
/* Moves (folder, name) there; copied and then removed when it is another file system. */
int quarantine_take(struct work *w, int folder, const char *name, uint32_t number);
/* Copies an open file there, durable. */
int quarantine_copy(struct work *w, int fd, const char *what, uint32_t number);
/* Moves it back to (folder, name), which must be free: ERR_EXISTS. */
int quarantine_give(struct work *w, int folder, const char *name, uint32_t number);
int quarantine_open(const struct work *w, uint32_t number);

/* --- restore ------------------------------------------------------------------------------------------ */

/* Where a step's bytes come from. */
struct source {
    int fd; /* -1: a link, a folder, or `empty` */
    struct filemeta meta;
    char *target; /* of a symbolic link, else NULL */
    bool empty;   /* the original had no bytes and nobody kept them; its metadata are unknown */
};
/* ERR_NOT_FOUND or ERR_CORRUPT: lost. Leaves *out empty on failure. */
int source_open(struct work *w, const struct step *step, struct source *out);
void source_close(struct source *s);
/* Writes the version beside its place under a name of ours. *outcome is set when the step is already
 * decided (lost, failed), else 0; the error text tells why. */
void restore_prepare(struct work *w, const struct step *step, enum step_result *outcome);
/* Gives it its place. Fills record->result, flags, placed and beside. */
void restore_commit(struct work *w, const struct step *step, struct done *record);

/* --- times of folders, which every change inside them moves on ---------------------------------------- */

struct foldertimes *foldertimes_new(void);
void foldertimes_free(struct foldertimes *f);
/* Notes the times of an open folder before it is changed, the first time it is named. */
void foldertimes_note(struct foldertimes *f, uint32_t tree, const char *path, size_t length, int folder);
/* Sets the times that a folder gets in the end. */
void foldertimes_set(struct foldertimes *f, uint32_t tree, const char *path, int64_t atime_ns,
                     int64_t mtime_ns);
/* Nanoseconds as the kernel takes them. */
void foldertimes_split(int64_t ns, struct timespec *out);
/* Puts all of them in place. */
void foldertimes_apply(struct foldertimes *f, struct work *w);

#endif
