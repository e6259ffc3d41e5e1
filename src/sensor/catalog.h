/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the protected trees hold, as far as the notifications have told: folders as nodes with a parent (so
 * that a renamed folder costs nothing) and files as rows. From it comes what a deleted or replaced file was.
 * Owned by the notification thread: no locks.
 */
#ifndef SENSOR_CATALOG_H
#define SENSOR_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/kept.h"

#define CATALOG_NONE UINT32_MAX

enum row_flag {
    ROW_FOLDER = 1, /* `child` is its node */
    ROW_SYMLINK = 2,
    ROW_DECOY = 4,
    ROW_LINKED = 8,  /* more than one name */
    ROW_FRESH = 16,  /* created since the start and not yet written about */
    ROW_SEEN = 32,   /* met by the rescan under way */
    ROW_SPECIAL = 64 /* neither file, folder nor link */
};

/* A name in a folder. */
struct row {
    uint32_t parent; /* node */
    uint32_t child;  /* node of a folder, else CATALOG_NONE */
    uint16_t mount;  /* whose device it is on */
    uint16_t flags;
    uint32_t next; /* of the same inode's chain */
    char *name;    /* owned; NULL: the row is free */
    uint64_t inode, size;
    int64_t mtime_ns, ctime_ns;
};

/* A folder. The roots of the trees are nodes without a row. */
struct node {
    uint64_t handle; /* fingerprint of its file handle, see handles.h */
    uint32_t row;    /* its name; CATALOG_NONE: the root of `tree` */
    uint32_t tree;
    bool used;
};

struct catalog;

struct catalog *catalog_new(void);
void catalog_free(struct catalog *c);

/* Nodes. */
uint32_t catalog_add_root(struct catalog *c, uint32_t tree, uint64_t handle);
uint32_t catalog_find_node(const struct catalog *c, uint64_t handle); /* CATALOG_NONE: not one of ours */
struct node *catalog_node(struct catalog *c, uint32_t node);
uint32_t catalog_node_end(const struct catalog *c); /* all node numbers are below this; some are not used */
/* Makes the row's folder a node (or gives its node a new handle); returns it. */
uint32_t catalog_add_node(struct catalog *c, uint32_t row, uint64_t handle);

/* Rows. Numbers stay valid until the row is removed; pointers until the next catalog_add. */
uint32_t catalog_find(const struct catalog *c, uint32_t parent, const char *name);
/* The name must not be there. What it is (folder, link) cannot change later. */
uint32_t catalog_add(struct catalog *c, uint32_t parent, const char *name, uint16_t flags);
struct row *catalog_row(struct catalog *c, uint32_t row);
uint32_t catalog_row_end(const struct catalog *c);
/* Sets inode and the rest; keeps the index of inodes right. */
void catalog_set(struct catalog *c, uint32_t row, const struct stamp *stamp);
/* Gives the row another name, which must be free. */
void catalog_move(struct catalog *c, uint32_t row, uint32_t parent, const char *name);
/* With everything below it, if it is a folder. */
void catalog_remove(struct catalog *c, uint32_t row);
/* The first row of this inode, CATALOG_NONE if there is none; row.next leads on. Devices are not compared. */
uint32_t catalog_find_inode(const struct catalog *c, uint64_t inode);
bool catalog_is_below(const struct catalog *c, uint32_t row, uint32_t node);
/* How many files (no folders) a tree has. */
uint32_t catalog_files(const struct catalog *c, uint32_t tree);
uint32_t catalog_tree_of(const struct catalog *c, uint32_t node);

/* The fingerprints of the file handles of files in the trees: tells in one look whether an event in some
 * other folder is about one of our files (a hard link), so that all other events cost nothing. A fingerprint
 * too many only costs a look at the file. */
void catalog_know(struct catalog *c, uint64_t handle);
void catalog_unknow(struct catalog *c, uint64_t handle);
bool catalog_knows(const struct catalog *c, uint64_t handle);

/* The path of `name` in `node`, relative to its tree; false when it does not fit in `size`. `name` may be
 * "": then the folder's own path ("" for a root). */
bool catalog_path(const struct catalog *c, uint32_t node, const char *name, char *out, size_t size);

#endif
