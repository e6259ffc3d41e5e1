/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/choose.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

static bool is_empty(const struct snapshot_filter *filter)
{
    return !filter->hostname &&
           filter->path_count + filter->tag_count + filter->host_count + filter->tag_list_count == 0;
}

static int choose_named(const struct vault *vault, const struct snapshot_filter *filter, const char *name,
                        struct snapshots *out)
{
    struct snapshot *found;
    int err = snapshot_find(vault, name, filter, &found);
    if (err)
        return err;
    for (size_t i = 0; i < out->count; i++)
        if (strcmp(out->items[i]->id, found->id) == 0) {
            snapshot_free(found);
            return 0;
        }
    out->items = mem_resize(out->items, out->count + 1, sizeof *out->items);
    out->items[out->count++] = found;
    return 0;
}

static int choose_all(const struct vault *vault, const struct snapshot_filter *filter, struct snapshots *out)
{
    int err = snapshot_read_all(vault, NULL, NULL, out);
    if (err)
        return err;
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (snapshot_matches(out->items[i], filter))
            out->items[kept++] = out->items[i];
        else
            snapshot_free(out->items[i]);
    out->count = kept;
    return 0;
}

int snapshots_choose(const struct vault *vault, const struct snapshot_filter *filter,
                     const char *const *names, size_t count, struct snapshots *out)
{
    bool filtered = false;
    int err = 0;
    *out = (struct snapshots){0};
    if (count == 0)
        return choose_all(vault, filter, out);
    for (size_t i = 0; !err && i < count; i++) {
        filtered |= strcmp(names[i], "latest") == 0;
        err = choose_named(vault, filter, names[i], out);
    }
    if (!err && !filtered && !is_empty(filter))
        err = err_set(ERR_INVALID, _("a snapshot is named: there is nothing to choose by host, path or tag"));
    if (err)
        snapshot_free_all(out);
    return err;
}
