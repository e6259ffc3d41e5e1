/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Recorded traces must give the results that stand beside them, to the letter: a change of the detector
 * shows what it changes. BEFFROI_GOLDEN_UPDATE=1 writes the results anew, for review with git diff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "detect/replay.h"
#include "detect/trace.h"

static void read_file(const char *path, struct buf *out)
{
    uint8_t part[4096];
    size_t got;
    FILE *file = fopen(path, "r");
    buf_init(out, 0);
    if (!file)
        return;
    while ((got = fread(part, 1, sizeof(part), file)) > 0)
        buf_put(out, part, got);
    fclose(file);
}

static void write_file(const char *path, struct buf *contents)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(contents->data, 1, contents->length, file), contents->length);
    assert_int_equal(fclose(file), 0);
}

static bool check_one(const char *path)
{
    struct buf trace, wanted, got;
    char *expected = mem_printf("%.*s.expected", (int)(strlen(path) - strlen(".trace")), path);
    read_file(path, &trace);
    read_file(expected, &wanted);
    buf_init(&got, 0);
    assert_int_equal(replay_summary(trace.data, trace.length, NULL, &got), 0);
    bool same = strcmp(buf_string(&got), buf_string(&wanted)) == 0;
    if (getenv("BEFFROI_GOLDEN_UPDATE")) {
        write_file(expected, &got);
        same = true;
    }
    if (!same)
        print_message("%s\nwanted:\n%sgot:\n%s", path, buf_string(&wanted), buf_string(&got));
    buf_free(&trace);
    buf_free(&wanted);
    buf_free(&got);
    free(expected);
    return same;
}

static void recorded_traces_give_the_recorded_results(void **state)
{
    (void)state;
    glob_t found;
    size_t wrong = 0;
    assert_int_equal(glob(GOLDEN_DETECT "/*.trace", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 40);
    for (size_t i = 0; i < found.gl_pathc; i++)
        wrong += !check_one(found.gl_pathv[i]);
    globfree(&found);
    assert_int_equal(wrong, 0);
}

static void an_event_comes_back_from_a_trace_as_it_was(void **state)
{
    (void)state;
    struct event *e = mem_zalloc(1, sizeof(*e));
    struct trace_record *record = mem_zalloc(1, sizeof(*record));
    struct reader r;
    struct buf out;
    *e = (struct event){.sequence = 7, .time_ns = 5, .monotonic_ns = 6, .kind = EVENT_RENAMED, .flags = 2};
    e->actor = (struct actor){.pid = -1, .root_start = 9, .exe = "/bin/x", .client = "10.0.0.1"};
    strcpy(e->path, "a/é");
    strcpy(e->new_path, "b");
    e->before.inode = 3;
    e->old_sketch.valid = 1;
    e->old_sketch.size = 123;
    e->old_sketch.blocks[15] = (struct sketch_block){1, 2, 3, 4, 5};
    buf_init(&out, 0);
    trace_begin(&out);
    trace_put_tick(&out, 99);
    trace_put_event(&out, e);
    assert_int_equal(trace_open(&r, out.data, out.length), 0);
    assert_int_equal(trace_next(&r, record), 1);
    assert_int_equal(record->kind, TRACE_TICK);
    assert_int_equal(record->monotonic_ns, 99);
    assert_int_equal(trace_next(&r, record), 1);
    assert_memory_equal(&record->event, e, sizeof(*e));
    assert_int_equal(trace_next(&r, record), 0);
    buf_free(&out);
    free(record);
    free(e);
}

static void a_cut_trace_and_a_foreign_file_are_refused(void **state)
{
    (void)state;
    struct replay_sink sink = {0};
    struct event *e = mem_zalloc(1, sizeof(*e));
    struct buf out;
    e->kind = EVENT_DELETED;
    buf_init(&out, 0);
    trace_begin(&out);
    trace_put_event(&out, e);
    assert_int_equal(replay_trace(out.data, out.length, NULL, &sink), 0);
    for (size_t length = 9; length < out.length; length++)
        assert_int_equal(replay_trace(out.data, length, NULL, &sink), ERR_CORRUPT);
    out.data[7] = '2';
    assert_int_equal(replay_trace(out.data, out.length, NULL, &sink), ERR_UNSUPPORTED);
    out.data[0] = 'b';
    assert_int_equal(replay_trace(out.data, out.length, NULL, &sink), ERR_CORRUPT);
    buf_free(&out);
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_traces_give_the_recorded_results),
        cmocka_unit_test(an_event_comes_back_from_a_trace_as_it_was),
        cmocka_unit_test(a_cut_trace_and_a_foreign_file_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
