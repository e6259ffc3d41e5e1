/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault stats
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "cmd/cmd.h"
#include "cmd/vault_read.h"
#include "vault/choose.h"
#include "vault/stats.h"

static const char *const modes[] = {[STATS_RESTORE_SIZE] = "restore-size",
                                    [STATS_FILES_BY_CONTENTS] = "files-by-contents",
                                    [STATS_BLOBS_PER_FILE] = "blobs-per-file",
                                    [STATS_RAW_DATA] = "raw-data"};
#define MODES (sizeof modes / sizeof modes[0])

struct wish {
    const char *mode;
    struct vault_filter_words choice;
    bool json, no_lock;
};

/* What compression brings; each 0 when there is nothing to tell. */
struct ratios {
    double ratio, progress, saving;
};

static struct ratios ratios_of(const struct vault_stats *stats)
{
    struct ratios r = {0};
    if (stats->packed_bytes)
        r.ratio = (double)stats->packed_plain_bytes / (double)stats->packed_bytes;
    if (stats->plain_bytes) {
        r.progress = (double)stats->packed_plain_bytes / (double)stats->plain_bytes * 100;
        r.saving = (1 - (double)stats->bytes / (double)stats->plain_bytes) * 100;
    }
    return r;
}

static void put_number(struct buf *out, const char *key, uint64_t value)
{
    if (value)
        buf_printf(out, ",\"%s\":%llu", key, (unsigned long long)value);
}

/* With as many digits as it takes to read the same number again. */
static void put_fraction(struct buf *out, const char *key, double value)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) /* NOLINT: exactly the same is what is wanted */
            break;
    }
    for (char *at = text; *at; at++)
        *at = *at == ',' ? '.' : *at; /* whatever the locale writes */
    if (value > 0 || value < 0)
        buf_printf(out, ",\"%s\":%s", key, text);
}

static void print_json(const struct vault_stats *stats)
{
    const struct ratios r = ratios_of(stats);
    struct buf out BUF_AUTO;
    buf_init(&out, 0);
    buf_printf(&out, "{\"total_size\":%llu", (unsigned long long)stats->bytes);
    put_number(&out, "total_uncompressed_size", stats->plain_bytes);
    put_fraction(&out, "compression_ratio", r.ratio);
    put_fraction(&out, "compression_progress", r.progress);
    put_fraction(&out, "compression_space_saving", r.saving);
    put_number(&out, "total_file_count", stats->files);
    put_number(&out, "total_blob_count", stats->blobs);
    buf_printf(&out, ",\"snapshots_count\":%llu}", (unsigned long long)stats->snapshots);
    vault_common_print(&out);
}

static void print_result(const struct vault_stats *stats, const char *mode)
{
    char size[VAULT_SIZE_TEXT];
    const struct ratios r = ratios_of(stats);
    printf(_("counted as %s:\n"), mode);
    printf(_("  snapshots:          %llu\n"), (unsigned long long)stats->snapshots);
    if (stats->blobs)
        printf(_("  blobs:              %llu\n"), (unsigned long long)stats->blobs);
    if (stats->files)
        printf(_("  files:              %llu\n"), (unsigned long long)stats->files);
    if (stats->plain_bytes)
        printf(_("  uncompressed:       %s\n"), vault_common_size(stats->plain_bytes, size));
    printf(_("  size:               %s\n"), vault_common_size(stats->bytes, size));
    if (r.progress > 0)
        printf(_("  of it compressed:   %.2f%%\n"), r.progress);
    if (r.ratio > 0)
        printf(_("  compressed to 1 in: %.2f\n"), r.ratio);
    if (r.saving > 0)
        printf(_("  saved:              %.2f%%\n"), r.saving);
}

static int find_mode(const char *word, enum vault_stats_mode *mode)
{
    for (size_t i = 0; i < MODES; i++)
        if (strcmp(modes[i], word) == 0) {
            *mode = (enum vault_stats_mode)i;
            return 0;
        }
    return err_hint(err_set(ERR_INVALID, _("--mode does not know \"%s\""), word),
                    _("one of: restore-size, files-by-contents, blobs-per-file, raw-data"));
}

static int run(const struct vault_place *place, const struct wish *wish, const char *const *names,
               size_t count)
{
    struct vault_reading reading = {0};
    struct snapshots list = {0};
    struct vault_stats stats;
    enum vault_stats_mode mode = STATS_RESTORE_SIZE;
    const struct snapshot_filter filter = vault_common_filter(&wish->choice);
    int err = find_mode(wish->mode, &mode);
    if (!err)
        err = vault_reading_begin(place, wish->no_lock, &reading);
    if (!err)
        err = snapshots_choose(reading.vault, &filter, names, count, &list);
    if (!err)
        err = vault_stats(reading.vault, reading.loader, &list, mode, &stats);
    if (!err && wish->json)
        print_json(&stats);
    else if (!err)
        print_result(&stats, wish->mode);
    int code = err ? cmd_fail(err) : CMD_DONE;
    snapshot_free_all(&list);
    vault_reading_end(&reading);
    return cmd_finish(code);
}

int cmd_vault_stats(int argc, char **argv)
{
    struct vault_place place = {0};
    struct wish wish = {.mode = modes[STATS_RESTORE_SIZE]};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        {"mode", 0, OPT_STRING, &wish.mode, N_("MODE"),
         N_("what to count: restore-size (default),\nfiles-by-contents, blobs-per-file or raw-data")},
        VAULT_FILTER_ROWS(wish.choice),
        VAULT_NO_LOCK_ROW(wish.no_lock),
        {"json", 0, OPT_FLAG, &wish.json, NULL, N_("print JSON")},
        {0},
    };
    const struct opt_command command = {.name = "vault stats",
                                        .operands = N_("[SNAPSHOT...]"),
                                        .summary = N_("Tells how much the snapshots hold."),
                                        .options = options,
                                        .most = -1};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? CMD_DONE : CMD_USAGE;
    if (parsed == OPT_GO)
        code = run(&place, &wish, (const char *const *)argv + 1, (size_t)operands);
    vault_common_filter_free(&wish.choice);
    return code;
}
