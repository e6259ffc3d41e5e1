/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/vault_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/vault_common.h"

#define USUAL_NS (200 * NS_PER_MS)
#define MOST_FPS 60.0
#define WIDTH    80 /* of a terminal that does not say */

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(clock_system.self);
}

/* How often RESTIC_PROGRESS_FPS wants it; 0 when it says nothing that is of use. */
static double wanted_fps(void)
{
    const char *text = getenv("RESTIC_PROGRESS_FPS");
    char *end;
    double fps = text ? strtod(text, &end) : 0;
    if (!text || *end || !(fps > 0))
        return 0;
    return fps > MOST_FPS ? MOST_FPS : fps;
}

void vault_line_begin(struct vault_line *line, bool quiet, bool json)
{
    double fps = wanted_fps();
    bool terminal = isatty(STDERR_FILENO) && !quiet && !json;
    *line = (struct vault_line){.on = !quiet && (terminal || json || fps > 0),
                                .terminal = terminal,
                                .started_ns = now_ns(),
                                .every_ns = fps > 0 ? (int64_t)((double)NS_PER_SECOND / fps) : USUAL_NS};
}

bool vault_line_due(struct vault_line *line)
{
    int64_t now = now_ns();
    if (!line->on || now - line->shown_ns < line->every_ns)
        return false;
    line->shown_ns = now;
    return true;
}

int64_t vault_line_elapsed_ns(const struct vault_line *line)
{
    return now_ns() - line->started_ns;
}

static void put_time(struct buf *out, double seconds)
{
    uint64_t whole = (uint64_t)seconds;
    if (whole >= 3600)
        buf_printf(out, "%llu:", (unsigned long long)(whole / 3600));
    buf_printf(out, whole >= 3600 ? "%02llu:%02llu" : "%llu:%02llu", (unsigned long long)(whole / 60 % 60),
               (unsigned long long)(whole % 60));
}

static size_t width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH;
}

/* As much of the text as the columns hold, cut between letters. */
static char *fitting(const char *text, size_t columns)
{
    char *copy = mem_strdup(text);
    size_t length = strlen(copy);
    while (length && cmd_width(copy) > columns) {
        do
            length--;
        while (length && ((unsigned char)copy[length] & 0xc0) == 0x80);
        copy[length] = '\0';
    }
    return copy;
}

void vault_line_show(const struct vault_line *line, const char *what, double part, uint64_t bytes,
                     const char *path)
{
    struct buf text BUF_AUTO, left BUF_AUTO;
    char rate[VAULT_SIZE_TEXT];
    double seconds = (double)vault_line_elapsed_ns(line) / (double)NS_PER_SECOND;
    buf_init(&text, (size_t)1 << 20);
    buf_init(&left, 64);
    buf_put_u8(&text, '[');
    put_time(&text, seconds);
    buf_put_u8(&text, ']');
    if (part >= 0)
        buf_printf(&text, " %.1f%%", part * 100);
    buf_printf(&text, "  %s", what);
    if (bytes && seconds > 0)
        buf_printf(&text, _(", %s/s"), vault_common_size((uint64_t)((double)bytes / seconds), rate));
    if (part > 0) {
        put_time(&left, seconds * (1 - part) / part);
        buf_printf(&text, _(", %s left"), buf_string(&left));
    }
    if (path)
        buf_printf(&text, "  %s", path);
    /* A terminal's last column makes some begin a new line. */
    char *shown MEM_AUTO =
        line->terminal ? fitting(buf_string(&text), width() - 1) : mem_strdup(buf_string(&text));
    fputs(line->terminal ? "\r\033[K" : "", stderr);
    cmd_put(stderr, shown, false);
    fputs(line->terminal ? "" : "\n", stderr);
}

void vault_line_end(const struct vault_line *line)
{
    if (line->terminal)
        fputs("\r\033[K", stderr);
}
