/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault repair index, packs, snapshots
 */
#include <stdio.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/repair.h"

/* What happened to a pack, an index or a blob, with its name behind; why, where something is bad. */
static const struct {
    const char *text;
    bool why;
} events[] = {
    [VAULT_REPAIR_BAD_INDEX] = {N_("an index that cannot be read is removed"), true},
    [VAULT_REPAIR_NEW_PACK] = {N_("a pack that no index named is added"), false},
    [VAULT_REPAIR_OTHER_PACK] = {N_("a pack whose size is not that of the index is read again"), false},
    [VAULT_REPAIR_GONE_PACK] = {N_("a pack that is gone is taken out of the index"), false},
    [VAULT_REPAIR_BAD_PACK] = {N_("a pack whose list of blobs cannot be read is taken out of the index"),
                               true},
    [VAULT_REPAIR_BAD_BLOB] = {N_("a blob is lost"), true},
    [VAULT_REPAIR_SAVED_COPY] = {N_("the damaged pack is kept aside"), false},
    [VAULT_REPAIR_NO_COPY] = {N_("the pack is not there"), false},
};

static void on_event(void *context, enum vault_repair_event event, const char *name)
{
    (void)context;
    fprintf(stderr, "%s: ", _(events[event].text));
    cmd_put(stderr, name, false);
    if (events[event].why) {
        fprintf(stderr, ": ");
        cmd_put(stderr, err_text(), false);
    }
    fprintf(stderr, "\n");
}

/* ---- index ---- */

static int cmd_index(int argc, char **argv)
{
    struct vault_place place = {0};
    bool all = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"read-all-packs", 0, OPT_FLAG, &all, NULL, N_("make the whole index anew from the packs")},
        {0},
    };
    const struct opt_command command = {.name = "vault repair index",
                                        .operands = "",
                                        .summary =
                                            N_("Brings the index in line with the packs that are there."),
                                        .options = options};
    const struct vault_repair_options repair = {.on_event = on_event};
    struct vault_repair_result result;
    struct vault *vault;
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    int err = vault_common_open(&place, &vault);
    if (err)
        return cmd_fail(err);
    err = vault_repair_index(vault, all, &repair, &result);
    vault_close(vault);
    if (err)
        return cmd_fail(err);
    printf(_("packs: %llu read (%llu of them damaged), %llu gone; indexes removed as unreadable: %llu\n"),
           (unsigned long long)result.packs_read, (unsigned long long)result.packs_bad,
           (unsigned long long)result.packs_gone, (unsigned long long)result.indexes_bad);
    return CMD_DONE;
}

/* ---- packs ---- */

static int cmd_packs(int argc, char **argv)
{
    struct vault_place place = {0};
    const struct opt options[] = {VAULT_PLACE_ROWS(place), {0}};
    const struct opt_command command = {.name = "vault repair packs",
                                        .operands = N_("ID..."),
                                        .summary =
                                            N_("Saves what is intact in damaged packs, and removes them."),
                                        .options = options,
                                        .least = 1,
                                        .most = -1};
    const struct vault_repair_options repair = {.on_event = on_event};
    struct vault_repair_result result;
    struct vault *vault;
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    int err = vault_common_open(&place, &vault);
    if (err)
        return cmd_fail(err);
    err = vault_repair_packs(vault, (const char *const *)argv + 1, (size_t)operands, ".", &repair, &result);
    vault_close(vault);
    if (err)
        return cmd_fail(err);
    printf(_("blobs: %llu saved, %llu lost\n"), (unsigned long long)result.blobs_saved,
           (unsigned long long)result.blobs_bad);
    printf("%s\n",
           _("a new backup may bring back what is lost; then: beffroi vault repair snapshots --forget"));
    return CMD_DONE;
}

/* ---- snapshots ---- */

static void on_loss(void *context, enum vault_repair_loss loss, const char *path)
{
    static const char *const texts[] = {
        [VAULT_LOSS_CONTENT] = N_("parts of a file are lost"),
        [VAULT_LOSS_SIZE] = N_("the size of a file is put right"),
        [VAULT_LOSS_NODE] = N_("an entry of no known type is taken out"),
        [VAULT_LOSS_FOLDER] = N_("a folder is lost"),
        [VAULT_LOSS_SNAPSHOT] = N_("the root folder is lost"),
    };
    (void)context;
    fprintf(stderr, "%s: ", _(texts[loss]));
    cmd_put(stderr, path, false);
    fprintf(stderr, "\n");
}

static int repair_snapshots(const struct vault_place *place, struct vault_repair_snapshots_options *repair,
                            struct vault_remake_view *view)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    view->dry_run = repair->which.dry_run;
    view->forget = repair->which.forget;
    repair->which.context = view;
    repair->which.on_start = vault_remake_start;
    repair->which.on_done = vault_remake_done;
    repair->on_loss = on_loss;
    err = vault_repair_snapshots(vault, repair);
    int code = err ? cmd_fail(err) : vault_remake_end(view);
    vault_close(vault);
    return code;
}

static int cmd_snapshots(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct vault_repair_snapshots_options repair = {0};
    struct vault_remake_view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"forget", 0, OPT_FLAG, &repair.which.forget, NULL, N_("remove the old snapshots")},
        {"dry-run", 'n', OPT_FLAG, &repair.which.dry_run, NULL,
         N_("change nothing, tell what would be done")},
        VAULT_FILTER_ROWS(words),
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print errors only")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault repair snapshots",
        .operands = N_("[ID...]"),
        .summary = N_("Makes the named snapshots, or all that match, anew without what is lost."),
        .options = options,
        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        repair.which.ids = (const char *const *)argv + 1;
        repair.which.id_count = (size_t)operands;
        repair.which.filter = vault_common_filter(&words);
        code = repair_snapshots(&place, &repair, &view);
    }
    vault_common_filter_free(&words);
    return code;
}

static const struct cmd_row commands[] = {
    {"index", cmd_index, N_("bring the index in line with the packs")},
    {"packs", cmd_packs, N_("save what is intact in damaged packs")},
    {"snapshots", cmd_snapshots, N_("make snapshots anew without what is lost")},
    {0},
};

int cmd_vault_repair(int argc, char **argv)
{
    return cmd_dispatch("vault repair", N_("First index, then packs (if check names any), then snapshots."),
                        commands, argc, argv);
}
