/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model that a plan is made on: the files and folders that the culprits touched, where each lies now and
 * where it lay before. A name that nobody touched stands for itself and gets a node when it is first used, so
 * that renaming a folder moves all that is in it. Inside of recover/ only.
 */
#ifndef RECOVER_PLANMODEL_H
#define RECOVER_PLANMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

struct node {
    struct node *bucket_next; /* in the table of names */
    struct node *made_next;   /* all nodes, in the order of first touch */
    struct node *parent;      /* now; NULL: it is nowhere any more, or it is the root */
    char *name;               /* now, or the last one it had */
    struct node *first_parent;
    char *first_name;
    uint32_t tree;
    uint32_t children; /* that the model knows to lie in it now */
    bool original;     /* it existed before the culprits came */
    bool folder, symlink, linked;
    bool spoiled;           /* its bytes were changed */
    bool gone;              /* no name of the tree leads to it any more */
    bool settled;           /* the plan has dealt with it */
    bool moved_by_us;       /* an earlier step of the plan renames it, which changes its ctime */
    bool touched;           /* an event was about it, not only about something inside it */
    uint64_t ordinal;       /* of first touch; set when steps are made */
    uint64_t spoiled_order; /* which was spoiled first, among the names of one inode */
    uint64_t gone_order;
    struct node *link_to;     /* gone, and it was another name of this one */
    struct node *stand_in;    /* a folder that the culprits made anew in its place, and that takes its role */
    uint64_t inode;           /* as far as known, else 0 */
    struct version version;   /* of the original bytes, when spoiled or gone */
    int64_t attributes_ns;    /* the ctime from before the culprits changed attributes; 0: they did not */
    struct filestate after;   /* as the culprits left it */
    uint64_t after_order;     /* which change told so */
    struct node *last_parent; /* where it lay when it was displaced or deleted */
};

struct planmodel {
    struct node **buckets;
    size_t bucket_count, node_count;
    struct node *first, *last; /* all nodes */
    struct node **roots;       /* by tree */
    size_t root_count;
};

void planmodel_init(struct planmodel *m);
void planmodel_free(struct planmodel *m);
struct node *planmodel_root(struct planmodel *m, uint32_t tree);
/* What lies in `parent` under that name now, or NULL when the model knows of nothing. */
struct node *planmodel_child(const struct planmodel *m, const struct node *parent, const char *name);
/* The folder above `path`, with nodes made for the parts not known yet; *name is the last part, in `path`.
 * NULL when the path is not plain. */
struct node *planmodel_parent(struct planmodel *m, uint32_t tree, const char *path, const char **name);
/* A node that lies at (parent, name) and always did; `at` must be free. */
struct node *planmodel_add(struct planmodel *m, struct node *parent, const char *name);
/* The same, lying nowhere yet. */
struct node *planmodel_add_loose(struct planmodel *m, struct node *parent, const char *name);
/* Takes it off its place. */
void planmodel_detach(struct planmodel *m, struct node *node);
/* Puts a detached node at a free place. */
void planmodel_attach(struct planmodel *m, struct node *node, struct node *parent, const char *name);
/* Exchanges the places of two attached nodes. */
void planmodel_exchange(struct planmodel *m, struct node *a, struct node *b);
/* True when `node` lies in `folder`, at any depth, or is it. */
bool planmodel_is_inside(const struct node *node, const struct node *folder);
/* Writes where it lies now, or lay first; false when that is longer than `size`. */
bool planmodel_path(const struct node *node, char *out, size_t size);
bool planmodel_first_path(const struct node *node, char *out, size_t size);
size_t planmodel_first_depth(const struct node *node);
size_t planmodel_depth(const struct node *node);

#endif
