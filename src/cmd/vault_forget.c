/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault forget
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/forget.h"
#include "vault/gojson.h"

/* What the command line says, before it is understood. */
struct wish {
    const char *keep[RETENTION_PERIODS], *within[RETENTION_PERIODS];
    struct vault_filter_words words;
    const char *group_by, *unused, *repack;
    struct vault_prune_options pruning; /* what --prune does */
    struct opt_list tags, paths, keep_tags;
    bool json, quiet, compact, prune;
};

struct view {
    const struct wish *wish;
    bool dry_run;
    struct buf json;
    size_t groups, removed;
};

/* ---- what is shown ---- */

static void put_texts(struct buf *out, const char *key, const struct snapshot_list_of_text *list, bool shown)
{
    buf_printf(out, "\"%s\":", key);
    if (!shown || list->count == 0) {
        buf_printf(out, "null");
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        buf_put_u8(out, i ? ',' : '[');
        gojson_put_text(out, list->items[i]);
    }
    buf_put_u8(out, ']');
}

static void put_list(struct buf *out, const char *key, const struct forget_group *group, bool kept)
{
    size_t count = 0;
    buf_printf(out, ",\"%s\":", key);
    for (size_t i = 0; i < group->count; i++) {
        if (group->verdicts[i].keep != kept)
            continue;
        buf_put_u8(out, count++ ? ',' : '[');
        vault_common_put_snapshot(out, group->snapshots[i]);
    }
    buf_printf(out, count ? "]" : "null");
}

static void put_reasons(struct buf *out, const struct forget_group *group)
{
    size_t count = 0;
    buf_printf(out, ",\"reasons\":");
    for (size_t i = 0; i < group->count; i++) {
        if (!group->verdicts[i].keep)
            continue;
        buf_printf(out, "%c{\"snapshot\":", count++ ? ',' : '[');
        vault_common_put_snapshot(out, group->snapshots[i]);
        buf_printf(out, ",\"matches\":[");
        const char *reason = group->verdicts[i].reasons;
        for (size_t n = 0; *reason; n++, reason += strlen(reason) + 1) {
            if (n)
                buf_put_u8(out, ',');
            gojson_put_text(out, reason);
        }
        buf_printf(out, "]}");
    }
    buf_printf(out, count ? "]" : "null");
}

static void put_group(struct view *view, const struct forget_group *group)
{
    const struct snapshot *one = group->snapshots[0];
    const char *by = view->wish->group_by;
    struct buf *out = &view->json;
    buf_put_u8(out, view->groups++ ? ',' : '[');
    buf_put_u8(out, '{');
    put_texts(out, "tags", &one->tags, strstr(by, "tag") != NULL);
    buf_printf(out, ",\"host\":");
    gojson_put_text(out, strstr(by, "host") ? one->hostname : "");
    buf_put_u8(out, ',');
    put_texts(out, "paths", &one->paths, strstr(by, "path") != NULL);
    put_list(out, "keep", group, true);
    put_list(out, "remove", group, false);
    put_reasons(out, group);
    buf_put_u8(out, '}');
}

static void print_snapshot(const struct forget_group *group, size_t i, bool compact)
{
    char when[32];
    const struct snapshot *snapshot = group->snapshots[i];
    vault_common_put_time(snapshot->time_ns, when);
    printf("  %.8s  %s  %-12s", snapshot->id, when, snapshot->hostname);
    for (size_t n = 0; n < snapshot->paths.count && !compact; n++)
        printf(" %s", snapshot->paths.items[n]);
    const char *reason = group->verdicts[i].reasons;
    for (const char *before = "  "; *reason; before = ", ", reason += strlen(reason) + 1)
        printf("%s%s", before, reason);
    printf("\n");
}

static void print_group(const struct forget_group *group, bool compact)
{
    printf(P_("%zu snapshot is kept:\n", "%zu snapshots are kept:\n", group->kept), group->kept);
    for (size_t i = 0; i < group->count; i++)
        if (group->verdicts[i].keep)
            print_snapshot(group, i, compact);
    size_t removed = group->count - group->kept;
    if (removed)
        printf(P_("%zu snapshot is removed:\n", "%zu snapshots are removed:\n", removed), removed);
    for (size_t i = 0; i < group->count; i++)
        if (!group->verdicts[i].keep)
            print_snapshot(group, i, compact);
    printf("\n");
}

static void on_group(void *context, const struct forget_group *group)
{
    struct view *view = context;
    if (view->wish->json)
        put_group(view, group);
    else if (!view->wish->quiet)
        print_group(group, view->wish->compact);
}

static void on_future(void *context, const struct snapshot *snapshot)
{
    char when[32];
    (void)context;
    vault_common_put_time(snapshot->time_ns, when);
    fprintf(stderr, _("note: snapshot %.8s of %s is dated in the future (%s): is a clock wrong?\n"),
            snapshot->id, snapshot->hostname, when);
}

static void on_removed(void *context, const struct snapshot *snapshot)
{
    struct view *view = context;
    view->removed++;
    if (!view->wish->json && !view->wish->quiet && !view->dry_run)
        printf(_("removed snapshot %.8s\n"), snapshot->id);
}

/* ---- what was asked for ---- */

static int parse_count(const char *text, int64_t *out)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (strcmp(text, "unlimited") == 0 || strcmp(text, "-1") == 0)
        *out = -1;
    else if (!isdigit((unsigned char)*text) || *end || number > INT32_MAX)
        return err_set(ERR_INVALID, _("\"%s\" is not a number of snapshots"), text);
    else
        *out = number;
    return 0;
}

static int understand(const struct wish *wish, struct vault_forget_options *out,
                      struct vault_prune_options *prune)
{
    int err = vault_common_parse_groups(wish->group_by, &out->group_by);
    for (int i = 0; !err && i < RETENTION_PERIODS; i++) {
        if (wish->keep[i])
            err = parse_count(wish->keep[i], &out->policy.keep[i]);
        if (!err && wish->within[i])
            err = retention_parse_duration(wish->within[i], &out->policy.within[i]);
    }
    if (!err)
        err = vault_prune_understand(wish->unused, wish->repack, prune);
    out->policy.tags = wish->keep_tags.items;
    out->policy.tag_count = wish->keep_tags.count;
    out->filter = vault_common_filter(&wish->words);
    out->now_ns = clock_system.wall_ns(clock_system.self);
    return err;
}

static int run(const struct vault_place *place, const struct wish *wish, struct vault_forget_options *forget)
{
    struct vault_prune_options prune = wish->pruning;
    prune.dry_run = forget->dry_run;
    struct vault *vault;
    struct view view = {.wish = wish, .dry_run = forget->dry_run};
    int err = understand(wish, forget, &prune);
    if (!err)
        err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    buf_init(&view.json, 0);
    forget->context = &view;
    err = vault_forget(vault, forget);
    if (!err && wish->json && forget->id_count == 0) {
        buf_printf(&view.json, view.groups ? "]" : "[]");
        vault_common_print(&view.json);
    }
    if (!err && forget->dry_run && !wish->json && !wish->quiet)
        printf("%s\n", _("nothing was changed (--dry-run)"));
    int code = err ? cmd_fail(err) : 0;
    if (!err && wish->prune && view.removed > 0)
        code = vault_prune_show(vault, &prune, wish->quiet || wish->json);
    buf_free(&view.json);
    vault_close(vault);
    return code;
}

int cmd_vault_forget(int argc, char **argv)
{
    struct vault_place place = {0};
    struct wish wish = {.group_by = "host,paths", .unused = "5%"};
    struct vault_forget_options forget = {
        .on_group = on_group, .on_future = on_future, .on_removed = on_removed};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"keep-last", 'l', OPT_STRING, &wish.keep[RETENTION_LAST], N_("N"),
         N_("keep the last N (or \"unlimited\")")},
        {"keep-hourly", 'H', OPT_STRING, &wish.keep[RETENTION_HOURLY], N_("N"),
         N_("keep one for each of N hours")},
        {"keep-daily", 'd', OPT_STRING, &wish.keep[RETENTION_DAILY], N_("N"),
         N_("keep one for each of N days")},
        {"keep-weekly", 'w', OPT_STRING, &wish.keep[RETENTION_WEEKLY], N_("N"),
         N_("keep one for each of N weeks")},
        {"keep-monthly", 'm', OPT_STRING, &wish.keep[RETENTION_MONTHLY], N_("N"),
         N_("keep one for each of N months")},
        {"keep-yearly", 'y', OPT_STRING, &wish.keep[RETENTION_YEARLY], N_("N"),
         N_("keep one for each of N years")},
        {"keep-within", 0, OPT_STRING, &wish.within[RETENTION_LAST], N_("DURATION"),
         N_("keep all of the last DURATION (1y6m, 14d, 36h)")},
        {"keep-within-hourly", 0, OPT_STRING, &wish.within[RETENTION_HOURLY], N_("DURATION"),
         N_("keep one an hour of the last DURATION")},
        {"keep-within-daily", 0, OPT_STRING, &wish.within[RETENTION_DAILY], N_("DURATION"),
         N_("keep one a day of the last DURATION")},
        {"keep-within-weekly", 0, OPT_STRING, &wish.within[RETENTION_WEEKLY], N_("DURATION"),
         N_("keep one a week of the last DURATION")},
        {"keep-within-monthly", 0, OPT_STRING, &wish.within[RETENTION_MONTHLY], N_("DURATION"),
         N_("keep one a month of the last DURATION")},
        {"keep-within-yearly", 0, OPT_STRING, &wish.within[RETENTION_YEARLY], N_("DURATION"),
         N_("keep one a year of the last DURATION")},
        {"keep-tag", 0, OPT_LIST, &wish.keep_tags, N_("TAG,..."),
         N_("keep those with all these tags (may be repeated)")},
        {"by-arrival", 0, OPT_FLAG, &forget.by_arrival, NULL,
         N_("count from when a snapshot came into the folder, not from\nwhat it says (for the server of a "
            "vault)")},
        {"unsafe-allow-remove-all", 0, OPT_FLAG, &forget.remove_all, NULL,
         N_("let a group lose its last snapshot")},
        /* The letter H is that of --keep-hourly. */
        {"host", 0, OPT_LIST, &wish.words.hosts, N_("NAME"), N_("only those of this host (may be repeated)")},
        {"tag", 0, OPT_LIST, &wish.words.tags, N_("TAG,..."),
         N_("only those with all these tags (repeated: or these)")},
        {"path", 0, OPT_LIST, &wish.words.paths, N_("PATH"),
         N_("only those of this path (repeated: of all of them)")},
        {"group-by", 'g', OPT_STRING, &wish.group_by, N_("WHAT"),
         N_("apply the rules to each host, paths, tags by itself\n(default: host,paths)")},
        {"compact", 'c', OPT_FLAG, &wish.compact, NULL, N_("do not show the paths")},
        {"dry-run", 'n', OPT_FLAG, &forget.dry_run, NULL, N_("change nothing, tell what would be done")},
        {"prune", 0, OPT_FLAG, &wish.prune, NULL, N_("then give the room back (see vault prune)")},
        VAULT_PRUNE_ROWS(wish.pruning, wish.unused, wish.repack),
        {"json", 0, OPT_FLAG, &wish.json, NULL, N_("print the groups as JSON")},
        {"quiet", 'q', OPT_FLAG, &wish.quiet, NULL, N_("print errors only")},
        {0},
    };
    const struct opt_command command = {.name = "vault forget",
                                        .operands = N_("[ID...]"),
                                        .summary =
                                            N_("Removes the named snapshots, or those that no rule keeps."),
                                        .options = options,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    if (parsed == OPT_GO) {
        forget.ids = (const char *const *)argv + 1;
        forget.id_count = (size_t)operands;
        code = run(&place, &wish, &forget);
    }
    vault_common_filter_free(&wish.words);
    opt_list_free(&wish.keep_tags);
    return code;
}
