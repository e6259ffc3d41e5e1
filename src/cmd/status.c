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

/* The guard's words in the reader's language; a word that is not known here is shown as it is. */
static const char *word(const char *given)
{
    static const struct {
        const char *given, *text;
    } words[] = {
        {"scanning", N_("looking through the folders")},
        {"watching", N_("watching and holding")},
        {"observing", N_("watching only: it cannot hold a program back")},
        {"lost", N_("not running")},
        {"files", N_("files")},
        {"website", N_("web site")},
        {"mail", N_("mail")},
        {"database", N_("database")},
        {"open", N_("ready")},
        {"closed", N_("not ready")},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].given, given) == 0)
            return _(words[i].text);
    return given;
}

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
        printf(_("  sensor %s: %s\n"), client_text(sensor, "name"), word(client_text(sensor, "state")));
        const json_t *blind = json_object_get(sensor, "blind_to");
        if (json_is_string(blind) && *json_string_value(blind))
            printf(_("    cannot see: %s\n"), json_string_value(blind));
        size_t n;
        const json_t *item;
        json_array_foreach(blind, n, item)
            printf(_("    cannot see: %s\n"), json_string_value(item) ? json_string_value(item) : "");
    }
}

/* Of the roles, only what is wrong. */
static void print_roles(const json_t *roles)
{
    size_t index;
    const json_t *role;
    json_array_foreach(roles, index, role)
    {
        int64_t restarts = client_number(role, "restarts");
        if (!client_flag(role, "running"))
            printf(_("  %sthe role %s is not running%s\n"), cmd_color(stdout, CMD_RED),
                   client_text(role, "name"), cmd_color(stdout, CMD_PLAIN));
        else if (restarts > 0)
            printf(P_("  the role %s died and was restarted %lld time\n",
                      "  the role %s died and was restarted %lld times\n", (unsigned long)restarts),
                   client_text(role, "name"), (long long)restarts);
    }
}

static void snapshot_text(const json_t *tree, char out[static CMD_TEXT_SIZE])
{
    const json_t *snapshot = json_object_get(tree, "snapshot");
    if (client_flag(tree, "snapshot_running"))
        snprintf(out, CMD_TEXT_SIZE, "%s", _("being made"));
    else if (json_is_object(snapshot))
        cmd_time(client_time(snapshot, "time"), out);
    else
        snprintf(out, CMD_TEXT_SIZE, "%s", _("none yet"));
}

static void print_trees(const json_t *trees)
{
    const char *titles[] = {_("Protected"), _("Kind"), _("Files"), _("Size"), _("Last snapshot")};
    struct cmd_table *table = cmd_table_new("llrrl", titles);
    size_t index;
    const json_t *tree;
    json_array_foreach(trees, index, tree)
    {
        char files[CMD_TEXT_SIZE] = "-", bytes[CMD_TEXT_SIZE] = "-", when[CMD_TEXT_SIZE];
        const json_t *snapshot = json_object_get(tree, "snapshot");
        if (json_is_object(snapshot)) {
            snprintf(files, sizeof files, "%lld", (long long)client_number(snapshot, "files"));
            cmd_size((uint64_t)client_number(snapshot, "bytes"), bytes);
        }
        snapshot_text(tree, when);
        const char *cells[] = {client_text(tree, "path"), word(client_text(tree, "kind")), files, bytes,
                               when};
        cmd_table_add(table, cells);
    }
    printf("\n");
    cmd_table_print(table, stdout);
    cmd_table_free(table);
    json_array_foreach(trees, index, tree)
    {
        if (!*client_text(tree, "snapshot_failure"))
            continue;
        printf("%s", cmd_color(stdout, CMD_RED));
        printf(_("The last snapshot of %s failed: "), client_text(tree, "path"));
        cmd_put(stdout, client_text(tree, "snapshot_failure"), false);
        printf("%s\n", cmd_color(stdout, CMD_PLAIN));
    }
}

/* The copies of what changed since the last snapshot. */
static void print_shadow(const json_t *shadow)
{
    char bytes[CMD_TEXT_SIZE], quota[CMD_TEXT_SIZE];
    int64_t unkept = client_number(shadow, "unkept");
    cmd_size((uint64_t)client_number(shadow, "bytes"), bytes);
    cmd_size((uint64_t)client_number(shadow, "quota"), quota);
    printf(_("\nKept aside until the next snapshot: %s of at most %s (files: %lld)\n"), bytes, quota,
           (long long)client_number(shadow, "files"));
    if (unkept > 0)
        printf(P_("%s%lld file was changed without a copy being kept (too large, or no space)%s\n",
                  "%s%lld files were changed without a copy being kept (too large, or no space)%s\n",
                  (unsigned long)unkept),
               cmd_color(stdout, CMD_YELLOW), (long long)unkept, cmd_color(stdout, CMD_PLAIN));
}

static void print_vault(const json_t *vault)
{
    printf("\n%s%s%s\n  ", cmd_color(stdout, CMD_BOLD), _("Vault"), cmd_color(stdout, CMD_PLAIN));
    cmd_put(stdout, client_text(vault, "repository"), false);
    printf(": %s\n", word(client_text(vault, "state")));
    if (*client_text(vault, "text"))
        printf("  %s\n", client_text(vault, "text"));
}

/* The journal is mentioned only when it has trouble. */
static void print_journal(const json_t *journal)
{
    if (!*client_text(journal, "failure"))
        return;
    printf("\n%s", cmd_color(stdout, CMD_RED));
    printf(_("The journal cannot be written (%lld entries wait): "),
           (long long)client_number(journal, "waiting"));
    cmd_put(stdout, client_text(journal, "failure"), false);
    printf("%s\n", cmd_color(stdout, CMD_PLAIN));
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
        print_roles(json_object_get(json_object_get(status, "guard"), "roles"));
        print_trees(json_object_get(status, "protected"));
        print_shadow(json_object_get(status, "shadow"));
        print_vault(json_object_get(status, "vault"));
        print_journal(json_object_get(status, "journal"));
        print_open(open);
    }
    json_decref(status);
    return cmd_finish(open > 0 ? CMD_INCIDENT : CMD_DONE);
}
