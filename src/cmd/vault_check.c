/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault check
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "cmd/vault_line.h"
#include "vault/check.h"
#include "vault/gojson.h"
#include "vault/guarded.h"

struct view {
    bool json, quiet;
    struct vault_line line;
};

static void show_finding(void *context, enum vault_finding kind, const char *text)
{
    const struct view *view = context;
    bool damage = kind == VAULT_FINDING_DAMAGE;
    if (!view->json) {
        fprintf(stderr, "%s%s: %s\n", view->line.terminal ? "\r\033[K" : "", damage ? _("damage") : _("note"),
                text);
        return;
    }
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    buf_printf(&out, "{\"message_type\":\"%s\",\"message\":", damage ? "error" : "note");
    gojson_put_text(&out, text);
    buf_printf(&out, "}");
    fprintf(stderr, "%s\n", buf_string(&out));
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    struct view *view = context;
    if (view->json || !vault_line_due(&view->line))
        return;
    char *what MEM_AUTO =
        mem_printf(_("%llu of %llu packs read"), (unsigned long long)done, (unsigned long long)total);
    vault_line_show(&view->line, what, (double)done / (double)total, 0, NULL);
}

static void show_summary(const struct view *view, const struct vault_check_result *result)
{
    char size[VAULT_SIZE_TEXT];
    if (view->json)
        printf("{\"message_type\":\"summary\",\"num_errors\":%llu,\"broken_packs\":null,\"suggest_repair_"
               "index\":false,"
               "\"suggest_prune\":%s}\n",
               (unsigned long long)result->damages, result->notes ? "true" : "false");
    else if (!view->quiet)
        printf(_("looked at %llu snapshots, %llu folders, %llu blobs, %llu packs (%s read): %s\n"),
               (unsigned long long)result->snapshots, (unsigned long long)result->trees,
               (unsigned long long)result->blobs, (unsigned long long)result->packs,
               vault_common_size(result->bytes_read, size), result->damages ? _("damage") : _("no damage"));
}

/* "2/5", "10%" or a size. */
static int parse_subset(const char *text, struct vault_check_options *out)
{
    char *end;
    unsigned long part = strtoul(text, &end, 10), parts = 0;
    out->read_data = true;
    if (isdigit((unsigned char)*text) && *end == '/' && isdigit((unsigned char)end[1])) {
        parts = strtoul(end + 1, &end, 10);
        out->part = (unsigned)part;
        out->parts = (unsigned)parts;
        return !*end && part >= 1 && part <= parts && parts <= 256
                   ? 0
                   : err_set(ERR_INVALID,
                             _("--read-data-subset %s: N/T wants N from 1 to T, and T at most 256"), text);
    }
    out->percent = strtod(text, &end);
    if (isdigit((unsigned char)*text) && strcmp(end, "%") == 0)
        return out->percent > 0 && out->percent <= 100
                   ? 0
                   : err_set(ERR_INVALID, _("--read-data-subset %s: more than 0%%, and at most 100%%"), text);
    out->percent = 0;
    int err = vault_common_parse_size(text, &out->most_bytes);
    return !err && out->most_bytes == 0 ? err_set(ERR_INVALID, _("\"%s\" is not a size"), text) : err;
}

/* A check is to see what the repository has, not what this machine has kept of it: as restic, it has a cache
 * of its own while it runs, so that it asks for a pack of folders once and not for each folder. */
static char *own_cache(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/beffroi-check-XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(folder)) {
        vault_remote.cache = folder;
        return folder;
    }
    vault_remote.no_cache = true;
    free(folder);
    return NULL;
}

static void remove_own_cache(char *folder)
{
    if (folder)
        (void)path_remove_tree(AT_FDCWD, folder);
    free(folder);
}

int cmd_vault_check(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_check_options check = {.on_finding = show_finding, .on_progress = show_progress};
    struct vault_check_result result;
    struct view view = {0};
    const char *subset = NULL;
    bool cache = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"read-data", 0, OPT_FLAG, &check.read_data, NULL, N_("read every byte, not the structure alone")},
        {"read-data-subset", 0, OPT_STRING, &subset, N_("SUBSET"),
         N_("read a part: \"2/5\", the second of five; \"10%\" or\n\"5G\", as much, by chance")},
        {"with-cache", 0, OPT_FLAG, &cache, NULL,
         N_("believe what this machine keeps of a remote repository")},
        {"no-lock", 0, OPT_FLAG, &check.no_lock, NULL, N_("do not lock the repository")},
        {"quiet", 'q', OPT_FLAG, &view.quiet, NULL, N_("print findings only")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print messages as JSON, one per line")},
        {0},
    };
    const struct opt_command command = {.name = "vault check",
                                        .operands = "",
                                        .summary = N_("Looks for damage in the repository."),
                                        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? 0 : 2;
    struct vault *vault;
    int err = subset ? parse_subset(subset, &check) : 0;
    if (err) {
        cmd_fail(err);
        return CMD_USAGE;
    }
    char *folder = cache || vault_remote.no_cache ? NULL : own_cache();
    err = vault_common_open(&place, &vault);
    if (err) {
        remove_own_cache(folder);
        return cmd_fail(err);
    }
    vault_line_begin(&view.line, view.quiet, view.json);
    check.context = &view;
    err = vault_check(vault, &check, &result);
    vault_line_end(&view.line);
    if (!err || (err == ERR_CORRUPT && result.damages))
        show_summary(&view, &result);
    int code = err ? cmd_fail(err) : 0;
    if (vault_prove_lock(vault) != 0)
        code = cmd_fail(ERR_UNSUPPORTED);
    vault_close(vault);
    remove_own_cache(folder);
    return code;
}
