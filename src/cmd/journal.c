/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * beffroi journal show|verify: reads the journal's files itself, so that it works when the guard does not run
 * and on a copy.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/commands.h"
#include "journal/field.h"
#include "journal/incidents.h"
#include "journal/journal.h"
#include "journal/verify.h"

#define STATE_DEFAULT "/var/lib/beffroi"

/* The journal's folder, opened, or a negative error. */
static int open_journal(const char *state)
{
    char *path MEM_AUTO = path_join(state, "journal");
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    int err = err_sys(_("cannot open the journal %s"), path);
    return err_hint(err, err == ERR_PERMISSION ? _("only administrators may read it: use sudo")
                                               : _("name the guard's state folder with: --state DIR"));
}

/* ---- show ---- */

struct show {
    bool json;
    int64_t incident; /* 0: all */
    int64_t since_ns;
    bool first; /* nothing was printed yet */
};

static const char *text_of(const json_t *root, const char *group, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(root, group), key));
    return text ? text : "";
}

/* Who: the program, its process, the user, the client, as far as the entry says. */
static void put_who(const json_t *root)
{
    const char *exe = text_of(root, "process", "executable"), *ip = text_of(root, "source", "ip");
    const char *user = text_of(root, "user", "name");
    json_int_t pid = json_integer_value(json_object_get(json_object_get(root, "process"), "pid"));
    if (!*user)
        user = text_of(root, "user", "id");
    if (*exe || pid)
        printf("  ");
    cmd_put(stdout, path_base(exe), false);
    if (pid)
        printf("[%lld]", (long long)pid);
    if (*user) {
        printf(_("  user "));
        cmd_put(stdout, user, false);
    }
    if (*ip) {
        printf(_("  client "));
        cmd_put(stdout, ip, false);
    }
}

static void show_line(uint64_t index, const json_t *root)
{
    char when[CMD_TEXT_SIZE];
    const json_t *exact = json_object_get(root, "beffroi");
    cmd_time(field_get_time(root, "@timestamp"), when);
    printf("%6llu  %s  ", (unsigned long long)index, when);
    const char *kind = text_of(root, "beffroi", "kind"), *action = text_of(root, "event", "action");
    cmd_put(stdout, *kind ? kind : "?", false);
    if (*action && strcmp(action, kind) != 0) {
        printf(" ");
        cmd_put(stdout, action, false);
    }
    const char *result = text_of(root, "beffroi", "result");
    if (*result) {
        printf(" ");
        cmd_put(stdout, result, false);
    }
    uint32_t incident = field_get_u32(exact, "incident");
    if (incident)
        printf(_("  incident %u"), incident);
    put_who(root);
    const char *path = text_of(root, "file", "path"), *reason = text_of(root, "event", "reason");
    if (*path) {
        printf("  ");
        cmd_put(stdout, path, false);
    }
    if (*reason) {
        printf("  ");
        cmd_put(stdout, reason, false);
    }
    printf("\n");
}

/* The entry with its number, as one line of the array. */
static void show_json(struct show *show, uint64_t index, json_t *root)
{
    json_object_set_new(root, "index", json_integer((json_int_t)index));
    printf("%s", show->first ? "[\n" : ",\n");
    json_dumpf(root, stdout, JSON_COMPACT);
}

static int show_entry(void *self, uint64_t index, const char *text, size_t length)
{
    struct show *show = self;
    json_t *root = json_loadb(text, length, 0, NULL);
    if (!json_is_object(root)) {
        json_decref(root);
        root = json_pack("{s:{s:s}}", "event", "reason", _("(not readable: see beffroi journal verify)"));
    }
    bool wanted = field_get_time(root, "@timestamp") >= show->since_ns;
    if (show->incident)
        wanted = wanted && field_get_u32(json_object_get(root, "beffroi"), "incident") == show->incident;
    if (wanted && show->json)
        show_json(show, index, root);
    else if (wanted)
        show_line(index, root);
    show->first = show->first && !wanted;
    json_decref(root);
    return ferror(stdout) ? ERR_CLOSED : 0;
}

/* A time, or a length of time back from now. */
static int parse_since(const char *text, int64_t *out)
{
    int64_t back;
    if (duration_parse(text, &back) == 0) {
        *out = clock_system.wall_ns(NULL) - back;
        return 0;
    }
    int err = time_parse(text, out);
    return err ? err_hint(err, _("or say how far back: 90s, 15m, 24h, 7d")) : 0;
}

static int show_run(int argc, char **argv)
{
    const char *state = STATE_DEFAULT, *since = NULL;
    struct show show = {.first = true};
    const struct opt options[] = {
        {"incident", 'i', OPT_NUMBER, &show.incident, N_("NUMBER"), N_("only what belongs to this incident")},
        {"since", 's', OPT_STRING, &since, N_("TIME"),
         N_("only from this time on (2026-11-22T16:54:00Z),\nor so long back (90s, 15m, 24h, 7d)")},
        {"json", 0, OPT_FLAG, &show.json, NULL, N_("print the entries themselves, as a JSON array")},
        {"state", 0, OPT_STRING, &state, N_("DIR"), N_("the guard's state folder; default /var/lib/beffroi")},
        {0},
    };
    static const char summary[] = N_("Shows what was detected, decided and done, entry by entry.");
    const struct opt_command command = {"journal show", "", summary, options, 0, 0};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? cmd_finish(CMD_DONE) : CMD_USAGE;
    if (since && parse_since(since, &show.since_ns) != 0) {
        cmd_fail(ERR_INVALID);
        return CMD_USAGE;
    }
    int folder FD_AUTO = open_journal(state);
    if (folder < 0)
        return cmd_fail(folder);
    int err = journal_read(folder, 0, show_entry, &show);
    if (show.json)
        printf("%s]\n", show.first ? "[" : "\n");
    if (err && ferror(stdout))
        return cmd_finish(CMD_DONE);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT)
        err_hint(err, _("see what is wrong with: beffroi journal verify"));
    return err ? cmd_fail(err) : cmd_finish(CMD_DONE);
}

/* ---- verify ---- */

struct verify {
    bool json;
    const char *state, *key_file, *remember;
    char *remember_path; /* owned */
    struct note_key key;
    bool has_remembered;
    struct buf remembered;
    struct verify_report report;
};

/* $XDG_STATE_HOME/beffroi/checkpoint-ORIGIN, with "_" for what cannot stand in a file name. It belongs to the
 * person who checks, not to the machine's journal. */
static int default_remember(struct verify *v)
{
    const char *base = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if ((!base || *base != '/') && (!home || *home != '/'))
        return err_hint(err_set(ERR_INVALID, _("there is no home folder to remember the checkpoint in")),
                        _("name a file with: --remember FILE"));
    char *folder MEM_AUTO =
        base && *base == '/' ? path_join(base, "beffroi") : path_join(home, ".local/state/beffroi");
    char *name MEM_AUTO = mem_printf("checkpoint-%s", v->key.name);
    for (char *at = name; *at; at++)
        if (*at == '/')
            *at = '_';
    v->remember_path = path_join(folder, name);
    return path_make_folders(folder, 0700);
}

static int load_key(struct verify *v, int folder)
{
    if (!v->key_file)
        return journal_public_key(folder, &v->key);
    struct buf text BUF_AUTO;
    buf_init(&text, 1024);
    int err = fd_read_file(AT_FDCWD, v->key_file, &text);
    if (!err)
        err = note_key_parse((const char *)text.data, text.length, &v->key);
    return err ? err_in(err, "%s", v->key_file) : 0;
}

static int load_remembered(struct verify *v)
{
    int err = 0;
    if (v->remember)
        v->remember_path = mem_strdup(v->remember);
    else
        err = default_remember(v);
    if (!err)
        err = fd_read_file(AT_FDCWD, v->remember_path, &v->remembered);
    v->has_remembered = !err;
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* Keeps the checkpoint that was just found right. */
static int save_remembered(struct verify *v, int folder)
{
    struct checkpoint checkpoint;
    struct buf note BUF_AUTO;
    buf_init(&note, NOTE_MAX_BYTES);
    int err = journal_checkpoint(folder, &v->key, &checkpoint, &note);
    /* The guard may have gone on meanwhile: the next time checks what it added. */
    if (err || checkpoint.size < v->report.size)
        return err;
    const char *name = path_base(v->remember_path);
    char *parent MEM_AUTO = mem_strdup(v->remember_path);
    parent[name - v->remember_path] = '\0';
    int at FD_AUTO = open(*parent ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return err_sys(_("cannot remember the checkpoint in %s"), v->remember_path);
    return durable_write(at, name, note.data, note.length, 0600);
}

static json_t *finding_to_json(const struct finding *finding)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(finding_name(finding->kind)));
    json_object_set_new(object, "warning", json_boolean(finding->warning));
    bool named = finding->first != UINT64_MAX;
    json_object_set_new(object, "entry", named ? json_integer((json_int_t)finding->first) : json_null());
    named = named && finding->last != UINT64_MAX;
    json_object_set_new(object, "last_entry", named ? json_integer((json_int_t)finding->last) : json_null());
    json_object_set_new(object, "text", field_lossy(finding->text));
    return object;
}

static void print_json(const struct verify *v)
{
    const struct verify_report *report = &v->report;
    json_t *object = json_object(), *findings = json_array();
    json_object_set_new(object, "intact", json_boolean(report->damages == 0));
    json_object_set_new(object, "origin", json_string(report->origin));
    json_object_set_new(object, "entries", json_integer((json_int_t)report->size));
    json_object_set_new(object, "checked", json_integer((json_int_t)report->checked));
    json_object_set_new(object, "compared", json_boolean(report->compared));
    json_object_set_new(object, "remember", field_lossy(v->remember_path));
    for (size_t i = 0; i < report->count; i++)
        json_array_append_new(findings, finding_to_json(&report->findings[i]));
    json_object_set_new(object, "findings", findings);
    json_object_set_new(object, "more", json_integer((json_int_t)report->more));
    json_dumpf(object, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(object);
}

static void print_findings(const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct finding *finding = &report->findings[i];
        enum cmd_color color = finding->warning ? CMD_YELLOW : CMD_RED;
        printf("%s%s%s ", cmd_color(stdout, color), finding->warning ? _("warning:") : _("DAMAGED:"),
               cmd_color(stdout, CMD_PLAIN));
        cmd_put(stdout, finding->text, false);
        printf("\n");
    }
    if (report->more)
        printf(P_("and %zu more\n", "and %zu more\n", report->more), report->more);
}

static void print_report(const struct verify *v)
{
    const struct verify_report *report = &v->report;
    print_findings(report);
    if (report->damages) {
        printf(_("The journal is NOT as it was signed: of %llu entries, %llu fit their hashes. Keep a copy "
                 "of the "
                 "folder "
                 "as evidence.\n"),
               (unsigned long long)report->size, (unsigned long long)report->checked);
        return;
    }
    printf(P_("The journal %s is intact: %llu entry, signed by %s+%08x.\n",
              "The journal %s is intact: %llu entries, signed by %s+%08x.\n", report->size),
           report->origin, (unsigned long long)report->size, v->key.name, v->key.id);
    if (report->compared)
        printf(_("It continues the one seen before (%s).\n"), v->remember_path);
    else
        printf(_("No checkpoint was remembered yet; this one is now, in %s.\n"), v->remember_path);
}

static int verify(struct verify *v)
{
    int folder FD_AUTO = open_journal(v->state);
    int err = folder < 0 ? folder : load_key(v, folder);
    if (!err)
        err = load_remembered(v);
    if (!err)
        err = journal_verify(folder, &v->key, v->has_remembered ? buf_string(&v->remembered) : NULL,
                             v->remembered.length, &v->report);
    if (!err && !v->report.damages)
        err = save_remembered(v, folder);
    if (err)
        return cmd_fail(err);
    if (v->json)
        print_json(v);
    else
        print_report(v);
    return cmd_finish(v->report.damages ? CMD_FAILED : CMD_DONE);
}

static int verify_run(int argc, char **argv)
{
    struct verify v = {.state = STATE_DEFAULT};
    const struct opt options[] = {
        {"remember", 0, OPT_STRING, &v.remember, N_("FILE"),
         N_("where the last checkpoint seen is kept; default\n~/.local/state/beffroi/checkpoint-NAME")},
        {"key", 0, OPT_STRING, &v.key_file, N_("FILE"),
         N_("the journal's public key; default key.pub in the journal")},
        {"json", 0, OPT_FLAG, &v.json, NULL, N_("print JSON, for programs")},
        {"state", 0, OPT_STRING, &v.state, N_("DIR"),
         N_("the guard's state folder; default /var/lib/beffroi")},
        {0},
    };
    static const char summary[] =
        N_("Checks that no entry was changed, removed or added since it was signed.");
    const struct opt_command command = {"journal verify", "", summary, options, 0, 0};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? cmd_finish(CMD_DONE) : CMD_USAGE;
    buf_init(&v.remembered, NOTE_MAX_BYTES);
    int code = verify(&v);
    buf_free(&v.remembered);
    free(v.remember_path);
    verify_report_free(&v.report);
    return code;
}

int cmd_journal(int argc, char **argv)
{
    static const struct cmd_row rows[] = {
        {"show", show_run, N_("what was detected, decided and done")},
        {"verify", verify_run, N_("whether the record is as it was signed")},
        {0},
    };
    return cmd_dispatch("journal", N_("The signed record of all that happened."), rows, argc, argv);
}
