/* SPDX-License-Identifier: GPL-3.0-or-later
 * beffroi vault clean-point
 */
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"
#include "vault/cleanpoint.h"
#include "vault/gojson.h"

#define BAR_WIDTH 20
/* Rows of the chart around the turn (or at the end), unless all are wanted. */
#define ROWS_BEFORE 15
#define ROWS_AFTER  10

struct view {
    bool json, all;
    size_t groups;
    struct buf out;
};

static int percent(double part)
{
    return (int)(100 * part + 0.5);
}

/* ---- why, in words ---- */

typedef void say_reason(void *context, const char *text);

struct speaker {
    say_reason *say;
    void *context;
};

static void tell(const struct speaker *to, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void tell(const struct speaker *to, bool holds, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    if (!holds)
        return;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    to->say(to->context, text ? text : format);
    free(text);
}

static void tell_counts(const struct speaker *to, const struct harm *h)
{
    const uint64_t *n = h->harmed;
    tell(to, n[HARM_SCRAMBLED] > 0,
         P_("%" PRIu64 " file was replaced by bytes that compress no more",
            "%" PRIu64 " files were replaced by bytes that compress no more", n[HARM_SCRAMBLED]),
         n[HARM_SCRAMBLED]);
    tell(to, n[HARM_GROWN_ALIKE] > 0 && h->growth == 0,
         P_("%" PRIu64 " file was rewritten at exactly its size",
            "%" PRIu64 " files were rewritten, each at exactly its size", n[HARM_GROWN_ALIKE]),
         n[HARM_GROWN_ALIKE]);
    tell(to, n[HARM_GROWN_ALIKE] > 0 && h->growth != 0,
         P_("%" PRIu64 " file was rewritten and its size changed by %+" PRId64 " bytes",
            "%" PRIu64 " files were rewritten and their sizes all changed by %+" PRId64 " bytes",
            n[HARM_GROWN_ALIKE]),
         n[HARM_GROWN_ALIKE], h->growth);
    tell(to, n[HARM_RENAMED] > 0,
         P_("%" PRIu64 " file came back under another name with other contents",
            "%" PRIu64 " files came back under other names with other contents", n[HARM_RENAMED]),
         n[HARM_RENAMED]);
    tell(to, n[HARM_EMPTIED] > 0,
         P_("%" PRIu64 " file was emptied or filled with zeros",
            "%" PRIu64 " files were emptied or filled with zeros", n[HARM_EMPTIED]),
         n[HARM_EMPTIED]);
    tell(to, n[HARM_REMOVED] > 0,
         P_("%" PRIu64 " file was removed, most of what there was",
            "%" PRIu64 " files were removed, most of what there was", n[HARM_REMOVED]),
         n[HARM_REMOVED]);
}

static void reasons(const struct clean_group *group, say_reason *say, void *context)
{
    const struct harm *h = &group->since_turn;
    const struct speaker to = {say, context};
    tell_counts(&to, h);
    tell(&to, h->ending[0], _("the commonest new ending is .%s; no file had it before"), h->ending);
    double ratio = harm_ratio(h);
    tell(&to, group->usual_ratio > 0 && ratio > group->usual_ratio + 0.1,
         _("new data compressed to %d %%, usually to %d %%"), percent(ratio), percent(group->usual_ratio));
    tell(&to, h->first != NULL, _("for example: %s"), h->first ? h->first : "");
}

/* ---- JSON ---- */

static void put_reason(void *context, const char *text)
{
    struct buf *out = context;
    if (out->data[out->length - 1] != '[')
        buf_put_u8(out, ',');
    gojson_put_text(out, text);
}

static void put_step(struct buf *out, const struct clean_step *step)
{
    const struct harm *h = &step->harm;
    buf_printf(out, "{\"id\":\"%s\",\"short_id\":\"%.8s\",\"time\":", step->snapshot->id, step->snapshot->id);
    gojson_put_time(out, step->snapshot->time_ns);
    buf_printf(out,
               ",\"files\":%" PRIu64 ",\"files_added\":%" PRIu64 ",\"files_changed\":%" PRIu64
               ",\"files_removed\":%" PRIu64 ",\"data_added\":%" PRIu64 ",\"data_added_packed\":%" PRIu64,
               h->files, h->added, h->changed, h->gone, h->new_plain, h->new_stored);
    buf_printf(out,
               ",\"harmed\":{\"total\":%" PRIu64 ",\"scrambled\":%" PRIu64 ",\"grown_alike\":%" PRIu64
               ",\"renamed\":%" PRIu64 ",\"emptied\":%" PRIu64 ",\"removed\":%" PRIu64 "}}",
               harm_total(h), h->harmed[HARM_SCRAMBLED], h->harmed[HARM_GROWN_ALIKE], h->harmed[HARM_RENAMED],
               h->harmed[HARM_EMPTIED], h->harmed[HARM_REMOVED]);
}

static void put_id(struct buf *out, const char *key, const struct clean_group *group, size_t step, bool known)
{
    if (known)
        buf_printf(out, ",\"%s\":\"%s\"", key, group->steps[step].snapshot->id);
    else
        buf_printf(out, ",\"%s\":null", key);
}

static void put_group(struct view *view, const struct clean_group *group)
{
    struct buf *out = &view->out;
    const struct snapshot *last = group->steps[group->count - 1].snapshot;
    bool turned = group->turn < group->count;
    buf_printf(out, "%s{\"host\":", view->groups ? "," : "[");
    gojson_put_text(out, last->hostname);
    for (size_t i = 0; i < last->paths.count; i++) {
        buf_printf(out, i ? "," : ",\"paths\":[");
        gojson_put_text(out, last->paths.items[i]);
    }
    buf_printf(out, "%s,\"snapshots\":", last->paths.count ? "]" : ",\"paths\":[]");
    for (size_t i = 0; i < group->count; i++) {
        buf_put_u8(out, i ? ',' : '[');
        put_step(out, &group->steps[i]);
    }
    buf_put_u8(out, ']');
    put_id(out, "clean", group, turned ? group->turn - 1 : group->count - 1, true);
    put_id(out, "turn", group, group->turn, turned);
    buf_printf(out, ",\"compression_known\":%s,\"reasons\":[", group->blind ? "false" : "true");
    if (turned)
        reasons(group, put_reason, out);
    buf_printf(out, "]}");
}

/* ---- for people ---- */

static void say_line(void *context, const char *text)
{
    (void)context;
    printf("  - ");
    cmd_put(stdout, text, false);
    printf("\n");
}

/* How far the new data compressed, as a bar. */
static void draw_bar(const struct harm *harm, char out[static 4 * BAR_WIDTH + 1])
{
    const char *full = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "█" : "#";
    out[0] = '\0';
    for (int i = 0; i < (int)(harm_ratio(harm) * BAR_WIDTH + 0.5); i++)
        strcat(out, full);
}

static void add_row(struct cmd_table *table, const struct clean_group *group, size_t i)
{
    const struct clean_step *step = &group->steps[i];
    const struct harm *h = &step->harm;
    char when[CMD_TEXT_SIZE], size[CMD_TEXT_SIZE], bar[4 * BAR_WIDTH + 1], to[16] = "";
    cmd_time(step->snapshot->time_ns, when);
    cmd_size(h->new_plain, size);
    draw_bar(h, bar);
    if (harm_ratio(h) > 0 && !group->blind)
        snprintf(to, sizeof to, "%d %%", percent(harm_ratio(h)));
    char *id MEM_AUTO = mem_printf("%.8s", step->snapshot->id);
    char *changed MEM_AUTO = mem_printf("%" PRIu64, h->changed);
    char *harmed MEM_AUTO = mem_printf("%" PRIu64, harm_total(h));
    const char *note = i + 1 == group->turn && group->turn < group->count ? _("<- the last clean one")
                       : i == group->turn                                 ? _("<- the turn")
                                                                          : "";
    const char *cells[] = {id, when, size, to, group->blind ? "" : bar, changed, harmed, note};
    cmd_table_add(table, cells);
}

static void draw_chart(const struct view *view, const struct clean_group *group)
{
    const char *titles[] = {_("snapshot"), _("time"), _("new data"), _("compressed"), "", _("changed"),
                            _("harmed"),   ""};
    struct cmd_table *table = cmd_table_new("llrrlrrl", titles);
    size_t center = group->turn < group->count ? group->turn : group->count - 1;
    size_t from = view->all || center < ROWS_BEFORE ? 0 : center - ROWS_BEFORE;
    size_t to = view->all || group->count - center <= ROWS_AFTER ? group->count : center + ROWS_AFTER;
    for (size_t i = from; i < to; i++)
        add_row(table, group, i);
    cmd_table_print(table, stdout);
    cmd_table_free(table);
    if (to - from < group->count)
        printf(_("(%zu of %zu snapshots are shown; --all shows the others)\n"), to - from, group->count);
}

static void print_group(const struct view *view, const struct clean_group *group)
{
    const struct snapshot *last = group->steps[group->count - 1].snapshot;
    printf("%s", view->groups ? "\n" : "");
    cmd_put(stdout, last->hostname, false);
    for (size_t i = 0; i < last->paths.count; i++) {
        printf(" ");
        cmd_put(stdout, last->paths.items[i], false);
    }
    printf("\n");
    draw_chart(view, group);
    if (group->blind)
        printf("%s\n", _("This repository is not compressed: only names and removals could be judged."));
    if (group->turn == group->count) {
        printf(P_("No sign of an attack in %zu snapshot.\n", "No sign of an attack in %zu snapshots.\n",
                  group->count),
               group->count);
        return;
    }
    const struct clean_step *clean = &group->steps[group->turn - 1];
    char when[CMD_TEXT_SIZE];
    cmd_time(clean->snapshot->time_ns, when);
    printf(_("The last clean snapshot is %.8s of %s. What happened after it:\n"), clean->snapshot->id, when);
    reasons(group, say_line, NULL);
    printf(_("To get its files: beffroi vault restore %.8s --target FOLDER\n"), clean->snapshot->id);
}

static void on_group(void *context, const struct clean_group *group)
{
    struct view *view = context;
    if (view->json)
        put_group(view, group);
    else
        print_group(view, group);
    view->groups++;
}

static void on_bad(void *context, const char *name, int err)
{
    (void)context;
    (void)name;
    cmd_fail(err);
}

static int run(const struct vault_place *place, struct clean_options *clean, struct view *view)
{
    struct vault *vault;
    int err = vault_common_open(place, &vault);
    if (err)
        return cmd_fail(err);
    buf_init(&view->out, 0);
    clean->context = view;
    clean->on_group = on_group;
    clean->on_bad = on_bad;
    err = vault_clean_point(vault, clean);
    if (view->json && (!err || err == ERR_PARTIAL)) {
        buf_printf(&view->out, view->groups ? "]" : "[]");
        vault_common_print(&view->out);
    } else if (!view->groups && !err) {
        printf("%s\n", _("There is no snapshot."));
    }
    int code = err ? cmd_fail(err) : 0;
    buf_free(&view->out);
    vault_close(vault);
    return code;
}

int cmd_vault_clean_point(int argc, char **argv)
{
    struct vault_place place = {0};
    struct vault_filter_words words = {0};
    struct clean_options clean = {0};
    struct view view = {0};
    const struct opt options[] = {
        VAULT_PLACE_ROWS(place),
        VAULT_FILTER_ROWS(words),
        {"all", 0, OPT_FLAG, &view.all, NULL, N_("show every snapshot, not only those around the turn")},
        {"no-lock", 0, OPT_FLAG, &clean.no_lock, NULL, N_("do not lock the repository")},
        {"json", 0, OPT_FLAG, &view.json, NULL, N_("print the groups as JSON")},
        {0},
    };
    const struct opt_command command = {
        .name = "vault clean-point",
        .operands = "",
        .summary = N_("Names the last snapshot before files began to be spoiled, and why."),
        .options = options};
    int operands;
    enum opt_result parsed = opt_parse(&command, argc, argv, &operands);
    int code = parsed == OPT_HELP_SHOWN ? 0 : 2;
    if (parsed == OPT_GO) {
        clean.filter = vault_common_filter(&words);
        code = run(&place, &clean, &view);
    }
    vault_common_filter_free(&words);
    return code;
}
