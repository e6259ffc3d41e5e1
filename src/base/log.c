/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *role = "beffroi";
static enum log_level highest = LOG_LEVEL_INFO;
static bool for_journald;

void log_init(const char *name, enum log_level level)
{
    role = name;
    highest = level;
    for_journald = getenv("JOURNAL_STREAM") != NULL;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > highest)
        return;
    char line[2048];
    int start;
    if (for_journald) {
        start = snprintf(line, sizeof line, "<%d>%s: ", (int)level, role);
    } else {
        struct timespec now;
        struct tm parts;
        char when[16];
        clock_gettime(CLOCK_REALTIME, &now);
        localtime_r(&now.tv_sec, &parts);
        strftime(when, sizeof when, "%H:%M:%S", &parts);
        start = snprintf(line, sizeof line, "%s.%03ld %s: ", when, now.tv_nsec / 1000000, role);
    }
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line + start, sizeof line - (size_t)start - 1, format, args);
    va_end(args);
    if (length < 0)
        return;
    size_t end = strlen(line);
    line[end++] = '\n';
    /* One write per line keeps the lines of several roles whole. A log nobody reads is no reason to fail. */
    ssize_t ignored = write(STDERR_FILENO, line, end);
    (void)ignored;
}
