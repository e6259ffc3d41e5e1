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
#include "vault/lock.h"
#include "vault/snapshot.h"

static void print_row(const struct snapshot *snapshot)
{
    char when[32];
    vault_common_put_time(snapshot->time_ns, when);
    printf("%.8s  %s  %-12s ", snapshot->id, when, snapshot->hostname);
    for (size_t i = 0; i < snapshot->tags.count; i++)
        printf("%s%s", i ? "," : " ", snapshot->tags.items[i]);
    for (size_t i = 0; i < snapshot->paths.count; i++)
        printf(" %s", snapshot->paths.items[i]);
    printf("\n");
}

struct wanted {
    struct snapshot_filter filter;
    char **ids;
    size_t id_count;
    bool json;
};

static bool is_wanted(const struct wanted *wanted, const struct snapshot *snapshot, bool newest)
{
    bool named = wanted->id_count == 0;
    for (size_t i = 0; i < wanted->id_count && !named; i++)
        named = strcmp(wanted->ids[i], "latest") == 0
                    ? newest
                    : strncmp(wanted->ids[i], snapshot->id, strlen(wanted->ids[i])) == 0;
    return named && snapshot_matches(snapshot, &wanted->filter);
}

static void print_all(const struct snapshots *list, const struct wanted *wanted)
{
    struct buf out BUF_AUTO;
    size_t shown = 0;
    buf_init(&out, 0);
    buf_put_u8(&out, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (!is_wanted(wanted, list->items[i], i + 1 == list->count))
            continue;
        if (shown++)
            buf_put_u8(&out, ',');
        if (wanted->json)
            vault_common_put_snapshot(&out, list->items[i]);
        else
            print_row(list->items[i]);
    }
    buf_put_u8(&out, ']');
    if (wanted->json)
        vault_common_print(&out);
    else
        printf(P_("%zu snapshot\n", "%zu snapshots\n", shown), shown);
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
    bool json = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_FILTER_ROWS(words),
        {"json", 0, OPT_FLAG, &json, NULL, N_("print them as JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault snapshots",
                                        .operands = N_("[ID...]"),
                                        .summary = N_("Lists the snapshots, oldest first."),
                                        .options = options,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    if (parsed == OPT_GO) {
        struct wanted wanted = {.filter = vault_common_filter(&words),
                                .ids = argv + 1,
                                .id_count = (size_t)operands,
                                .json = json};
        code = run(&place, &wanted);
    }
    vault_common_filter_free(&words);
    return code;
}
