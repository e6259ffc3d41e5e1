/* SPDX-License-Identifier: GPL-3.0-or-later
 * When the watch calls a sensor hung, and when it does not; which request an address is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard/api_route.h"
#include "guard/watch.h"

static const struct watch_thread sleeping = {true, 'S', 1000};

/* Ticks `count` times, `step_ns` apart, without a beat; the number of the tick that calls it hung, or 0. */
static int hung_after(struct watch *w, int count, int64_t step_ns, const struct watch_thread *thread)
{
    int64_t now = w->last_ns ? w->last_ns : 1;
    for (int i = 1; i <= count; i++) {
        const char *why;
        now += step_ns;
        if (watch_tick(w, 5, now) && watch_hangs(w, thread, &why))
            return i;
    }
    return 0;
}

static void begin(struct watch *w)
{
    watch_reset(w);
    assert_false(watch_tick(w, 5, 1)); /* the first beat */
}

static void a_gate_that_sleeps_without_beating_hangs(void **state)
{
    (void)state;
    struct watch w;
    begin(&w);
    int tick = hung_after(&w, 10, WATCH_TICK_NS, &sleeping);
    assert_int_equal(tick, 2);
}

static void a_beating_gate_never_hangs(void **state)
{
    (void)state;
    struct watch w;
    begin(&w);
    for (int i = 1; i < 1000; i++)
        assert_false(watch_tick(&w, 5 + (uint64_t)i, 1 + i * WATCH_TICK_NS));
}

static void a_suspended_machine_is_no_hang(void **state)
{
    (void)state;
    struct watch w;
    begin(&w);
    assert_int_equal(hung_after(&w, 50, 10 * NS_PER_SECOND, &sleeping), 0);
}

static void a_starved_gate_is_left_alone_but_not_for_ever(void **state)
{
    (void)state;
    const struct watch_thread starved = {true, 'R', 1000};
    struct watch w;
    begin(&w);
    int tick = hung_after(&w, 1000, WATCH_TICK_NS, &starved);
    assert_true(tick * WATCH_TICK_NS >= WATCH_STARVED_NS);
    assert_true(tick < 1000);
}

static void a_gate_that_turns_in_circles_hangs(void **state)
{
    (void)state;
    struct watch w;
    begin(&w);
    struct watch_thread spinning = {true, 'R', 1000};
    const char *why;
    int64_t now = 1;
    int ticks = 0;
    bool hung = false;
    while (!hung && ticks < 100) {
        ticks++;
        now += WATCH_TICK_NS;
        spinning.cpu_ns += WATCH_TICK_NS;
        hung = watch_tick(&w, 5, now) && watch_hangs(&w, &spinning, &why);
    }
    assert_true(hung);
    assert_true(ticks <= 4);
}

static void a_process_that_is_gone_is_not_known(void **state)
{
    (void)state;
    struct watch_thread look;
    watch_look(getpid(), gettid(), &look);
    assert_true(look.known);
    assert_int_equal(look.state, 'R');
    watch_look(getpid(), 0x7fffffff, &look);
    assert_false(look.known);
}

static void route(const char *method, const char *url, unsigned status, enum request_verb verb, uint32_t what)
{
    struct msg_request r = {0};
    assert_int_equal(api_route(method, url, &r), status);
    if (status != 200)
        return;
    assert_int_equal(r.verb, verb);
    assert_int_equal(verb == REQUEST_SNAPSHOT ? r.tree : r.incident, what);
}

static void addresses_become_requests(void **state)
{
    (void)state;
    route("GET", "/v1/status", 200, REQUEST_STATUS, 0);
    route("GET", "/v1/incidents", 200, REQUEST_INCIDENTS, 0);
    route("GET", "/v1/incidents/12", 200, REQUEST_INCIDENT, 12);
    route("POST", "/v1/incidents/4294967295/rollback", 200, REQUEST_ROLLBACK, UINT32_MAX);
    route("POST", "/v1/incidents/1/dismiss", 200, REQUEST_DISMISS, 1);
    route("POST", "/v1/incidents/1/close", 200, REQUEST_CLOSE, 1);
    route("POST", "/v1/incidents/1/release", 200, REQUEST_RELEASE, 1);
    route("POST", "/v1/snapshots", 200, REQUEST_SNAPSHOT, UINT32_MAX);
    route("POST", "/v1/snapshots/0", 200, REQUEST_SNAPSHOT, 0);
}

static void wrong_addresses_are_refused(void **state)
{
    (void)state;
    route("POST", "/v1/status", 405, 0, 0);
    route("GET", "/v1/incidents/1/rollback", 405, 0, 0);
    route("GET", "/", 404, 0, 0);
    route("GET", "/v1/incidents/", 404, 0, 0);
    route("GET", "/v1/incidents/01", 404, 0, 0);
    route("GET", "/v1/incidents/-1", 404, 0, 0);
    route("GET", "/v1/incidents/4294967296", 404, 0, 0);
    route("GET", "/v1/incidents/99999999999999999999", 404, 0, 0);
    route("POST", "/v1/incidents/1/destroy", 404, 0, 0);
    route("POST", "/v1/snapshots/4294967295", 404, 0, 0);
    route("POST", "/v1/snapshots/1/2", 404, 0, 0);
}

static void error_texts_cannot_break_out_of_json(void **state)
{
    (void)state;
    struct buf b BUF_AUTO;
    buf_init(&b, 1000);
    api_error_json(&b, "invalid", "a \"b\" \\ \n \x01", "");
    assert_string_equal(
        buf_string(&b),
        "{\"error\":{\"code\":\"invalid\",\"text\":\"a \\\"b\\\" \\\\ \\n ?\",\"hint\":\"\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gate_that_sleeps_without_beating_hangs),
        cmocka_unit_test(a_beating_gate_never_hangs),
        cmocka_unit_test(a_suspended_machine_is_no_hang),
        cmocka_unit_test(a_starved_gate_is_left_alone_but_not_for_ever),
        cmocka_unit_test(a_gate_that_turns_in_circles_hangs),
        cmocka_unit_test(a_process_that_is_gone_is_not_known),
        cmocka_unit_test(addresses_become_requests),
        cmocka_unit_test(wrong_addresses_are_refused),
        cmocka_unit_test(error_texts_cannot_break_out_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
