/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The printing half of cmd.h: widths, sizes, times, colors, tables.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"

size_t cmd_width(const char *text)
{
    size_t width = 0;
    mbstate_t state = {0};
    for (const char *at = text; *at;) {
        wchar_t c;
        size_t length = mbrtowc(&c, at, strlen(at), &state);
        if (length == (size_t)-1 || length == (size_t)-2) {
            state = (mbstate_t){0};
            width++;
            at++;
            continue;
        }
        int columns = wcwidth(c);
        width += columns < 0 ? 1 : (size_t)columns;
        at += length;
    }
    return width;
}

void cmd_put(FILE *out, const char *text, bool lines)
{
    mbstate_t state = {0};
    for (const char *at = text; *at;) {
        wchar_t c;
        size_t length = mbrtowc(&c, at, strlen(at), &state);
        if (length == (size_t)-1 || length == (size_t)-2) {
            state = (mbstate_t){0};
            fputc('?', out);
            at++;
            continue;
        }
        if (iswprint((wint_t)c) || (lines && c == L'\n'))
            fwrite(at, 1, length, out);
        else
            fputc('?', out);
        at += length;
    }
}

void cmd_size(uint64_t bytes, char out[static CMD_TEXT_SIZE])
{
    static const char *const units[] = {N_("B"),   N_("KiB"), N_("MiB"), N_("GiB"),
                                        N_("TiB"), N_("PiB"), N_("EiB")};
    if (bytes < 1024) {
        snprintf(out, CMD_TEXT_SIZE, "%u %s", (unsigned)bytes, _(units[0]));
        return;
    }
    size_t unit = 1;
    while (unit + 1 < sizeof units / sizeof units[0] && bytes >> (10 * unit) >= 1024)
        unit++;
    uint64_t whole = bytes >> (10 * unit);
    unsigned tenth = (unsigned)(((bytes >> (10 * (unit - 1))) & 1023) * 10 / 1024);
    /* TRANSLATORS: a number with one decimal, and its unit; write the decimal mark of the language */
    snprintf(out, CMD_TEXT_SIZE, _("%u.%u %s"), (unsigned)whole, tenth, _(units[unit]));
}

void cmd_time(int64_t wall_ns, char out[static CMD_TEXT_SIZE])
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm parts;
    /* TRANSLATORS: date and time as strftime(3) writes them */
    if (wall_ns == 0 || !localtime_r(&seconds, &parts) ||
        strftime(out, CMD_TEXT_SIZE, _("%Y-%m-%d %H:%M:%S"), &parts) == 0)
        snprintf(out, CMD_TEXT_SIZE, "-");
}

void cmd_clock(int64_t wall_ns, char out[static CMD_TEXT_SIZE])
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm parts;
    if (wall_ns == 0 || !localtime_r(&seconds, &parts)) {
        snprintf(out, CMD_TEXT_SIZE, "-");
        return;
    }
    /* TRANSLATORS: hours, minutes, seconds, milliseconds */
    snprintf(out, CMD_TEXT_SIZE, _("%02d:%02d:%02d.%03d"), parts.tm_hour, parts.tm_min, parts.tm_sec,
             (int)(wall_ns % NS_PER_SECOND / NS_PER_MS));
}

void cmd_duration(int64_t ns, char out[static CMD_TEXT_SIZE])
{
    if (ns < 0)
        ns = 0;
    int64_t seconds = ns / NS_PER_SECOND;
    if (ns < NS_PER_MS)
        snprintf(out, CMD_TEXT_SIZE, _("%d µs"), (int)(ns / 1000));
    else if (seconds < 1)
        snprintf(out, CMD_TEXT_SIZE, _("%d ms"), (int)(ns / NS_PER_MS));
    else if (seconds < 60) /* TRANSLATORS: seconds with two decimals */
        snprintf(out, CMD_TEXT_SIZE, _("%d.%02d s"), (int)seconds,
                 (int)(ns % NS_PER_SECOND / (10 * NS_PER_MS)));
    else if (seconds < 3600)
        snprintf(out, CMD_TEXT_SIZE, _("%d min %d s"), (int)(seconds / 60), (int)(seconds % 60));
    else if (seconds < 86400)
        snprintf(out, CMD_TEXT_SIZE, _("%d h %d min"), (int)(seconds / 3600), (int)(seconds % 3600 / 60));
    else /* TRANSLATORS: days and hours */
        snprintf(out, CMD_TEXT_SIZE, _("%d d %d h"), (int)(seconds / 86400), (int)(seconds % 86400 / 3600));
}

const char *cmd_color(FILE *out, enum cmd_color color)
{
    static const char *const codes[] = {"\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};
    const char *refused = getenv("NO_COLOR");
    if ((refused && *refused) || !isatty(fileno(out)))
        return "";
    return codes[color];
}

struct cmd_table {
    char *alignment;
    size_t columns;
    char **cells; /* row by row; the first row holds the titles */
    size_t count;
};

struct cmd_table *cmd_table_new(const char *alignment, const char *const *titles)
{
    struct cmd_table *table = mem_zalloc(1, sizeof *table);
    table->alignment = mem_strdup(alignment);
    table->columns = strlen(alignment);
    cmd_table_add(table, titles);
    return table;
}

void cmd_table_add(struct cmd_table *table, const char *const *cells)
{
    table->cells = mem_resize(table->cells, table->count + table->columns, sizeof *table->cells);
    for (size_t i = 0; i < table->columns; i++)
        table->cells[table->count++] = mem_strdup(cells[i]);
}

static size_t column_width(const struct cmd_table *table, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < table->count; i += table->columns) {
        size_t width = cmd_width(table->cells[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_cell(const struct cmd_table *table, size_t index, size_t width, FILE *out)
{
    const char *cell = table->cells[index];
    size_t column = index % table->columns;
    int gap = (int)(width - cmd_width(cell));
    if (table->alignment[column] == 'r')
        fprintf(out, "%*s", gap, "");
    cmd_put(out, cell, false);
    if (column + 1 == table->columns)
        fputc('\n', out);
    else
        fprintf(out, "%*s", table->alignment[column] == 'r' ? 2 : gap + 2, "");
}

void cmd_table_print(const struct cmd_table *table, FILE *out)
{
    size_t *widths = mem_zalloc(table->columns, sizeof *widths);
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < table->count; i++) {
        if (i == 0)
            fputs(cmd_color(out, CMD_BOLD), out);
        print_cell(table, i, widths[i % table->columns], out);
        if (i + 1 == table->columns)
            fputs(cmd_color(out, CMD_PLAIN), out);
    }
    free(widths);
}

void cmd_table_free(struct cmd_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table->alignment);
    free(table);
}
