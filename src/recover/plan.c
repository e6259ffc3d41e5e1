/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folding: each change moves the model on (see planmodel.h). The steps are made in planorder.c.
 */
#include "recover/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recover/planmodel.h"
#include "recover/planorder.h"

struct plan {
    struct planmodel model;
    struct node *displaced; /* by the last rename: the first half of an exchange of two names, perhaps */
    uint64_t order;
    struct planorder *steps;
};

struct plan *plan_new(void)
{
    struct plan *p = mem_zalloc(1, sizeof *p);
    planmodel_init(&p->model);
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    planorder_free(p->steps);
    planmodel_free(&p->model);
    free(p);
}

/* It lost its place to somebody else, not to the culprits: what was not spoiled before is not ours to mend.
 */
static void lost_to_others(struct plan *p, struct node *node)
{
    planmodel_detach(&p->model, node);
    node->gone = true;
    if (node->original && !node->spoiled)
        node->settled = true;
}

static bool inode_differs(const struct node *node, const struct version *seen)
{
    return node->inode != 0 && seen->inode != 0 && node->inode != seen->inode;
}

/* Two names were exchanged: the second event speaks of the file that the first one seemed to replace. */
static struct node *exchanged(struct plan *p, const struct node *parent, const char *name, uint64_t inode)
{
    struct node *d = p->displaced;
    if (!d || d->inode != inode || d->last_parent != parent || strcmp(d->name, name) != 0)
        return NULL;
    d->gone = d->settled = false;
    p->displaced = NULL;
    return d;
}

/* The node that the change means by `path`. When its inode tells that another file has taken the place,
 * a rename moves that one (which leaves no trace of its own at the place), and anything else finds it
 * there. NULL when the path is not plain. */
static struct node *node_meant(struct plan *p, const struct change *c, const char *path,
                               const struct version *seen)
{
    const char *name;
    struct node *parent = planmodel_parent(&p->model, c->tree, path, &name);
    if (!parent)
        return NULL;
    struct node *n = planmodel_child(&p->model, parent, name);
    if (n && inode_differs(n, seen)) {
        struct node *other = exchanged(p, parent, name, seen->inode);
        if (!other && c->kind == EVENT_RENAMED)
            other = planmodel_add_loose(&p->model, parent, name);
        if (other) {
            other->inode = seen->inode;
            return other;
        }
        lost_to_others(p, n);
        n = NULL;
    }
    if (!n)
        n = planmodel_add(&p->model, parent, name);
    if (!n->inode)
        n->inode = seen->inode;
    return n;
}

static void note(struct plan *p, struct node *n, const struct change *c)
{
    if (!n->touched && (c->flags & EVENT_FRESH))
        n->original = false;
    n->touched = true;
    n->folder = c->flags & EVENT_FOLDER;
    n->symlink = c->flags & EVENT_SYMLINK;
    n->linked = n->linked || (c->flags & EVENT_LINKED);
    if (c->after.inode) {
        n->after = c->after;
        n->after_order = ++p->order;
        n->inode = c->after.inode;
    }
}

static void add_created(struct plan *p, const struct change *c, const char *path)
{
    const char *name;
    struct node *parent = planmodel_parent(&p->model, c->tree, path, &name);
    if (!parent)
        return;
    struct node *old = planmodel_child(&p->model, parent, name);
    if (old)
        lost_to_others(p, old);
    struct node *n = planmodel_add(&p->model, parent, name);
    n->original = false;
    note(p, n, c);
}

/* A file whose attributes alone were changed is not touched: it keeps them. But one that has to be put back
 * gets those from before. */
static void add_attributes(struct plan *p, const struct change *c)
{
    struct node *n = node_meant(p, c, c->path, &c->before);
    if (n && !n->attributes_ns && !n->spoiled)
        n->attributes_ns = c->before.ctime_ns;
}

static void set_version(struct node *n, const struct version *version)
{
    n->version = *version;
    if (n->attributes_ns)
        n->version.ctime_ns = n->attributes_ns;
}

static void add_spoiled(struct plan *p, const struct change *c)
{
    struct node *n = node_meant(p, c, c->path, &c->before);
    if (!n)
        return;
    note(p, n, c);
    if (n->spoiled)
        return;
    /* A file of the culprits' own has nothing to keep, unless its inode is a victim's with another name. */
    if (!n->original && (!(c->flags & EVENT_LINKED) || (c->flags & EVENT_FRESH)))
        return;
    n->spoiled = true;
    n->spoiled_order = ++p->order;
    set_version(n, &c->before);
}

static void remove_node(struct plan *p, struct node *n, const struct version *before)
{
    planmodel_detach(&p->model, n);
    n->gone = true;
    n->gone_order = ++p->order;
    if (n->original && !n->spoiled)
        set_version(n, before);
}

/* One name of several went away: the file lives on under another one, which the plan must know of, to link
 * the name to it again and to mend its bytes there if they were spoiled. */
static void add_name_left(struct plan *p, const struct change *c)
{
    const struct node *deleted = node_meant(p, c, c->path, &c->before);
    struct node *left = deleted && deleted->original ? node_meant(p, c, c->new_path, &c->before) : NULL;
    if (!left)
        return;
    left->linked = left->touched = true;
    if (c->after.inode) {
        left->after = c->after;
        left->after_order = ++p->order;
    }
}

static void add_deleted(struct plan *p, const struct change *c)
{
    if (c->flags & EVENT_LINKED && c->new_path[0])
        add_name_left(p, c);
    struct node *n = node_meant(p, c, c->path, &c->before);
    if (!n)
        return;
    note(p, n, c);
    remove_node(p, n, &c->before);
}

static bool was_there(const struct version *v)
{
    return v->inode != 0 || v->kind != VERSION_NONE;
}

/* What the rename found at its target goes away: replaced, or moved off by somebody else before. */
static void clear_target(struct plan *p, const struct change *c, struct node *parent, const char *name,
                         const struct node *moved)
{
    p->displaced = NULL;
    struct node *target = planmodel_child(&p->model, parent, name);
    if (target == moved)
        return;
    if (!was_there(&c->replaced)) {
        if (target)
            lost_to_others(p, target);
        p->displaced = target;
        return;
    }
    if (target && inode_differs(target, &c->replaced)) {
        lost_to_others(p, target);
        target = NULL;
    }
    if (!target) {
        target = planmodel_add(&p->model, parent, name);
        target->folder = moved->folder; /* a folder replaces only folders */
    }
    target->touched = true;
    target->inode = c->replaced.inode ? c->replaced.inode : target->inode;
    remove_node(p, target, &c->replaced);
    p->displaced = target;
}

/* A loose node's place may be taken by the file it was exchanged with; then that one stays. */
static void add_renamed(struct plan *p, const struct change *c)
{
    if (!c->path[0]) {
        add_created(p, c, c->new_path);
        return;
    }
    struct node *n = node_meant(p, c, c->path, &c->before);
    if (!n)
        return;
    const char *name;
    struct node *parent = c->new_path[0] ? planmodel_parent(&p->model, c->tree, c->new_path, &name) : NULL;
    note(p, n, c);
    if (!parent || planmodel_is_inside(parent, n)) {
        remove_node(p, n, &c->before);
        return;
    }
    clear_target(p, c, parent, name, n);
    planmodel_detach(&p->model, n);
    planmodel_attach(&p->model, n, parent, name);
}

void plan_add(struct plan *p, const struct change *change)
{
    switch (change->kind) {
    case EVENT_CREATED:
        add_created(p, change, change->path);
        break;
    case EVENT_WRITTEN:
    case EVENT_TRUNCATED:
        add_spoiled(p, change);
        break;
    case EVENT_DELETED:
        add_deleted(p, change);
        break;
    case EVENT_RENAMED:
        add_renamed(p, change);
        break;
    case EVENT_ATTRIBUTES:
        add_attributes(p, change);
        break;
    }
}

size_t plan_steps(struct plan *p, const struct step **steps)
{
    if (!p->steps)
        p->steps = planorder_new(&p->model);
    return planorder_steps(p->steps, steps);
}
