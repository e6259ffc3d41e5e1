/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault tag
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/tag.h"

struct view {
    bool json, quiet;
    size_t changed;
};

static void on_changed(void *context, const char *old_id, const struct snapshot *saved)
{
    struct view *view = context;
    view->changed++;
    if (view->json)
        printf("{\"message_type\":\"changed\",\"old_snapshot_id\":\"%s\",\"new_snapshot_id\":\"%s\"}\n",
               old_id, saved->id);
    else if (!view->quiet)
        printf(_("snapshot %.8s is now %.8s\n"), old_id, saved->id);
}

static void show_summary(const struct view *view)
{
    if (view->json)
        printf("{\"message_type\":\"summary\",\"changed_snapshots\":%zu}\n", view->changed);
    else if (!view->quiet)
        printf(P_("%zu snapshot changed\n", "%zu snapshots changed\n", view->changed), view->changed);
}

static int run(const struct vault_place *place, struct vault_tag_options *tag, struct view *view)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    tag->context = view;
    tag->on_changed = on_changed;
    err = vault_tag(vault, tag);
    if (!err)
        show_summary(view);
    int code = err ? cmd_fail(err) : CMD_DONE;
    vault_close(vault);
    return code;
}

int cmd_vault_tag(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct opt_list set = {0}, add = {0}, remove = {0};
    struct view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"set", 0, OPT_LIST, &set, N_("TAG,..."), N_("have these tags and no others (\"\": none)")},
        {"add", 0, OPT_LIST, &add, N_("TAG,..."), N_("add these tags (may be repeated)")},
        {"remove", 0, OPT_LIST, &remove, N_("TAG,..."), N_("take these tags away (may be repeated)")},
        VAULT_FILTER_ROWS(words),
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print messages as JSON, one per line")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print errors only")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault tag",
        .operands = N_("[ID...]"),
        .summary = N_("Changes the tags of the named snapshots, or of all that match."),
        .options = options,
        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        struct vault_tag_options tag = {.ids = (const char *const *)argv + 1,
                                        .id_count = (size_t)operands,
                                        .filter = vault_common_filter(&words),
                                        .set = {set.items, set.count},
                                        .add = {add.items, add.count},
                                        .remove = {remove.items, remove.count}};
        code = run(&place, &tag, &view);
    }
    vault_common_filter_free(&words);
    opt_list_free(&set);
    opt_list_free(&add);
    opt_list_free(&remove);
    return code;
}
