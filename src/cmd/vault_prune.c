/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault prune
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
#include "cmd/vault_line.h"
#include "vault/prune.h"

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    struct vault_line *line = context;
    if (!vault_line_due(line))
        return;
    char *what MEM_AUTO =
        mem_printf(_("%llu of %llu packs packed anew"), (unsigned long long)done, (unsigned long long)total);
    vault_line_show(line, what, (double)done / (double)total, 0, NULL);
}

static void show_count(const char *label, const struct vault_count *count)
{
    char size[VAULT_SIZE_TEXT];
    printf("%s%10llu / %s\n", label, (unsigned long long)count->blobs, vault_common_size(count->bytes, size));
}

static void show_result(const struct vault_prune_result *r, bool dry_run)
{
    char size[VAULT_SIZE_TEXT];
    show_count(_("in use:        "), &r->used);
    show_count(_("not in use:    "), &r->unused);
    show_count(_("packed anew:   "), &r->repacked);
    show_count(_("removed:       "), &r->removed);
    show_count(_("left unused:   "), &r->wasted);
    if (r->unindexed_packs)
        printf(P_("%llu pack that no index names (%s) is removed\n",
                  "%llu packs that no index names (%s) are removed\n", r->unindexed_packs),
               (unsigned long long)r->unindexed_packs, vault_common_size(r->unindexed_bytes, size));
    printf(_("packs: %llu kept, %llu packed anew, %llu removed\n"), (unsigned long long)r->packs_kept,
           (unsigned long long)r->packs_repacked, (unsigned long long)r->packs_removed);
    if (dry_run)
        printf("%s\n", _("nothing was changed (--dry-run)"));
}

/* "unlimited", "5%" or a size. */
static int parse_unused(const char *text, struct vault_prune_options *out)
{
    char *end;
    if (strcmp(text, "unlimited") == 0) {
        out->unused_kind = VAULT_UNUSED_UNLIMITED;
        return 0;
    }
    out->unused_percent = strtod(text, &end);
    if (*text >= '0' && *text <= '9' && strcmp(end, "%") == 0) {
        out->unused_kind = VAULT_UNUSED_PERCENT;
        return out->unused_percent < 100
                   ? 0
                   : err_set(ERR_INVALID, _("--max-unused %s: it must be less than 100%%"), text);
    }
    out->unused_kind = VAULT_UNUSED_BYTES;
    return vault_common_parse_size(text, &out->unused_bytes);
}

int vault_prune_understand(const struct vault_prune_words *words, struct vault_prune_options *out)
{
    int err = parse_unused(words->unused ? words->unused : "5%", out);
    if (!err && words->repack)
        err = vault_common_parse_size(words->repack, &out->repack_bytes_most);
    if (!err && words->small) {
        out->repack_small = true;
        err = vault_common_parse_size(words->small, &out->small_bytes);
    }
    return err;
}

int vault_prune_show(struct vault *vault, struct vault_prune_options *prune, bool quiet)
{
    struct vault_prune_result result;
    struct vault_line line;
    vault_line_begin(&line, quiet, false);
    prune->context = &line;
    prune->on_progress = show_progress;
    int err = vault_prune(vault, prune, &result);
    vault_line_end(&line);
    if (!err && !quiet)
        show_result(&result, prune->dry_run);
    return err ? cmd_fail(err) : 0;
}

static int run(const struct vault_place *place, struct vault_prune_options *prune, bool quiet)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    int code = vault_prune_show(vault, prune, quiet);
    vault_close(vault);
    return code;
}

int cmd_vault_prune(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_prune_options prune = {0};
    struct vault_prune_words words = {0};
    bool quiet = false;
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"dry-run", 'n', OPT_FLAG, &prune.dry_run, NULL, N_("change nothing, tell what would be done")},
        VAULT_PRUNE_ROWS(prune, words),
        {"quiet", 'q', OPT_FLAG, &quiet, NULL, N_("print errors only")},
        {0},
    };
    const struct opt_command command = {.name = "vault prune",
                                        .operands = "",
                                        .summary =
                                            N_("Gives back the room of what no snapshot needs any more."),
                                        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    if (parsed != OPT_GO)
        return parsed == OPT_HELP_SHOWN ? 0 : 2;
    int err = vault_prune_understand(&words, &prune);
    return err ? cmd_fail(err) : run(&place, &prune, quiet);
}
