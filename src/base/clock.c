/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static int64_t system_wall(void *self)
{
    (void)self;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *self)
{
    (void)self;
    return read_clock(CLOCK_MONOTONIC);
}

void clock_boot_id(char out[static BOOT_ID_SIZE])
{
    struct buf b BUF_AUTO;
    buf_init(&b, BOOT_ID_SIZE - 1);
    out[0] = '\0';
    if (fd_read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &b) == 0)
        snprintf(out, BOOT_ID_SIZE, "%.*s", (int)strcspn(buf_string(&b), "\n"), buf_string(&b));
}

const struct clock clock_system = {system_wall, system_monotonic, NULL};

static int64_t manual_wall(void *self)
{
    return ((struct clock_manual *)self)->wall_ns;
}

static int64_t manual_monotonic(void *self)
{
    return ((struct clock_manual *)self)->monotonic_ns;
}

struct clock clock_from_manual(struct clock_manual *manual)
{
    return (struct clock){manual_wall, manual_monotonic, manual};
}

void time_format_utc(int64_t wall_ns, char out[static TIME_TEXT_SIZE])
{
    int64_t seconds = wall_ns / NS_PER_SECOND;
    int64_t rest = wall_ns % NS_PER_SECOND;
    if (rest < 0) {
        rest += NS_PER_SECOND;
        seconds--;
    }
    time_t whole = (time_t)seconds;
    struct tm parts;
    gmtime_r(&whole, &parts);
    size_t length = strftime(out, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, TIME_TEXT_SIZE - length, ".%09dZ", (int)rest);
}

/* The fraction after a dot, as nanoseconds; more than nine digits are cut. */
static const char *parse_fraction(const char *at, int64_t *nanoseconds)
{
    int64_t unit = NS_PER_SECOND / 10;
    *nanoseconds = 0;
    while (isdigit((unsigned char)*at)) {
        *nanoseconds += (*at++ - '0') * unit;
        unit /= 10;
    }
    return at;
}

static int parse_offset(const char *at, int64_t *seconds)
{
    if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0) {
        *seconds = 0;
        return 0;
    }
    unsigned hours, minutes;
    int length = 0;
    if ((*at != '+' && *at != '-') || sscanf(at + 1, "%2u:%2u%n", &hours, &minutes, &length) != 2 ||
        length != 5 || at[6] != '\0' || hours > 23 || minutes > 59)
        return -1;
    *seconds = ((int64_t)hours * 60 + minutes) * 60 * (*at == '-' ? -1 : 1);
    return 0;
}

int time_parse(const char *text, int64_t *wall_ns)
{
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    int64_t fraction = 0, offset;
    if (rest && *rest == '.')
        rest = parse_fraction(rest + 1, &fraction);
    int64_t ns;
    /* Years that int64_t nanoseconds cannot hold (before 1678, after 2261) are no times either. */
    if (!rest || parse_offset(rest, &offset) != 0 ||
        __builtin_mul_overflow((int64_t)timegm(&parts) - offset, NS_PER_SECOND, &ns) ||
        __builtin_add_overflow(ns, fraction, &ns))
        return err_set(ERR_INVALID, _("\"%s\" is not a time such as 2026-11-22T16:54:00Z"), text);
    *wall_ns = ns;
    return 0;
}

int duration_parse(const char *text, int64_t *duration_ns)
{
    char *end;
    errno = 0;
    long long count = strtoll(text, &end, 10);
    int64_t unit = 0;
    if (end != text && end[0] && !end[1]) {
        switch (end[0]) {
        case 's':
            unit = 1;
            break;
        case 'm':
            unit = 60;
            break;
        case 'h':
            unit = 3600;
            break;
        case 'd':
            unit = 86400;
            break;
        default:
            break;
        }
    }
    if (!unit || errno || count < 0 || count > INT64_MAX / (unit * NS_PER_SECOND))
        return err_set(ERR_INVALID, _("\"%s\" is not a duration such as 90s, 15m, 24h or 7d"), text);
    *duration_ns = count * unit * NS_PER_SECOND;
    return 0;
}
