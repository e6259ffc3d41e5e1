/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/unlock.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct found {
    char name[VAULT_ID_TEXT];
    bool empty;
};

struct unlock {
    const struct vault *vault;
    const struct vault_unlock_options *options;
    struct found *found;
    size_t count;
};

static int note(void *context, const char *name, uint64_t size)
{
    struct unlock *u = context;
    if ((u->count & (u->count - 1)) == 0)
        u->found = mem_resize(u->found, u->count ? 2 * u->count : 1, sizeof *u->found);
    struct found *one = &u->found[u->count++];
    one->empty = size == 0;
    memcpy(one->name, name, VAULT_ID_TEXT - 1);
    one->name[VAULT_ID_TEXT - 1] = '\0';
    return 0;
}

static int take_away(const struct unlock *u, const char *name, const struct lock_file *file)
{
    int err = blob_remove_lock(vault_remover(u->vault), name);
    if (!err && u->options->on_removed)
        u->options->on_removed(u->options->context, name, file);
    return err;
}

static int judge(const struct unlock *u, const struct found *one)
{
    const struct vault_unlock_options *o = u->options;
    struct lock_file file;
    if (one->empty)
        return o->all ? take_away(u, one->name, NULL) : 0;
    int err = lock_read(u->vault, one->name, &file);
    if (err == ERR_NOT_FOUND)
        return 0; /* released meanwhile */
    if (o->all)
        return take_away(u, one->name, err ? NULL : &file);
    if (err) {
        if (o->on_bad)
            o->on_bad(o->context, one->name, err);
        return 0;
    }
    if (lock_is_stale_here(&file))
        return take_away(u, one->name, &file);
    if (o->on_kept)
        o->on_kept(o->context, one->name, &file);
    return 0;
}

int vault_unlock(const struct vault *vault, const struct vault_unlock_options *options)
{
    struct unlock u = {.vault = vault, .options = options};
    int err = blob_list(vault_reader(vault), BLOB_LOCK, note, &u);
    for (size_t i = 0; !err && i < u.count; i++)
        err = judge(&u, &u.found[i]);
    free(u.found);
    if (!err)
        blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    return err;
}
