/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "drill/figures.h"
#include "drill/timeline.h"

static void tell_timeline(const struct run *run, FILE *out)
{
    struct timeline *t = timeline_make(run);
    fprintf(out, "\n%s\n", _(run->scenario->title));
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_line *line = &t->lines[i];
        fprintf(out, "  %+10.3f s  %-12s %s\n", (double)(line->time_ns - t->zero_ns) / 1e9, line->who,
                line->text);
    }
    timeline_free(t);
}

static void tell_press(const struct run *run, FILE *out)
{
    const struct run_figures *f = &run->figures;
    if (!run->scenario->press.place)
        return;
    char back[32] = "-";
    const struct figure seconds = {.duration = true};
    if (f->lost == 0 && f->frozen_to_back_us >= 0)
        figure_format(&seconds, f->first_to_frozen_us + f->frozen_to_back_us, back);
    fprintf(out, _("\n%-26s %-46s %s\n"), "", run->scenario->press.place, _("this drill"));
    fprintf(out, "%-26s %-46s %s\n", _("date"), run->scenario->press.date, _("just now"));
    fprintf(out, "%-26s %-46s %s\n", _("everything back after"), run->scenario->press.back_after, back);
    fprintf(out, "%-26s %-46s ", _("cost"), run->scenario->press.cost);
    char *lost MEM_AUTO =
        mem_printf(P_("%lld file lost", "%lld files lost", (unsigned long)f->lost), (long long)f->lost);
    fprintf(out, "%s\n", lost);
}

/* What must be reached in time is meant for encryption; one that deletes is done before three files are read.
 */
static void tell_figures(const struct run *run, FILE *out)
{
    fprintf(out, "\n");
    for (const struct figure *row = figure_table; row->key; row++) {
        char text[32];
        figure_format(row, figure_value(&run->figures, row), text);
        fprintf(out, "  %-46s %12s", _(row->text), text);
        bool aimed = row->target && run->incident && figure_value(&run->figures, row) >= 0 &&
                     (strcmp(row->target, "0") == 0 || attack_find(run->scenario->attack.kind)->covers);
        fprintf(out, aimed ? "   (%s: %s)\n" : "\n", _("must reach"), aimed ? _(row->target) : "");
    }
}

void tell_run(const struct run *run, FILE *out)
{
    tell_timeline(run, out);
    tell_press(run, out);
    tell_figures(run, out);
    if (run->difference_count)
        fprintf(out, "%s", _("\nNot as it was:\n"));
    for (size_t i = 0; i < run->difference_count && i < 10; i++)
        fprintf(out, "  %s\n", run->differences[i]);
    if (run->difference_count > 10)
        fprintf(out, "  ...\n");
    if (run->colleague && *run->colleague->first_failure)
        fprintf(out, _("The colleague's first failure: %s\n"), run->colleague->first_failure);
    if (run->yard_path)
        fprintf(out, _("\nKept in %s; 'beffroi-drill undo %s/share' gives the files back.\n"), run->yard_path,
                run->yard_path);
}

void tell_table(const struct scenario *scenario, const struct run_figures *figures, size_t count, FILE *out)
{
    fprintf(out, P_("\n%s: %zu run\n", "\n%s: %zu runs\n", count), scenario->name, count);
    fprintf(out, "  %-46s %12s %12s %12s   %s\n", "", _("smallest"), _("median"), _("largest"),
            _("must reach"));
    for (const struct figure *row = figure_table; row->key; row++) {
        int64_t spread[3];
        char text[3][32];
        figures_spread(figures, count, row, spread);
        for (size_t i = 0; i < 3; i++)
            figure_format(row, spread[i], text[i]);
        fprintf(out, "  %-46s %12s %12s %12s   %s\n", _(row->text), text[0], text[1], text[2],
                row->target ? _(row->target) : "");
    }
}
