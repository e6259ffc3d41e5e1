/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi incident list|show|rollback|dismiss|release|close. The story of one incident is told by story.c.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/client.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "cmd/story.h"

/* What all these subcommands take. */
struct request {
    bool json;
    const char *socket;
    const char *config;
    char *path; /* of the socket; owned */
    long number;
};

static int parse_number(const char *word, long *number)
{
    char *end;
    const char *digits = *word == '#' ? word + 1 : word;
    long value = strtol(digits, &end, 10);
    if (end == digits || *end || value <= 0 || value > UINT32_MAX)
        return err_hint(err_set(ERR_INVALID, _("\"%s\" is no incident number"), word),
                        _("see the numbers with: beffroi incident list"));
    *number = value;
    return 0;
}

/* Parses; returns -1 to go on, else the exit code. */
static int prepare(struct request *r, const char *name, const char *summary, bool numbered, int argc,
                   char **argv)
{
    const struct opt options[] = {
        {"json", 0, OPT_FLAG, &r->json, NULL, N_("print JSON, for programs")},
        {"socket", 0, OPT_STRING, &r->socket, N_("PATH"),
         N_("where the guard listens; default /run/beffroi/api.sock")},
        {"config", 'c', OPT_STRING, &r->config, N_("FILE"), N_("take the socket from this configuration")},
        {0},
    };
    const struct opt_command command = {name,    numbered ? N_("NUMBER") : "", summary, options, numbered,
                                        numbered};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? cmd_finish(CMD_DONE) : CMD_USAGE;
    if (numbered && parse_number(argv[1], &r->number)) {
        cmd_fail(ERR_INVALID);
        return CMD_USAGE;
    }
    int err = client_choose(r->socket, r->config, &r->path);
    return err ? cmd_fail(err) : -1;
}

static void print_row(struct cmd_table *table, const json_t *incident)
{
    char id[CMD_TEXT_SIZE], when[CMD_TEXT_SIZE], spoiled[CMD_TEXT_SIZE], lost[CMD_TEXT_SIZE];
    const json_t *files = json_object_get(incident, "files");
    snprintf(id, sizeof id, "%lld", (long long)client_number(incident, "id"));
    cmd_time(client_time(incident, "first_harm"), when);
    snprintf(spoiled, sizeof spoiled, "%lld", (long long)client_number(files, "spoiled"));
    snprintf(lost, sizeof lost, "%lld", (long long)client_number(files, "lost"));
    char *who MEM_AUTO = story_who(incident);
    const char *cells[] = {id, when, story_state(client_text(incident, "state")), spoiled, lost, who};
    cmd_table_add(table, cells);
}

static void print_list(const json_t *incidents)
{
    if (json_array_size(incidents) == 0) {
        printf("%s\n", _("No incident so far."));
        return;
    }
    const char *titles[] = {_("No."), _("First harm"), _("State"), _("Spoiled"), _("Lost"), _("By")};
    struct cmd_table *table = cmd_table_new("rllrrl", titles);
    size_t index;
    const json_t *incident;
    json_array_foreach(incidents, index, incident) print_row(table, incident);
    cmd_table_print(table, stdout);
    cmd_table_free(table);
}

static int run_list(int argc, char **argv)
{
    struct request r = {0};
    int code = prepare(&r, "incident list", N_("Lists the incidents, the oldest first."), false, argc, argv);
    if (code >= 0)
        return code;
    json_t *answer = NULL;
    int err = client_ask(r.path, "/v1/incidents", false, &answer);
    free(r.path);
    if (err)
        return cmd_fail(err);
    const json_t *incidents = json_is_object(answer) ? json_object_get(answer, "incidents") : answer;
    if (r.json)
        client_print(incidents);
    else
        print_list(incidents);
    json_decref(answer);
    return cmd_finish(CMD_DONE);
}

static int run_show(int argc, char **argv)
{
    struct request r = {0};
    int code = prepare(&r, "incident show", N_("Tells what happened in one incident, and what to do now."),
                       true, argc, argv);
    if (code >= 0)
        return code;
    char *resource MEM_AUTO = mem_printf("/v1/incidents/%ld", r.number);
    json_t *incident = NULL;
    int err = client_ask(r.path, resource, false, &incident);
    free(r.path);
    if (err)
        return cmd_fail(err);
    if (r.json)
        client_print(incident);
    else
        story_print(incident, stdout);
    json_decref(incident);
    return cmd_finish(CMD_DONE);
}

/* Has the guard do something about an incident, then says how it stands. */
static int run_verb(const char *verb, const char *name, const char *summary, int argc, char **argv)
{
    struct request r = {0};
    int code = prepare(&r, name, summary, true, argc, argv);
    if (code >= 0)
        return code;
    char *resource MEM_AUTO = mem_printf("/v1/incidents/%ld/%s", r.number, verb);
    json_t *incident = NULL;
    int err = client_ask(r.path, resource, true, &incident);
    free(r.path);
    if (err)
        return cmd_fail(err);
    int64_t lost = client_number(json_object_get(incident, "files"), "lost");
    if (r.json)
        client_print(incident);
    else
        story_result(incident, verb, stdout);
    json_decref(incident);
    return cmd_finish(strcmp(verb, "rollback") == 0 && lost > 0 ? CMD_PARTLY : CMD_DONE);
}

static int run_rollback(int argc, char **argv)
{
    return run_verb("rollback", "incident rollback",
                    N_("Puts back the files that an incident spoiled, as they were before the first harm."),
                    argc, argv);
}

static int run_dismiss(int argc, char **argv)
{
    return run_verb("dismiss", "incident dismiss",
                    N_("A false alarm: lets the program go on, gives it back its own versions of the files,\n"
                       "and remembers the approval for this program, this user and this folder."),
                    argc, argv);
}

static int run_close(int argc, char **argv)
{
    return run_verb("close", "incident close", N_("Marks an incident as dealt with. The record of it stays."),
                    argc, argv);
}

static int run_release(int argc, char **argv)
{
    return run_verb(
        "release", "incident release",
        N_("Lets a stopped program or a shut-out computer go on, once it has been cleaned, and closes the\n"
           "incident. The files stay as they were put back; nothing is approved."),
        argc, argv);
}

int cmd_incident(int argc, char **argv)
{
    static const struct cmd_row rows[] = {
        {"list", run_list, N_("all incidents, a line each")},
        {"show", run_show, N_("one incident, told whole")},
        {"rollback", run_rollback, N_("put back the files it spoiled")},
        {"dismiss", run_dismiss, N_("it was a false alarm: undo everything")},
        {"release", run_release, N_("let the culprit go on: it has been cleaned")},
        {"close", run_close, N_("it has been dealt with")},
        {0},
    };
    return cmd_dispatch("incident", N_("What happened on this machine, and what to do about it."), rows, argc,
                        argv);
}
