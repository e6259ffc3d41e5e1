/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/vault_backup_view.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/vault_common.h"
#include "vault/gojson.h"

void backup_view_problem(void *context, const char *path, int err)
{
    const struct backup_view *view = context;
    (void)err;
    vault_common_problem(path, "archival", view->json, view->line.terminal);
}

static void show_json_status(const struct vault_progress *progress, int64_t elapsed_ns)
{
    struct buf out BUF_AUTO;
    buf_init(&out, (size_t)1 << 20);
    buf_printf(&out,
               "{\"message_type\":\"status\",\"seconds_elapsed\":%lld,\"percent_done\":0,\"files_done\":%llu,"
               "\"bytes_done\":%llu,\"error_count\":%llu,\"current_files\":[",
               (long long)(elapsed_ns / NS_PER_SECOND), (unsigned long long)progress->files,
               (unsigned long long)progress->bytes, (unsigned long long)progress->problems);
    gojson_put_text(&out, progress->path);
    buf_printf(&out, "]}");
    vault_common_print(&out);
}

void backup_view_progress(void *context, const struct vault_progress *progress)
{
    struct backup_view *view = context;
    if (!vault_line_due(&view->line))
        return;
    if (view->json) {
        show_json_status(progress, vault_line_elapsed_ns(&view->line));
        return;
    }
    char size[VAULT_SIZE_TEXT];
    char *what MEM_AUTO = mem_printf(_("%llu files, %s"), (unsigned long long)progress->files,
                                     vault_common_size(progress->bytes, size));
    vault_line_show(&view->line, what, -1, progress->bytes, progress->path);
}

static void show_json_summary(const struct vault_backup_result *result, double seconds)
{
    const struct snapshot_summary *sum = &result->summary;
    struct buf out BUF_AUTO;
    buf_init(&out, 65536);
    buf_printf(
        &out,
        "{\"message_type\":\"summary\",\"files_new\":%llu,\"files_changed\":%llu,\"files_unmodified\":%llu,"
        "\"dirs_new\":%llu,\"dirs_changed\":%llu,\"dirs_unmodified\":%llu,\"data_blobs\":%llu,"
        "\"tree_blobs\":%llu,\"data_added\":%llu,\"data_added_packed\":%llu,\"total_files_processed\":%llu,"
        "\"total_bytes_processed\":%llu,\"total_duration\":%.6f,\"backup_start\":",
        (unsigned long long)sum->files_new, (unsigned long long)sum->files_changed,
        (unsigned long long)sum->files_unmodified, (unsigned long long)sum->dirs_new,
        (unsigned long long)sum->dirs_changed, (unsigned long long)sum->dirs_unmodified,
        (unsigned long long)sum->data_blobs, (unsigned long long)sum->tree_blobs,
        (unsigned long long)sum->data_added, (unsigned long long)sum->data_added_packed,
        (unsigned long long)sum->total_files_processed, (unsigned long long)sum->total_bytes_processed,
        seconds);
    gojson_put_time(&out, sum->backup_start_ns);
    buf_printf(&out, ",\"backup_end\":");
    gojson_put_time(&out, sum->backup_end_ns);
    if (*result->snapshot)
        buf_printf(&out, ",\"snapshot_id\":\"%s\"", result->snapshot);
    buf_printf(&out, "}");
    vault_common_print(&out);
}

static void show_summary(const struct vault_backup_result *result, double seconds)
{
    const struct snapshot_summary *sum = &result->summary;
    char plain[VAULT_SIZE_TEXT], stored[VAULT_SIZE_TEXT], all[VAULT_SIZE_TEXT];
    printf(_("files:   %llu new, %llu changed, %llu unmodified\n"), (unsigned long long)sum->files_new,
           (unsigned long long)sum->files_changed, (unsigned long long)sum->files_unmodified);
    printf(_("folders: %llu new, %llu changed, %llu unmodified\n"), (unsigned long long)sum->dirs_new,
           (unsigned long long)sum->dirs_changed, (unsigned long long)sum->dirs_unmodified);
    printf(_("added:   %s (%s stored)\n"), vault_common_size(sum->data_added, plain),
           vault_common_size(sum->data_added_packed, stored));
    printf(_("saved %llu files, %s, in %.1f s\n"), (unsigned long long)sum->total_files_processed,
           vault_common_size(sum->total_bytes_processed, all), seconds);
    if (*result->snapshot)
        printf(_("snapshot %.8s saved\n"), result->snapshot);
    else if (result->skipped)
        printf("%s\n", _("nothing changed since the parent snapshot; no new one was made"));
}

void backup_view_begin(struct backup_view *view)
{
    vault_line_begin(&view->line, view->quiet, view->json);
}

void backup_view_end(const struct backup_view *view, const struct vault_backup_result *result)
{
    double seconds = (double)vault_line_elapsed_ns(&view->line) / (double)NS_PER_SECOND;
    vault_line_end(&view->line);
    if (!result)
        return;
    if (view->json)
        show_json_summary(result, seconds);
    else if (!view->quiet)
        show_summary(result, seconds);
}
