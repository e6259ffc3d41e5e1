/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault backup
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/command_pipe.h"
#include "cmd/vault_backup_view.h"
#include "cmd/vault_common.h"
#include "cmd/vault_lists.h"
#include "vault/source.h"

/* The command line as it was given. */
struct wish {
    struct vault_place place;
    struct vault_patterns excludes;
    struct opt_list marks, tags, globs, lines, nuls;
    const char *larger, *time, *parent, *group_by, *stdin_name;
    bool caches, force, from_stdin, from_command, no_scan;
    int64_t readers;
};

/* What vault_backup takes, and what has to be freed behind it. */
struct plan {
    struct vault_backup_options options;
    struct vault_texts paths, tags;
    char **command; /* to save the output of, or NULL */
    struct command_pipe pipe;
    struct vault_backup_stream stream;
    char *stream_path;
};

/* restic takes several tags in one word, "a,b". */
static void split_tags(const struct opt_list *given, struct vault_texts *out)
{
    for (size_t i = 0; i < given->count; i++) {
        char *copy MEM_AUTO = mem_strdup(given->items[i]);
        char *rest = copy, *tag;
        while ((tag = strsep(&rest, ",")))
            if (*tag)
                vault_texts_add(out, tag);
    }
}

static int plan_leaveout(const struct wish *wish, struct leaveout *out)
{
    int err = vault_patterns_compile(&wish->excludes, &out->patterns);
    for (size_t i = 0; !err && i < wish->marks.count; i++)
        err = leaveout_add_mark(out, wish->marks.items[i]);
    if (!err && wish->caches)
        err = leaveout_add_mark(out, LEAVEOUT_CACHES);
    if (!err && wish->larger)
        err = vault_common_parse_size(wish->larger, &out->largest);
    return err;
}

static int plan_paths(const struct wish *wish, char *const *operands, size_t count, struct plan *plan)
{
    int err = vault_lists_read(&wish->globs, VAULT_LIST_GLOBS, &plan->paths);
    if (!err)
        err = vault_lists_read(&wish->lines, VAULT_LIST_LINES, &plan->paths);
    if (!err)
        err = vault_lists_read(&wish->nuls, VAULT_LIST_NULS, &plan->paths);
    for (size_t i = 0; !err && i < count; i++)
        vault_texts_add(&plan->paths, operands[i]);
    if (!err && plan->paths.count == 0)
        err = err_hint(err_set(ERR_INVALID, _("no path to save")),
                       _("name files or folders, or a list of them with --files-from"));
    plan->options.paths = (const char *const *)plan->paths.items;
    plan->options.path_count = plan->paths.count;
    return err;
}

static int plan_stream(const struct wish *wish, char **operands, size_t count, struct plan *plan)
{
    bool lists = wish->globs.count + wish->lines.count + wish->nuls.count > 0;
    if (lists || (wish->from_stdin && count > 0))
        return err_set(ERR_INVALID, _("standard input and paths cannot be saved in one snapshot"));
    if (wish->from_stdin && wish->from_command)
        return err_set(ERR_INVALID, _("either --stdin or --stdin-from-command"));
    if (wish->from_command && count == 0)
        return err_set(ERR_INVALID, _("--stdin-from-command wants a command: -- COMMAND [ARGUMENT...]"));
    char *rooted MEM_AUTO = mem_printf("/%s", wish->stdin_name);
    plan->stream_path = source_absolute(rooted);
    plan->stream = (struct vault_backup_stream){.fd = STDIN_FILENO, .path = plan->stream_path};
    plan->options.stream = &plan->stream;
    if (!wish->from_command)
        return 0;
    operands[count] = NULL; /* argv[argc] is NULL itself, so there is room */
    plan->command = operands;
    plan->stream.end = command_pipe_end;
    plan->stream.self = &plan->pipe;
    return 0;
}

static int understand(const struct wish *wish, char **operands, size_t count, struct plan *plan)
{
    struct vault_backup_options *options = &plan->options;
    int err = wish->time ? vault_common_parse_time(wish->time, &options->time_ns) : 0;
    if (!err)
        err = plan_leaveout(wish, &options->leaveout);
    if (!err && wish->group_by) {
        options->parent_by_given = true;
        err = vault_common_parse_groups(wish->group_by, &options->parent_by);
    }
    split_tags(&wish->tags, &plan->tags);
    options->tags = (struct vault_backup_texts){(const char *const *)plan->tags.items, plan->tags.count};
    options->excludes = (struct vault_backup_texts){wish->excludes.exact.items, wish->excludes.exact.count};
    options->parent = wish->force ? "" : wish->parent;
    if (err)
        return err;
    return wish->from_stdin || wish->from_command ? plan_stream(wish, operands, count, plan)
                                                  : plan_paths(wish, operands, count, plan);
}

/* The command is started when the repository is open: until then it would wait, with what it holds. */
static int save_plan(struct vault *vault, struct plan *plan, struct vault_backup_result *result)
{
    int err = plan->command ? command_pipe_open(&plan->pipe, plan->command) : 0;
    if (plan->command)
        plan->stream.fd = plan->pipe.fd;
    return err ? err : vault_backup(vault, &plan->options, result);
}

static int save(const struct vault_place *place, struct plan *plan, struct backup_view *view)
{
    struct vault *vault;
    struct vault_backup_result result;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    backup_view_begin(view);
    plan->options.context = view;
    plan->options.on_problem = backup_view_problem;
    plan->options.on_progress = backup_view_progress;
    err = save_plan(vault, plan, &result);
    backup_view_end(view, !err || err == ERR_PARTIAL ? &result : NULL);
    int code = err ? cmd_fail(err) : 0;
    vault_close(vault);
    return code;
}

static void free_all(struct wish *wish, struct plan *plan)
{
    leaveout_free(&plan->options.leaveout);
    command_pipe_close(&plan->pipe);
    vault_texts_free(&plan->paths);
    vault_texts_free(&plan->tags);
    free(plan->stream_path);
    vault_patterns_free(&wish->excludes);
    struct opt_list *lists[] = {&wish->marks, &wish->tags, &wish->globs, &wish->lines, &wish->nuls};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        opt_list_free(lists[i]);
}

int cmd_vault_backup(int argc, char **argv)
{
    struct wish wish = {.stdin_name = "stdin"};
    struct plan plan = {.pipe = {.fd = -1, .pid = -1}};
    struct vault_backup_options *backup = &plan.options;
    struct backup_view view = {0};
    backup->hostname = getenv("RESTIC_HOST");
    const struct opt options[] = {
        VAULT_PLACE_ROWS(wish.place),
        VAULT_EXCLUDE_ROWS(wish.excludes),
        {"exclude-caches", 0, OPT_FLAG, &wish.caches, NULL,
         N_("leave out caches (folders with a CACHEDIR.TAG)")},
        {"exclude-if-present", 0, OPT_LIST, &wish.marks, N_("NAME[:HEADER]"),
         N_("of folders with such a file, save that file alone\n(may be repeated)")},
        {"exclude-larger-than", 0, OPT_STRING, &wish.larger, N_("SIZE"), N_("leave out larger files")},
        {"one-file-system", 'x', OPT_FLAG, &backup->leaveout.one_file_system, NULL,
         N_("leave out other file systems")},
        {"files-from", 0, OPT_LIST, &wish.globs, N_("FILE"), N_("save what the lines of FILE match, too")},
        {"files-from-verbatim", 0, OPT_LIST, &wish.lines, N_("FILE"),
         N_("save the paths that are the lines of FILE, too")},
        {"files-from-raw", 0, OPT_LIST, &wish.nuls, N_("FILE"), N_("the same; NUL ends each path")},
        {"stdin", 0, OPT_FLAG, &wish.from_stdin, NULL, N_("save standard input")},
        {"stdin-from-command", 0, OPT_FLAG, &wish.from_command, NULL,
         N_("save what a command writes; if it fails, there is\nno snapshot")},
        {"stdin-filename", 0, OPT_STRING, &wish.stdin_name, N_("NAME"),
         N_("the name of either in the snapshot (default: stdin)")},
        {"tag", 0, OPT_LIST, &wish.tags, N_("TAG[,TAG...]"), N_("mark the snapshot (may be repeated)")},
        {"host", 'H', OPT_STRING, &backup->hostname, N_("NAME"), N_("the host name in the snapshot")},
        {"time", 0, OPT_STRING, &wish.time, N_("TIME"),
         N_("the time in the snapshot (\"2026-11-22 16:54:00\")")},
        {"parent", 0, OPT_STRING, &wish.parent, N_("ID"), N_("compare with this snapshot")},
        {"group-by", 'g', OPT_STRING, &wish.group_by, N_("WHAT"),
         N_("compare with the last snapshot of the same host, paths\nand/or tags (default: host,paths)")},
        {"force", 'f', OPT_FLAG, &wish.force, NULL, N_("read all files, also those that seem unchanged")},
        {"ignore-ctime", 0, OPT_FLAG, &backup->ignore_ctime, NULL,
         N_("a file with another change time alone is unchanged")},
        {"ignore-inode", 0, OPT_FLAG, &backup->ignore_inode, NULL,
         N_("the same, and with another inode number")},
        {"with-atime", 0, OPT_FLAG, &backup->with_atime, NULL, N_("keep the time of last access, too")},
        {"skip-if-unchanged", 0, OPT_FLAG, &backup->skip_if_unchanged, NULL,
         N_("make no snapshot when nothing changed")},
        {"dry-run", 'n', OPT_FLAG, &backup->dry_run, NULL, N_("read and count, store nothing")},
        VAULT_PACKING_ROWS(wish.place),
        /* restic's, of no effect: there is no scan before, and how many files are read at once is ours. */
        {"no-scan", 0, OPT_FLAG, &wish.no_scan, NULL, NULL},
        {"read-concurrency", 0, OPT_NUMBER, &wish.readers, NULL, NULL},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print problems only")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print messages as JSON, one per line")},
        {0},
    };
    const struct opt_command command = {.name = "vault backup",
                                        .operands = N_("PATH..."),
                                        .summary = N_("Saves files and folders in a new snapshot."),
                                        .options = options,
                                        .least = 0,
                                        .most = -1};
    int operands, code, err;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO) {
        code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    } else if ((err = understand(&wish, argv + 1, (size_t)operands, &plan))) {
        cmd_fail(err);
        code = err == ERR_INVALID ? CMD_USAGE : CMD_FAILED;
    } else {
        code = save(&wish.place, &plan, &view);
    }
    free_all(&wish, &plan);
    return code;
}
