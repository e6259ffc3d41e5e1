/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/tag.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "vault/lock.h"

typedef bool change_one(struct snapshot *snapshot, const char *tag);

/* Cuts "a, b" and does something with each. */
static bool for_each(struct snapshot *snapshot, const struct vault_tag_words *words, change_one *change)
{
    bool changed = false;
    for (size_t i = 0; i < words->count; i++) {
        for (const char *at = words->items[i]; *at;) {
            size_t length = strcspn(at, ","), end = length, start = 0;
            while (start < end && isspace((unsigned char)at[start]))
                start++;
            while (end > start && isspace((unsigned char)at[end - 1]))
                end--;
            if (end > start)
                changed |= change(snapshot, arena_copy(&snapshot->arena, at + start, end - start));
            at += length + (at[length] == ',');
        }
    }
    return changed;
}

static bool change(struct snapshot *snapshot, const struct vault_tag_options *o)
{
    if (o->set.count) {
        snapshot->tags = (struct snapshot_list_of_text){0};
        for_each(snapshot, &o->set, snapshot_add_tag);
        return true;
    }
    bool added = for_each(snapshot, &o->add, snapshot_add_tag);
    bool removed = for_each(snapshot, &o->remove, snapshot_remove_tag);
    return added || removed;
}

static int change_and_replace(struct vault *vault, const struct vault_tag_options *o,
                              struct snapshot *snapshot)
{
    char old_id[VAULT_ID_TEXT];
    if (!change(snapshot, o))
        return 0;
    memcpy(old_id, snapshot->id, sizeof old_id);
    int err = snapshot_replace(vault, snapshot);
    if (!err && o->on_changed)
        o->on_changed(o->context, old_id, snapshot);
    return err;
}

static int check_words(const struct vault_tag_options *o)
{
    if (o->set.count == 0 && o->add.count == 0 && o->remove.count == 0)
        return err_hint(err_set(ERR_INVALID, _("there is no tag to set, add or remove")),
                        _("say which with --set, --add or --remove"));
    if (o->set.count && (o->add.count || o->remove.count))
        return err_set(ERR_INVALID,
                       _("--set stands alone: it replaces all tags, so there is nothing to add or "
                         "remove"));
    return 0;
}

int vault_tag(struct vault *vault, const struct vault_tag_options *options)
{
    struct snapshots list;
    struct lock *lock;
    int err = check_words(options);
    if (!err)
        err = lock_take(vault, true, &lock);
    if (err)
        return err;
    blob_sweep(vault_remover(vault)); /* what cannot be removed takes room, no more */
    err = snapshot_select(vault, options->ids, options->id_count, &options->filter, &list);
    if (!err) {
        for (size_t i = 0; !err && i < list.count; i++)
            err = change_and_replace(vault, options, list.items[i]);
        snapshot_free_all(&list);
    }
    lock_release(lock);
    return err;
}
