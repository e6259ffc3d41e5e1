/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi status: what is guarded, and whether all is well.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/client.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"

static void print_guard(const json_t *guard)
{
    char since[CMD_TEXT_SIZE];
    cmd_time(client_time(guard, "since"), since);
    bool enforces = strcmp(client_text(guard, "mode"), "enforce") == 0;
    printf("%s%s%s\n", cmd_color(stdout, CMD_BOLD), _("Guard"), cmd_color(stdout, CMD_PLAIN));
    printf(_("  running since %s\n"), since);
    printf("  %s\n", enforces ? _("mode enforce: it stops attacks")
                              : _("mode observe: it reports attacks and stops nothing"));
    int64_t p99 = client_number(guard, "gate_p99_us");
    printf(_("  %lld changes seen, %lld lost; opening a guarded file waits at most %lld µs in 99 cases of "
             "100\n"),
           (long long)client_number(guard, "events"), (long long)client_number(guard, "dropped"),
           (long long)p99);
}

static void print_sensors(const json_t *sensors)
{
    size_t index;
    const json_t *sensor;
    json_array_foreach(sensors, index, sensor)
    {
        printf(_("  sensor %s: %s\n"), client_text(sensor, "name"), client_text(sensor, "state"));
        const json_t *blind = json_object_get(sensor, "blind_to");
        if (json_is_string(blind) && *json_string_value(blind))
            printf(_("    cannot see: %s\n"), json_string_value(blind));
        size_t n;
        const json_t *item;
        json_array_foreach(blind, n, item)
            printf(_("    cannot see: %s\n"), json_string_value(item) ? json_string_value(item) : "");
    }
}

static void print_trees(const json_t *trees)
{
    const char *titles[] = {_("Protected"), _("Kind"), _("Files"), _("Kept aside"), _("Last snapshot")};
    struct cmd_table *table = cmd_table_new("llrrl", titles);
    size_t index;
    const json_t *tree;
    json_array_foreach(trees, index, tree)
    {
        char files[CMD_TEXT_SIZE], bytes[CMD_TEXT_SIZE], when[CMD_TEXT_SIZE];
        const json_t *snapshot = json_object_get(tree, "snapshot");
        snprintf(files, sizeof files, "%lld", (long long)client_number(tree, "files"));
        cmd_size((uint64_t)client_number(tree, "shadow_bytes"), bytes);
        cmd_time(client_time(snapshot, "time"), when);
        const char *cells[] = {client_text(tree, "path"), client_text(tree, "kind"), files, bytes,
                               json_is_object(snapshot) ? when : _("none yet")};
        cmd_table_add(table, cells);
    }
    printf("\n");
    cmd_table_print(table, stdout);
    cmd_table_free(table);
}

static void print_vault(const json_t *vault)
{
    printf("\n%s%s%s\n  ", cmd_color(stdout, CMD_BOLD), _("Vault"), cmd_color(stdout, CMD_PLAIN));
    cmd_put(stdout, client_text(vault, "repository"), false);
    printf(": %s\n", client_text(vault, "state"));
    if (*client_text(vault, "text"))
        printf("  %s\n", client_text(vault, "text"));
}

static void print_open(int64_t open)
{
    if (open == 0) {
        printf("\n%s%s%s\n", cmd_color(stdout, CMD_GREEN), _("No open incident."),
               cmd_color(stdout, CMD_PLAIN));
        return;
    }
    printf("\n%s", cmd_color(stdout, CMD_RED));
    printf(P_("%lld incident is open.", "%lld incidents are open.", (unsigned long)open), (long long)open);
    printf("%s %s\n", cmd_color(stdout, CMD_PLAIN), _("See: beffroi incident list"));
}

int cmd_status(int argc, char **argv)
{
    bool json = false;
    const char *socket = NULL, *config = NULL;
    const struct opt options[] = {
        {"json", 0, OPT_FLAG, &json, NULL, N_("print JSON, for programs")},
        {"socket", 0, OPT_STRING, &socket, N_("PATH"),
         N_("where the guard listens; default /run/beffroi/api.sock")},
        {"config", 'c', OPT_STRING, &config, N_("FILE"), N_("take the socket from this configuration")},
        {0},
    };
    const struct opt_command command = {
        "status",
        "",
        N_("Says what is guarded and whether all is well; exits with 10 when an incident is open."),
        options,
        0,
        0};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? cmd_finish(CMD_DONE) : CMD_USAGE;
    char *path MEM_AUTO = NULL;
    json_t *status = NULL;
    int err = client_choose(socket, config, &path);
    if (!err)
        err = client_ask(path, "/v1/status", false, &status);
    if (err)
        return cmd_fail(err);
    int64_t open = client_number(status, "incidents_open");
    if (json) {
        client_print(status);
    } else {
        print_guard(json_object_get(status, "guard"));
        print_sensors(json_object_get(json_object_get(status, "guard"), "sensors"));
        print_trees(json_object_get(status, "protected"));
        print_vault(json_object_get(status, "vault"));
        print_open(open);
    }
    json_decref(status);
    return cmd_finish(open > 0 ? CMD_INCIDENT : CMD_DONE);
}
