/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/rewrite.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

static bool keep(void *context, const struct node *node, const char *path, struct nodetext_change *change)
{
    const struct vault_rewrite_options *o = context;
    (void)node;
    (void)change;
    if (!match_any(&o->excludes, path))
        return true;
    if (o->on_excluded)
        o->on_excluded(o->which.context, path);
    return false;
}

static bool edit(void *context, struct snapshot *snapshot)
{
    const struct vault_rewrite_options *o = context;
    if (o->new_host)
        snapshot->hostname = arena_copy(&snapshot->arena, o->new_host, strlen(o->new_host));
    if (o->has_new_time) {
        snapshot->time_ns = o->new_time_ns;
        snapshot->time_text = "";
    }
    return o->new_host || o->has_new_time;
}

int vault_rewrite(struct vault *vault, const struct vault_rewrite_options *options)
{
    size_t patterns = options->excludes.count;
    if (patterns == 0 && !options->new_host && !options->has_new_time)
        return err_hint(err_set(ERR_INVALID, _("there is nothing to take out and nothing to change")),
                        _("say what with --exclude, --new-host or --new-time"));
    struct vault_rewrite_options o = *options;
    struct remake remake = {.vault = vault,
                            .options = &o.which,
                            .trees = {.by_path = true, .context = &o, .keep = keep},
                            .no_trees = patterns == 0,
                            .tag = "rewrite",
                            .edit = edit};
    return remake_run(&remake);
}
