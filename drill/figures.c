/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/figures.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

#define ROW(key, text, field, duration, target)                                                              \
    {                                                                                                        \
        key, text, offsetof(struct run_figures, field), duration, target                                     \
    }

const struct figure figure_table[] = {
    ROW("files_lost", N_("files lost for good"), lost, false, "0"),
    ROW("files_spoiled", N_("files spoiled before the culprit was stopped"), spoiled, false,
        N_("median 5, worst 12")),
    ROW("notes_dropped", N_("ransom notes dropped"), notes, false, NULL),
    ROW("third_spoiled_to_frozen_us", N_("from the third spoiled file to stopped"), third_to_frozen_us, true,
        N_("median 20 ms, worst 100 ms")),
    ROW("first_spoiled_to_frozen_us", N_("from the first spoiled file to stopped"), first_to_frozen_us, true,
        NULL),
    ROW("frozen_to_back_us", N_("from stopped to every file back"), frozen_to_back_us, true, N_("5 s")),
    ROW("attack_us", N_("from the attacker's first deed to its last"), attack_us, true, NULL),
    ROW("left_over", N_("names left over: spoiled files, notes"), extra, false, "0"),
    ROW("colleague_done", N_("colleague's operations that worked"), colleague_done, false, NULL),
    ROW("colleague_failed", N_("colleague's operations that failed"), colleague_failed, false, "0"),
    ROW("journal_entries", N_("journal entries, all verified"), journal_entries, false, NULL),
    ROW("files", N_("files in the share"), files, false, NULL),
    ROW("bytes", N_("bytes in the share"), bytes, false, NULL),
    {0},
};

int64_t figure_value(const struct run_figures *figures, const struct figure *figure)
{
    int64_t value;
    memcpy(&value, (const char *)figures + figure->offset, sizeof value);
    return value;
}

void figure_format(const struct figure *figure, int64_t value, char out[static 32])
{
    if (value < 0)
        snprintf(out, 32, "-");
    else if (!figure->duration)
        snprintf(out, 32, "%" PRId64, value);
    else if (value < 1000000)
        snprintf(out, 32, "%.1f ms", (double)value / 1e3);
    else
        snprintf(out, 32, "%.2f s", (double)value / 1e6);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void figures_spread(const struct run_figures *figures, size_t count, const struct figure *row, int64_t out[3])
{
    int64_t *values = mem_zalloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = figure_value(&figures[i], row);
    qsort(values, count, sizeof *values, by_number);
    out[0] = values[0];
    out[1] = values[(count - 1) / 2];
    out[2] = values[count - 1];
    free(values);
}

/* From `from` to `to` in microseconds, or -1 when either is not known; clocks of one machine, so a negative
 * span means that the second came first: then it took no time. */
static int64_t span_us(int64_t from_ns, int64_t to_ns)
{
    if (from_ns <= 0 || to_ns <= 0)
        return -1;
    return to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
}

/* The times at which files were spoiled, in order; how many. */
static size_t spoiled_times(const struct ledger *ledger, int64_t *out)
{
    size_t count = 0;
    for (uint32_t i = 0; i < ledger->count && i < LEDGER_ROWS; i++)
        if (!ledger->rows[i].note && ledger->rows[i].spoiled_ns)
            out[count++] = ledger->rows[i].spoiled_ns;
    qsort(out, count, sizeof *out, by_number);
    return count;
}

/* When the attacker was stopped: the guard's word, or none. */
static int64_t frozen_at(const struct run *run)
{
    return run->incident ? run->incident->contained_ns : 0;
}

void figures_take(struct run *run, const struct manifest *before)
{
    struct run_figures *f = &run->figures;
    int64_t *times = mem_zalloc(LEDGER_ROWS, sizeof *times), frozen = frozen_at(run);
    size_t count = spoiled_times(run->ledger, times);
    f->spoiled = (int64_t)count;
    for (uint32_t i = 0; i < run->ledger->count && i < LEDGER_ROWS; i++)
        f->notes += run->ledger->rows[i].note != 0;
    f->first_to_frozen_us = count > 0 ? span_us(times[0], frozen) : -1;
    f->third_to_frozen_us = count > 2 ? span_us(times[2], frozen) : count > 0 && frozen ? 0 : -1;
    f->attack_us = count > 0 ? span_us(times[0], times[count - 1]) : -1;
    f->frozen_to_back_us = run->incident ? span_us(frozen, run->incident->recovered_ns) : -1;
    f->lost = (int64_t)(run->compared.changed + run->compared.missing + run->compared.meta);
    f->extra = (int64_t)run->compared.extra;
    f->colleague_done = run->colleague ? (int64_t)run->colleague->done : -1;
    f->colleague_failed = run->colleague ? (int64_t)run->colleague->failed : -1;
    for (size_t i = 0; i < before->count; i++) {
        f->files += before->entries[i].type == 'f';
        f->bytes += (int64_t)(before->entries[i].same_as ? 0 : before->entries[i].size);
    }
    free(times);
}
