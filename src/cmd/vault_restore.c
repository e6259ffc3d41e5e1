/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault restore
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "cmd/vault_line.h"
#include "cmd/vault_lists.h"
#include "vault/restore.h"

struct view {
    bool json, quiet;
    struct vault_line line;
};

static void show_problem(void *context, const char *path, int err)
{
    const struct view *view = context;
    (void)err;
    vault_common_problem(path, "restore", view->json, view->line.terminal);
}

static void show_progress(void *context, const struct vault_restore_progress *progress)
{
    struct view *view = context;
    if (view->json || !vault_line_due(&view->line))
        return;
    char size[VAULT_SIZE_TEXT];
    char *what MEM_AUTO = mem_printf(_("%llu files, %s"), (unsigned long long)progress->files,
                                     vault_common_size(progress->bytes, size));
    vault_line_show(&view->line, what, -1, progress->bytes, NULL);
}

static void show_json_summary(const struct vault_restore_result *result)
{
    uint64_t made = result->files + result->folders + result->others;
    printf("{\"message_type\":\"summary\",\"total_files\":%llu,\"files_restored\":%llu",
           (unsigned long long)(made + result->skipped), (unsigned long long)made);
    if (result->skipped)
        printf(",\"files_skipped\":%llu", (unsigned long long)result->skipped);
    if (result->deleted)
        printf(",\"files_deleted\":%llu", (unsigned long long)result->deleted);
    printf(",\"total_bytes\":%llu,\"bytes_restored\":%llu",
           (unsigned long long)(result->bytes + result->bytes_skipped), (unsigned long long)result->bytes);
    if (result->bytes_skipped)
        printf(",\"bytes_skipped\":%llu", (unsigned long long)result->bytes_skipped);
    printf("}\n");
}

static void show_summary(const struct vault_restore_options *options,
                         const struct vault_restore_result *result)
{
    char size[VAULT_SIZE_TEXT];
    printf(_("restored %llu files, %llu folders, %llu others, %s from snapshot %.8s to %s\n"),
           (unsigned long long)result->files, (unsigned long long)result->folders,
           (unsigned long long)result->others, vault_common_size(result->bytes, size), result->snapshot,
           options->target);
    if (result->skipped)
        printf(P_("%llu file was right or was to stay (%s)\n", "%llu files were right or were to stay (%s)\n",
                  result->skipped),
               (unsigned long long)result->skipped, vault_common_size(result->bytes_skipped, size));
    if (result->deleted)
        printf(P_("%llu thing that the snapshot does not have was deleted\n",
                  "%llu things that the snapshot does not have were deleted\n", result->deleted),
               (unsigned long long)result->deleted);
    if (options->dry_run)
        printf("%s\n", _("nothing was changed (--dry-run)"));
}

static int run(const struct vault_place *place, struct vault_restore_options *options, struct view *view)
{
    struct vault *vault;
    struct vault_restore_result result;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    vault_line_begin(&view->line, view->quiet, view->json);
    options->context = view;
    options->on_problem = show_problem;
    options->on_progress = show_progress;
    err = vault_restore(vault, options, &result);
    vault_line_end(&view->line);
    bool done = !err || err == ERR_PARTIAL;
    if (done && view->json)
        show_json_summary(&result);
    else if (done && !view->quiet)
        show_summary(options, &result);
    int code = err ? cmd_fail(err) : 0;
    vault_close(vault);
    return code;
}

static int parse_overwrite(const char *text, enum vault_overwrite *out)
{
    static const char *const words[] = {"always", "if-changed", "if-newer", "never"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], text) == 0) {
            *out = (enum vault_overwrite)i;
            return 0;
        }
    return err_set(ERR_INVALID, _("--overwrite wants always, if-changed, if-newer or never, not \"%s\""),
                   text);
}

/* Deleting whatever a snapshot does not have would take the whole machine away. */
static int check_delete(const struct vault_restore_options *options)
{
    if (!options->delete_others || options->includes.count > 0 ||
        strspn(options->target, "/") != strlen(options->target))
        return 0;
    return err_hint(err_set(ERR_INVALID, _("--delete with --target / would empty the machine")),
                    _("say with --include which folder is meant"));
}

int cmd_vault_restore(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_restore_options restore = {0};
    struct vault_patterns includes = {0}, excludes = {0};
    struct vault_filter_words words = {0};
    struct view view = {0};
    const char *overwrite = "always";
    bool sparse = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"target", 't', OPT_STRING, &restore.target, N_("DIR"),
         N_("where to put the files (made if missing)")},
        VAULT_INCLUDE_ROWS(includes),
        VAULT_EXCLUDE_ROWS(excludes),
        {"overwrite", 0, OPT_STRING, &overwrite, N_("WHEN"),
         N_("what becomes of files that are there: always (only what\ndiffers is written, the default), "
            "if-changed (those of the\nsame size and time are not read), if-newer, never")},
        {"delete", 0, OPT_FLAG, &restore.delete_others, NULL,
         N_("delete what is there and not in the snapshot")},
        {"dry-run", 'n', OPT_FLAG, &restore.dry_run, NULL, N_("change nothing, tell what would be done")},
        {"verify", 0, OPT_FLAG, &restore.verify, NULL, N_("read every file again and compare")},
        VAULT_LATEST_ROWS(words),
        {"no-lock", 0, OPT_FLAG, &restore.no_lock, NULL, N_("do not lock the repository")},
        {"sparse", 0, OPT_FLAG, &sparse, NULL, NULL}, /* restic's: zeros become holes in any case */
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print problems only")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print messages as JSON, one per line")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault restore",
        .operands = N_("SNAPSHOT[:FOLDER]"),
        .summary = N_("Puts the files of a snapshot (an ID or \"latest\") into a folder."),
        .options = options,
        .least = 1,
        .most = 1};
    int operands, code;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO) {
        code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    } else if (!restore.target || !*restore.target) {
        fprintf(stderr, _("beffroi vault restore: say where to with --target DIR\n"));
        code = 2;
    } else {
        restore.snapshot = argv[1];
        restore.filter = vault_common_filter(&words);
        int err = vault_patterns_compile(&includes, &restore.includes);
        if (!err)
            err = vault_patterns_compile(&excludes, &restore.excludes);
        if (!err)
            err = parse_overwrite(overwrite, &restore.overwrite);
        if (!err)
            err = check_delete(&restore);
        code = CMD_USAGE;
        if (err)
            cmd_fail(err);
        else
            code = run(&place, &restore, &view);
    }
    match_free(&restore.includes);
    match_free(&restore.excludes);
    vault_patterns_free(&includes);
    vault_patterns_free(&excludes);
    vault_common_filter_free(&words);
    return code;
}
