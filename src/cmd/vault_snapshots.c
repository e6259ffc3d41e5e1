/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault snapshots
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"
#include "vault/group.h"
#include "vault/lock.h"
#include "vault/snapshot.h"

struct wanted {
    struct snapshot_filter filter;
    char **ids;
    size_t id_count;
    bool json, compact;
    bool grouped;
    unsigned group_by;
    int64_t latest; /* so many of each group, or host and paths; 0: all */
};

static void print_row(const struct snapshot *snapshot, bool compact)
{
    char when[32];
    vault_common_put_time(snapshot->time_ns, when);
    printf("%.8s  %s  %-12s ", snapshot->id, when, snapshot->hostname);
    for (size_t i = 0; i < snapshot->tags.count; i++)
        printf("%s%s", i ? "," : " ", snapshot->tags.items[i]);
    for (size_t i = 0; i < snapshot->paths.count && !compact; i++)
        printf(" %s", snapshot->paths.items[i]);
    printf("\n");
}

static bool is_wanted(const struct wanted *wanted, const struct snapshot *snapshot, bool newest)
{
    bool named = wanted->id_count == 0;
    for (size_t i = 0; i < wanted->id_count && !named; i++)
        named = strcmp(wanted->ids[i], "latest") == 0
                    ? newest
                    : strncmp(wanted->ids[i], snapshot->id, strlen(wanted->ids[i])) == 0;
    return named && snapshot_matches(snapshot, &wanted->filter);
}

/* Leaves of a group the last ones; of an only group, the last ones of each host and paths. */
static void keep_latest(struct snapshot_group *group, const struct wanted *wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < group->count; i++) {
        int64_t newer = 0;
        for (size_t n = 0; n < kept; n++)
            newer += group_same(group->items[n], group->items[i],
                                wanted->grouped ? 0 : GROUP_BY_HOST | GROUP_BY_PATHS);
        if (newer < wanted->latest)
            group->items[kept++] = group->items[i];
    }
    group->count = kept;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A member of the key of a group: null when they are not what is grouped by, or there are none. */
static void put_key(struct buf *out, const char *name, const struct snapshot_list_of_text *texts, bool counts)
{
    buf_printf(out, ",\"%s\":", name);
    if (!counts || texts->count == 0) {
        buf_printf(out, "null");
        return;
    }
    const char **sorted MEM_AUTO = mem_dup(texts->items, texts->count * sizeof *sorted);
    qsort(sorted, texts->count, sizeof *sorted, by_text);
    for (size_t i = 0; i < texts->count; i++) {
        buf_put_u8(out, i ? ',' : '[');
        gojson_put_text(out, sorted[i]);
    }
    buf_put_u8(out, ']');
}

static void put_group(struct buf *out, const struct snapshot_group *group, const struct wanted *wanted)
{
    const struct snapshot *one = group->items[0];
    if (wanted->grouped) {
        buf_printf(out, "{\"group_key\":{\"hostname\":");
        gojson_put_text(out, wanted->group_by & GROUP_BY_HOST ? one->hostname : "");
        put_key(out, "paths", &one->paths, wanted->group_by & GROUP_BY_PATHS);
        put_key(out, "tags", &one->tags, wanted->group_by & GROUP_BY_TAGS);
        buf_printf(out, "},\"snapshots\":[");
    }
    for (size_t i = group->count; i > 0; i--) {
        vault_common_put_snapshot(out, group->items[i - 1]);
        if (i > 1)
            buf_put_u8(out, ',');
    }
    if (wanted->grouped)
        buf_printf(out, "]}");
}

static void print_words(const struct snapshot_list_of_text *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        printf(" %s", texts->items[i]);
}

static void print_group(const struct snapshot_group *group, const struct wanted *wanted)
{
    const struct snapshot *one = group->items[0];
    if (wanted->grouped) {
        printf("%s", _("snapshots of:"));
        if (wanted->group_by & GROUP_BY_HOST)
            printf(" %s", one->hostname);
        if (wanted->group_by & GROUP_BY_TAGS)
            print_words(&one->tags);
        if (wanted->group_by & GROUP_BY_PATHS)
            print_words(&one->paths);
        printf("\n");
    }
    for (size_t i = group->count; i > 0; i--)
        print_row(group->items[i - 1], wanted->compact);
    printf(P_("%zu snapshot\n", "%zu snapshots\n", group->count), group->count);
}

static void print_all(const struct snapshots *list, const struct wanted *wanted)
{
    struct buf out BUF_AUTO;
    struct snapshots shown = {.items = mem_zalloc(list->count + 1, sizeof(struct snapshot *))};
    struct snapshot_group *groups;
    for (size_t i = 0; i < list->count; i++)
        if (is_wanted(wanted, list->items[i], i + 1 == list->count))
            shown.items[shown.count++] = list->items[i];
    size_t count = groups_make(&shown, NULL, wanted->group_by, &groups);
    buf_init(&out, 0);
    buf_put_u8(&out, '[');
    for (size_t i = 0; i < count; i++) {
        if (wanted->latest)
            keep_latest(&groups[i], wanted);
        if (i > 0)
            buf_put_u8(&out, ',');
        if (wanted->json)
            put_group(&out, &groups[i], wanted);
        else
            print_group(&groups[i], wanted);
    }
    buf_put_u8(&out, ']');
    if (wanted->json)
        vault_common_print(&out);
    else if (count == 0)
        printf(P_("%zu snapshot\n", "%zu snapshots\n", 0), (size_t)0);
    groups_free(groups, count);
    free(shown.items);
}

static void tell_bad(void *context, const char *name, int err)
{
    int *bad = context;
    (void)name;
    cmd_fail(err);
    (*bad)++;
}

static int run(const struct vault_place *place, const struct wanted *wanted)
{
    struct vault *vault;
    struct snapshots list;
    int bad = 0;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    err = snapshot_read_all(vault, tell_bad, &bad, &list);
    int code = err ? cmd_fail(err) : bad ? 3 : 0;
    if (!err) {
        print_all(&list, wanted);
        snapshot_free_all(&list);
    }
    vault_close(vault);
    return code;
}

int cmd_vault_snapshots(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct wanted wanted = {0};
    const char *group_by = NULL;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_FILTER_ROWS(words),
        {"group-by", 'g', OPT_STRING, &group_by, N_("WHAT"),
         N_("a list for each host, paths, tags, such as \"host,tags\"")},
        {"latest", 0, OPT_NUMBER, &wanted.latest, N_("N"),
         N_("only the last N of each host and paths, or group")},
        {"compact", 'c', OPT_FLAG, &wanted.compact, NULL, N_("do not show the paths")},
        {"json", 0, OPT_FLAG, &wanted.json, NULL, N_("print them as JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault snapshots",
                                        .operands = N_("[ID...]"),
                                        .summary = N_("Lists the snapshots, oldest first."),
                                        .options = options,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO) {
        wanted.filter = vault_common_filter(&words);
        wanted.ids = argv + 1;
        wanted.id_count = (size_t)operands;
        wanted.grouped = group_by && *group_by;
        int err = group_by ? vault_common_parse_groups(group_by, &wanted.group_by) : 0;
        code = err ? cmd_fail(err) : run(&place, &wanted);
    }
    vault_common_filter_free(&words);
    return code;
}
