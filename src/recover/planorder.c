/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The model is moved on with every step, so that each step names its file by where it lies when the step's
 * turn comes. A place that is taken by a file which has to go elsewhere itself is had by exchanging the
 * two (RENAME_EXCHANGE), which also undoes swaps and rings of renames.
 */
#include "recover/planorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct planorder {
    struct planmodel *model;
    struct step *steps;
    size_t count, room;
    struct node **nodes; /* those with something to do, in the order of first touch */
    size_t node_count;
    uint32_t parked;
};

static struct step *add_step(struct planorder *o, enum step_kind kind, const struct node *n)
{
    if (o->count == o->room) {
        /* Zeroed pages that nobody writes to cost nothing: most of a step is the unused end of its paths. */
        size_t room = o->room ? o->room * 2 : 256;
        struct step *wider = mem_zalloc(room, sizeof *wider);
        for (size_t i = 0; i < o->count; i++) {
            struct step *to = &wider[i], *from = &o->steps[i];
            to->number = from->number;
            to->kind = from->kind;
            to->tree = from->tree;
            to->version = from->version;
            to->expected = from->expected;
            strcpy(to->path, from->path);
            strcpy(to->from, from->from);
        }
        free(o->steps);
        o->steps = wider;
        o->room = room;
    }
    struct step *step = &o->steps[o->count++];
    step->number = (uint32_t)o->count;
    step->kind = kind;
    step->tree = n->tree;
    return step;
}

static void drop_step(struct planorder *o)
{
    memset(&o->steps[--o->count], 0, sizeof o->steps[0]);
}

/* What the culprits left, for comparing: our own renames change the ctime, which then does not count. */
static struct filestate state_of(const struct node *n)
{
    struct filestate state = n->after;
    if (!state.inode)
        state.inode = n->inode;
    if (n->moved_by_us || !n->after.inode)
        state.ctime_ns = 0;
    return state;
}

static struct node *home_of(const struct node *n)
{
    struct node *home = n->first_parent;
    while (home && home->stand_in)
        home = home->stand_in;
    return home;
}

static bool is_home(const struct node *n)
{
    return n->parent == home_of(n) && strcmp(n->name, n->first_name) == 0;
}

static bool must_go(const struct node *n)
{
    return !n->folder && (!n->original || n->spoiled);
}

/* The path of a name in a folder of the model, as it is now. */
static bool path_in(const struct node *folder, const char *name, char out[static EVENT_PATH_SIZE])
{
    if (!planmodel_path(folder, out, EVENT_PATH_SIZE))
        return false;
    size_t length = strlen(out);
    int more = snprintf(out + length, EVENT_PATH_SIZE - length, "%s%s", length ? "/" : "", name);
    return more >= 0 && (size_t)more < EVENT_PATH_SIZE - length;
}

static void move(struct planorder *o, struct node *n, struct node *folder, const char *name)
{
    struct step *step = add_step(o, STEP_RENAME, n);
    if (!planmodel_path(n, step->from, sizeof step->from) || !path_in(folder, name, step->path)) {
        drop_step(o);
        return;
    }
    step->expected = state_of(n);
    struct node *taken = planmodel_child(o->model, folder, name);
    if (taken) {
        step->version.inode = taken->inode;
        taken->moved_by_us = true;
        planmodel_exchange(o->model, n, taken);
    } else {
        planmodel_detach(o->model, n);
        planmodel_attach(o->model, n, folder, name);
    }
    n->moved_by_us = true;
}

/* Out of the way, under a name that nobody uses; it is dealt with there later. */
static void park(struct planorder *o, struct node *n)
{
    char name[48];
    do
        snprintf(name, sizeof name, ".beffroi-aside-%u", ++o->parked);
    while (planmodel_child(o->model, n->parent, name));
    move(o, n, n->parent, name);
}

static void bring_home(struct planorder *o, struct node *n)
{
    struct node *home = home_of(n);
    struct node *taken = planmodel_child(o->model, home, n->first_name);
    if (taken == n || planmodel_is_inside(home, n))
        return;
    if (taken && planmodel_is_inside(n, taken))
        park(o, taken);
    else if (taken && taken->original && is_home(taken)) {
        /* Somebody else's file rightly lies there: the step will find it and keep both. */
        struct step *step = add_step(o, STEP_RENAME, n);
        if (!planmodel_path(n, step->from, sizeof step->from) || !path_in(home, n->first_name, step->path))
            drop_step(o);
        else
            step->expected = state_of(n);
        return;
    }
    move(o, n, home, n->first_name);
}

static void make_folder(struct planorder *o, struct node *n)
{
    struct node *home = home_of(n);
    struct node *taken = planmodel_child(o->model, home, n->first_name);
    if (taken && must_go(taken))
        park(o, taken);
    taken = planmodel_child(o->model, home, n->first_name);
    struct step *step = add_step(o, STEP_MAKE_FOLDER, n);
    if (!path_in(home, n->first_name, step->path)) {
        drop_step(o);
        return;
    }
    step->version = n->version;
    n->gone = false;
    if (taken) {
        step->expected = state_of(taken);
        taken->settled = true;
        n->stand_in = taken;
    } else {
        planmodel_attach(o->model, n, home, n->first_name);
    }
}

/* Takes a file of the model off its place: a step has it in its charge now. */
static struct filestate take(struct planorder *o, struct node *n)
{
    struct filestate state = state_of(n);
    planmodel_detach(o->model, n);
    n->gone = true;
    return state;
}

static void restore(struct planorder *o, struct node *n)
{
    struct node *home = home_of(n);
    struct node *taken = planmodel_child(o->model, home, n->first_name);
    if (taken && taken->folder && !taken->original) {
        park(o, taken);
        taken = NULL;
    }
    struct step *step = add_step(o, STEP_RESTORE, n);
    if (!path_in(home, n->first_name, step->path)) {
        drop_step(o);
        n->settled = true; /* what is spoiled stays: better than nothing at all */
        return;
    }
    step->version = n->version;
    if (taken && must_go(taken)) {
        step->expected = take(o, taken);
        taken->settled = !taken->original;
    } else if (!taken && !n->gone && planmodel_path(n, step->from, sizeof step->from)) {
        step->expected = take(o, n);
    } else if (!taken && n->gone && n->link_to && n->link_to != n) {
        if (!path_in(home_of(n->link_to), n->link_to->first_name, step->from))
            step->from[0] = '\0';
    }
}

/* A victim's inode was spoiled through a name that the culprits gave it: mended in place, before that name is
 * taken away. */
static void restore_through_link(struct planorder *o, struct node *n)
{
    struct step *step = add_step(o, STEP_RESTORE, n);
    if (!planmodel_path(n, step->path, sizeof step->path)) {
        drop_step(o);
        return;
    }
    step->version = n->version;
    step->expected = state_of(n);
    n->after.size = n->version.size;
    n->moved_by_us = true;
}

static void quarantine(struct planorder *o, struct node *n)
{
    struct step *step = add_step(o, STEP_QUARANTINE, n);
    if (!planmodel_path(n, step->path, sizeof step->path)) {
        drop_step(o);
        return;
    }
    step->expected = take(o, n);
    n->settled = true;
}

static void remove_folder(struct planorder *o, struct node *n)
{
    struct step *step = add_step(o, STEP_REMOVE_FOLDER, n);
    if (!planmodel_path(n, step->path, sizeof step->path)) {
        drop_step(o);
        return;
    }
    step->expected = take(o, n);
    n->settled = true;
}

/* --- which nodes, in which order ------------------------------------------------------------------- */

static int by_first_depth(const void *a, const void *b)
{
    struct node *const *x = a, *const *y = b;
    size_t i = planmodel_first_depth(*x), j = planmodel_first_depth(*y);
    return i != j ? (i > j) - (i < j) : ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

static int by_depth_inner_first(const void *a, const void *b)
{
    struct node *const *x = a, *const *y = b;
    size_t i = planmodel_depth(*x), j = planmodel_depth(*y);
    return i != j ? (i < j) - (i > j) : ((*x)->ordinal > (*y)->ordinal) - ((*x)->ordinal < (*y)->ordinal);
}

static int by_inode(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    if (x->tree != y->tree)
        return (x->tree > y->tree) - (x->tree < y->tree);
    if (x->inode != y->inode)
        return (x->inode > y->inode) - (x->inode < y->inode);
    return (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

/* The nodes that `wanted` picks, in a new array. */
static struct node **pick(const struct planorder *o, bool (*wanted)(const struct node *), size_t *count)
{
    struct node **picked = mem_zalloc(o->node_count + 1, sizeof(struct node *));
    *count = 0;
    for (size_t i = 0; i < o->node_count; i++)
        if (!o->nodes[i]->settled && wanted(o->nodes[i]))
            picked[(*count)++] = o->nodes[i];
    return picked;
}

static void each(struct planorder *o, bool (*wanted)(const struct node *),
                 int (*order)(const void *, const void *), void (*act)(struct planorder *, struct node *))
{
    size_t count;
    struct node **picked = pick(o, wanted, &count);
    if (order)
        qsort(picked, count, sizeof(struct node *), order);
    for (size_t i = 0; i < count; i++)
        if (!picked[i]->settled)
            act(o, picked[i]);
    free(picked);
}

static bool is_linked(const struct node *n)
{
    return n->linked && n->original && !n->folder && n->inode != 0;
}

/* The names of one inode. Its bytes are those from before it was first spoiled, whichever name that went
 * through; it is mended once, through one name that is left; names that are gone become links to it again. */
static void mend_inode(struct node **names, size_t count)
{
    const struct node *spoiled = NULL;
    struct node *keeper = NULL, *latest = names[0];
    for (size_t i = 0; i < count; i++) {
        if (names[i]->spoiled && (!spoiled || names[i]->spoiled_order < spoiled->spoiled_order))
            spoiled = names[i];
        if (!names[i]->gone && (!keeper || (names[i]->spoiled && !keeper->spoiled)))
            keeper = names[i];
        if (names[i]->after.inode && names[i]->after_order > latest->after_order)
            latest = names[i];
    }
    struct version version = spoiled ? spoiled->version : (struct version){0};
    uint64_t since = spoiled ? spoiled->spoiled_order : 0;
    for (size_t i = 0; i < count; i++) {
        struct node *n = names[i];
        if (n->gone && spoiled && since < n->gone_order)
            n->version = version;
        if (n->gone && (keeper || n != names[0]))
            n->link_to = keeper ? keeper : names[0];
        if (!n->gone)
            n->spoiled = spoiled && n == keeper;
    }
    if (keeper && spoiled) {
        keeper->version = version;
        keeper->after = latest->after;
    }
}

static void mend_inodes_once(struct planorder *o)
{
    size_t count;
    struct node **linked = pick(o, is_linked, &count);
    qsort(linked, count, sizeof(struct node *), by_inode);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1;
             end < count && linked[end]->tree == linked[i]->tree && linked[end]->inode == linked[i]->inode;)
            end++;
        if (end > i + 1)
            mend_inode(linked + i, end - i);
    }
    free(linked);
}

static bool is_misplaced_folder(const struct node *n)
{
    return n->folder && n->original && n->touched && (n->gone || !is_home(n));
}

static void place_folder(struct planorder *o, struct node *n)
{
    if (n->gone)
        make_folder(o, n);
    else
        bring_home(o, n);
}

/* A spoiled file with other names is mended in its inode, and so is brought home first. */
static bool is_misplaced_file(const struct node *n)
{
    return !n->folder && n->original && !n->gone && (!n->spoiled || n->linked) && !is_home(n);
}

static bool is_spoiled_and_there(const struct node *n)
{
    return !n->folder && n->original && n->spoiled && !n->gone;
}

static bool is_gone(const struct node *n)
{
    return !n->folder && n->original && n->gone;
}

static bool is_link_to_victim(const struct node *n)
{
    return !n->folder && !n->original && n->spoiled && !n->gone;
}

static bool is_to_take_away(const struct node *n)
{
    return n->parent && must_go(n);
}

static bool is_folder_to_remove(const struct node *n)
{
    return n->folder && !n->original && !n->gone;
}

/* A restore may take another's spoiled inode off its place, so that who was "there" is no longer when its
 * turn comes: restore() looks anew. Those that are there come first: of two files that had one name, the
 * later one gets it back. */
static void restore_and_settle(struct planorder *o, struct node *n)
{
    restore(o, n);
    if (!n->parent)
        n->settled = true;
}

static void collect(struct planorder *o, struct planmodel *model)
{
    uint64_t ordinal = 0;
    o->nodes = mem_zalloc(model->node_count + 1, sizeof(struct node *));
    for (struct node *n = model->first; n; n = n->made_next) {
        n->ordinal = ++ordinal;
        if (n->touched && n->first_parent)
            o->nodes[o->node_count++] = n;
    }
}

struct planorder *planorder_new(struct planmodel *model)
{
    struct planorder *o = mem_zalloc(1, sizeof *o);
    o->model = model;
    collect(o, model);
    mend_inodes_once(o);
    each(o, is_misplaced_folder, by_first_depth, place_folder);
    each(o, is_misplaced_file, NULL, bring_home);
    each(o, is_link_to_victim, NULL, restore_through_link);
    size_t gone_count;
    struct node **gone = pick(o, is_gone, &gone_count);
    each(o, is_spoiled_and_there, NULL, restore_and_settle);
    for (size_t i = 0; i < gone_count; i++)
        restore(o, gone[i]);
    free(gone);
    each(o, is_to_take_away, NULL, quarantine);
    each(o, is_folder_to_remove, by_depth_inner_first, remove_folder);
    return o;
}

void planorder_free(struct planorder *o)
{
    if (!o)
        return;
    free(o->nodes);
    free(o->steps);
    free(o);
}

size_t planorder_steps(const struct planorder *o, const struct step **steps)
{
    *steps = o->steps;
    return o->count;
}
