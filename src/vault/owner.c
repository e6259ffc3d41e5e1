/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/owner.h"

#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

#define SLOTS 256 /* a power of two; owners that share a slot push each other out */

struct slot {
    uint32_t number;
    char *name; /* NULL: empty */
};

struct owner_names {
    struct slot users[SLOTS], groups[SLOTS];
};

struct owner_names *owner_new(void)
{
    return mem_zalloc(1, sizeof(struct owner_names));
}

void owner_free(struct owner_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        free(names->users[i].name);
        free(names->groups[i].name);
    }
    free(names);
}

static char *user_name(uid_t uid)
{
    struct passwd entry, *found = NULL;
    char bytes[4096];
    if (getpwuid_r(uid, &entry, bytes, sizeof bytes, &found) != 0 || !found)
        return mem_strdup("");
    return mem_strdup(found->pw_name);
}

/* A group with many members needs much room although only its name is wanted. */
static char *group_name(gid_t gid)
{
    struct group entry, *found = NULL;
    size_t size = (size_t)1 << 20;
    char *bytes MEM_AUTO = mem_resize(NULL, size, 1);
    if (getgrgid_r(gid, &entry, bytes, size, &found) != 0 || !found)
        return mem_strdup("");
    return mem_strdup(found->gr_name);
}

const char *owner_user(struct owner_names *names, uid_t uid)
{
    struct slot *slot = &names->users[uid & (SLOTS - 1)];
    if (!slot->name || slot->number != uid) {
        free(slot->name);
        *slot = (struct slot){uid, user_name(uid)};
    }
    return slot->name;
}

const char *owner_group(struct owner_names *names, gid_t gid)
{
    struct slot *slot = &names->groups[gid & (SLOTS - 1)];
    if (!slot->name || slot->number != gid) {
        free(slot->name);
        *slot = (struct slot){gid, group_name(gid)};
    }
    return slot->name;
}
