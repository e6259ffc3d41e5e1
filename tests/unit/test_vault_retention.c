/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which snapshots the rules keep. (That they are restic's rules is shown by the scenario vault-forget.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "vault/retention.h"

#define HOUR (3600 * NS_PER_SECOND)
#define DAY  (24 * HOUR)
#define NOW  (INT64_C(1795000000) * NS_PER_SECOND) /* 18 November 2026, 11:06:40 UTC */
#define MOST 64

/* Snapshots of these ages, newest first. */
static void judge(const struct retention_policy *policy, const int64_t *ages, size_t count,
                  char out[static MOST])
{
    struct snapshot *list[MOST];
    struct retention_verdict verdicts[MOST];
    for (size_t i = 0; i < count; i++) {
        list[i] = snapshot_new();
        list[i]->time_ns = NOW - ages[i];
    }
    retention_apply(policy, list, count, NOW, verdicts);
    for (size_t i = 0; i < count; i++) {
        out[i] = verdicts[i].keep ? 'k' : '-';
        snapshot_free(list[i]);
    }
    out[count] = '\0';
}

static void each_rule_keeps_the_newest_of_its_periods(void **state)
{
    (void)state;
    static const int64_t ages[] = {HOUR, 2 * HOUR, DAY, DAY + HOUR, 3 * DAY, 40 * DAY, 400 * DAY};
    const size_t count = sizeof ages / sizeof *ages;
    char out[MOST];
    judge(&(struct retention_policy){.keep[RETENTION_LAST] = 2}, ages, count, out);
    assert_string_equal(out, "kk-----");
    judge(&(struct retention_policy){.keep[RETENTION_DAILY] = 3}, ages, count, out);
    assert_string_equal(out, "k-k-k--");
    judge(&(struct retention_policy){.keep[RETENTION_YEARLY] = -1}, ages, count, out);
    assert_string_equal(out, "k-----k");
    judge(&(struct retention_policy){.within[RETENTION_LAST] = {.days = 2}}, ages, count, out);
    assert_string_equal(out, "kkkk---");
    judge(&(struct retention_policy){.within[RETENTION_DAILY] = {.months = 1}}, ages, count, out);
    assert_string_equal(out, "k-k-k--");
    judge(&(struct retention_policy){0}, ages, count, out);
    assert_string_equal(out, "kkkkkkk");
}

static void the_oldest_stays_while_a_rule_has_some_left(void **state)
{
    (void)state;
    static const int64_t ages[] = {HOUR, 2 * HOUR, 3 * HOUR};
    char out[MOST];
    judge(&(struct retention_policy){.keep[RETENTION_DAILY] = 2}, ages, 3, out);
    assert_string_equal(out, "k-k");
    judge(&(struct retention_policy){.keep[RETENTION_DAILY] = 1}, ages, 3, out);
    assert_string_equal(out, "k--");
}

static void a_date_in_the_future_does_not_push_the_others_out(void **state)
{
    (void)state;
    static const int64_t ages[] = {-900 * DAY, HOUR, DAY, 30 * DAY};
    char out[MOST];
    judge(&(struct retention_policy){.within[RETENTION_LAST] = {.days = 7}}, ages, 4, out);
    assert_string_equal(out, "kkk-");
}

static void lengths_of_time_are_read_strictly(void **state)
{
    (void)state;
    struct retention_duration d;
    assert_int_equal(retention_parse_duration("2y5m7d3h", &d), 0);
    assert_true(d.years == 2 && d.months == 5 && d.days == 7 && d.hours == 3);
    assert_int_equal(retention_parse_duration("36h", &d), 0);
    static const char *const wrong[] = {
        "", "3", "h", "3x", "3d 2h", "-3d", "3d2d", "99999999999999999999d", "1.5d"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_true(retention_parse_duration(wrong[i], &d) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_keeps_the_newest_of_its_periods),
        cmocka_unit_test(the_oldest_stays_while_a_rule_has_some_left),
        cmocka_unit_test(a_date_in_the_future_does_not_push_the_others_out),
        cmocka_unit_test(lengths_of_time_are_read_strictly),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
