/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time. It is passed in, so that detectors and plans are replayed in tests. Nanoseconds in int64_t
 * everywhere; a name that ends in _ns says so.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS     INT64_C(1000000)

struct clock {
    int64_t (*wall_ns)(void *self);      /* since 1970, UTC; may jump */
    int64_t (*monotonic_ns)(void *self); /* never goes back */
    void *self;
};

/* The machine's own clock. */
extern const struct clock clock_system;

/* A clock that a test sets by hand: both times are the fields of the struct. */
struct clock_manual {
    int64_t wall_ns;
    int64_t monotonic_ns;
};
struct clock clock_from_manual(struct clock_manual *manual);

#define BOOT_ID_SIZE 64
/* Which boot of the machine this is, which monotonic times and process numbers are of; "" when the kernel
 * does not tell. */
void clock_boot_id(char out[static BOOT_ID_SIZE]);

#define TIME_TEXT_SIZE 40
/* RFC 3339 in UTC with nanoseconds: 2026-11-22T16:54:00.123456789Z. */
void time_format_utc(int64_t wall_ns, char out[static TIME_TEXT_SIZE]);
/* Any RFC 3339 time with an offset; 0 or ERR_INVALID. */
int time_parse(const char *text, int64_t *wall_ns);
/* "90s", "15m", "24h", "7d" (a whole number and one unit); 0 or ERR_INVALID. */
int duration_parse(const char *text, int64_t *duration_ns);

#endif
