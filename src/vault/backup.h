/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Making a snapshot.
 */
#ifndef VAULT_BACKUP_H
#define VAULT_BACKUP_H

#include "vault/leaveout.h"
#include "vault/node.h"
#include "vault/snapshot.h"
#include "vault/vault.h"

enum vault_file_state {
    VAULT_FILE_NEW,       /* read; the parent snapshot does not have it */
    VAULT_FILE_CHANGED,   /* read; the parent has another version */
    VAULT_FILE_UNCHANGED, /* content taken from the parent snapshot, not read */
    VAULT_FILE_TORN,      /* changed while it was read: what is stored may be no version that ever was */
};

/* What became of one file, folder, symlink or special file. */
struct vault_file {
    const char *root; /* the path that was asked for, absolute */
    const char *path; /* relative to root; "" is root itself */
    enum vault_file_state state;
    enum node_type type;
    uint64_t device, inode, size;
    int64_t ctime_ns, mtime_ns; /* as they were before the content was read */
};

struct vault_progress {
    uint64_t files, folders, bytes; /* done so far; bytes count unchanged files too */
    uint64_t problems;
    const char *path; /* absolute, being worked on */
};

/* Content that comes from a pipe, saved as one file. */
struct vault_backup_stream {
    int fd;
    const char *path; /* in the snapshot: absolute, as source_absolute makes it */
    /* Called once all was read: an error (of the command that wrote it) means no snapshot. May be NULL. */
    int (*end)(void *self);
    void *self;
};

struct vault_backup_options {
    const char *const *paths; /* absolute, or relative to the working folder */
    size_t path_count;
    const struct vault_backup_stream *stream; /* instead of paths; else NULL */
    struct vault_backup_texts {
        const char *const *items;
        size_t count;
    } excludes, tags;            /* for the record; what is left out in fact: */
    struct leaveout leaveout;    /* the caller's */
    const char *hostname;        /* NULL: this machine's */
    const char *program_version; /* NULL: "beffroi VERSION" */
    int64_t time_ns;             /* 0: now */
    const char
        *parent; /* an ID's beginning; NULL: the newest of the same host and paths; "": none, read all */
    bool parent_by_given; /* of the same parent_by (bits of enum group_by) instead of host and paths */
    unsigned parent_by;
    bool ignore_ctime;      /* a file of the same inode, size and mtime is unchanged */
    bool ignore_inode;      /* the same of any inode: for file systems that number anew */
    bool with_atime;        /* keep the time of the last reading; it changes the trees every time */
    bool skip_if_unchanged; /* no snapshot when it would be the same as its parent */
    bool dry_run;           /* walk and count, write nothing */

    /* Callbacks, each may be NULL; all from the calling thread. */
    void *context;
    void (*on_file)(void *context, const struct vault_file *file);
    /* Something was left out or is torn; err_text() says what. Not told by it: files that are excluded. */
    void (*on_problem)(void *context, const char *path, int err);
    void (*on_progress)(void *context, const struct vault_progress *progress);
    bool (*canceled)(void *context);
};

struct vault_backup_result {
    char snapshot[VAULT_ID_TEXT];
    char parent[VAULT_ID_TEXT]; /* "" if there was none */
    bool skipped;               /* nothing changed, so there is no new snapshot */
    struct snapshot_summary summary;
    uint64_t problems; /* files left out or torn, vanished ones included */
    uint64_t vanished, torn;
};

/* Takes a shared lock, saves, and gives the lock back. 0 when all is in the snapshot; ERR_PARTIAL when it was
 * made and something is not or not well in it (told to on_problem). On any other error there is no snapshot,
 * and what the repository held before is untouched: ERR_NO_SPACE, ERR_READ_ONLY, ERR_LOCKED, ERR_CORRUPT,
 * ERR_NOT_FOUND (none of the paths exists), ERR_CANCELED. */
int vault_backup(struct vault *vault, const struct vault_backup_options *options,
                 struct vault_backup_result *result);

#endif
