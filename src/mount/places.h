/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The folders above the snapshots: "snapshots", "hosts/NAME", ... with a folder per snapshot and the "latest"
 * links. Made anew whenever the snapshots change. A place that is gone stays in memory with its number, for
 * the kernel may still ask about it; about 200 bytes each.
 *
 * Not safe for several threads at once: the caller locks. What places_get gives is constant and lives until
 * places_free, except `present`, `changed_ns` and the children.
 */
#ifndef MOUNT_PLACES_H
#define MOUNT_PLACES_H

#include "vault/snapshot.h"

#define PLACES_ROOT 1
#define PLACES_MOST ((uint32_t)1 << 24)

enum place_kind { PLACE_FOLDER, PLACE_SNAPSHOT, PLACE_LINK };

struct place {
    enum place_kind kind;
    uint32_t number;      /* PLACES_ROOT is the root; the same path and snapshot keep their number */
    struct place *parent; /* of the root: itself */
    char *name;           /* "" for the root */
    char *target;         /* of a link */
    uint64_t inode;       /* for people: the same at the next mount */
    int64_t time_ns;      /* of the snapshot, or of the one that a link leads to */
    int64_t changed_ns;   /* of a folder: when names came or went */
    uint8_t snapshot[SHA256_SIZE];
    uint8_t tree[SHA256_SIZE];
    bool present;

    struct place **children; /* by number; those that are gone are among them */
    size_t child_count, child_room;
    struct place *next;          /* with the same hash */
    struct place_latest *latest; /* used by places_update */
};

struct places_rules {
    const char *const *templates; /* of paths; see mount/template.h */
    size_t template_count;
    const char *time_template;
    struct snapshot_filter filter;
};

struct places;
struct places *places_new(const struct places_rules *rules, int64_t now_ns); /* the rules stay the caller's */
void places_free(struct places *places);                                     /* NULL is fine */

/* Makes the folders of these snapshots (oldest first). ERR_TOO_LARGE past PLACES_MOST; then some are missing.
 */
int places_update(struct places *places, const struct snapshots *list, int64_t now_ns);

struct place *places_get(const struct places *places, uint64_t number); /* NULL: no such number */
/* The child of a folder, present; NULL when there is none. */
struct place *places_find(const struct places *places, const struct place *folder, const char *name);
/* The first child of a folder with a greater number that is to be listed, or NULL. */
struct place *places_after(const struct places *places, const struct place *folder, uint64_t number);

#endif
