/* SPDX-License-Identifier: GPL-3.0-or-later
 * Attacks as they are known, each with exactly the steps that take it back; the history gives each author his
 * own changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recover/history.h"
#include "recover/plan.h"

static struct event event;

static const struct event *make(enum event_kind kind, const char *path, const char *new_path, uint64_t inode,
                                uint64_t version, uint32_t flags)
{
    static uint64_t sequence;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    event.flags = flags;
    event.sequence = ++sequence;
    event.actor = (struct actor){.pid = 7, .root_pid = 7, .root_start = 1};
    snprintf(event.path, sizeof event.path, "%s", path);
    snprintf(event.new_path, sizeof event.new_path, "%s", new_path);
    if (kind != EVENT_CREATED)
        event.before = (struct version){version ? VERSION_SHADOW : VERSION_NONE, version, inode, 10, 1, 1};
    if (kind != EVENT_DELETED)
        event.after = (struct filestate){inode, 20, (int64_t)sequence};
    return &event;
}

static void to_plan(const struct change *c, void *self)
{
    plan_add(self, c);
}

/* The steps as text: "restore PATH [from FROM] VERSION expected INODE; ..." */
static void expect(struct history *h, const char *wanted)
{
    static const char *const words[] = {"", "restore", "rename", "quarantine", "make", "remove"};
    char text[2000] = "";
    struct actor who = {.pid = 7, .root_pid = 7, .root_start = 1};
    struct plan *plan = plan_new();
    const struct step *steps;
    history_of(h, &who, 1, 0, 1, to_plan, plan);
    size_t count = plan_steps(plan, &steps);
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%s %.99s", i ? "; " : "", words[steps[i].kind],
                 steps[i].path);
        length = strlen(text);
        if (steps[i].from[0])
            snprintf(text + length, sizeof text - length, " from %.99s", steps[i].from);
        length = strlen(text);
        if (steps[i].kind == STEP_RESTORE)
            snprintf(text + length, sizeof text - length, " v%d over %d", (int)steps[i].version.id,
                     (int)steps[i].expected.inode);
        assert_int_equal(steps[i].number, i + 1);
    }
    assert_string_equal(text, wanted);
    plan_free(plan);
    history_free(h);
}

#define ADD(...) history_add(h, make(__VA_ARGS__))

static void a_file_spoiled_twice_gets_its_first_version(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_WRITTEN, "a", "", 1, 11, 0);
    ADD(EVENT_WRITTEN, "a", "", 1, 12, 0);
    expect(h, "restore a v11 over 1");
}

static void spoiled_then_renamed_then_spoiled_is_one_file(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_WRITTEN, "d/a", "", 1, 11, 0);
    ADD(EVENT_RENAMED, "d/a", "d/a.locked", 1, 12, 0);
    ADD(EVENT_WRITTEN, "d/a.locked", "", 1, 13, 0);
    expect(h, "restore d/a from d/a.locked v11 over 1");
}

static void renamed_only_gets_its_name_back(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_RENAMED, "a", "b", 1, 11, 0);
    ADD(EVENT_RENAMED, "b", "c", 1, 11, 0);
    expect(h, "rename a from c");
}

static void a_new_file_and_the_old_one_deleted(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_CREATED, "a.x", "", 9, 0, EVENT_FRESH);
    ADD(EVENT_WRITTEN, "a.x", "", 9, 0, EVENT_FRESH);
    ADD(EVENT_DELETED, "a", "", 1, 11, 0);
    expect(h, "restore a v11 over 0; quarantine a.x");
}

static void a_new_file_renamed_over_the_old_one(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_CREATED, "a.x", "", 9, 0, EVENT_FRESH);
    make(EVENT_RENAMED, "a.x", "a", 9, 0, EVENT_FRESH);
    event.replaced = (struct version){VERSION_SHADOW, 11, 1, 10, 1, 1};
    history_add(h, &event);
    expect(h, "restore a v11 over 9");
}

static void made_and_deleted_again_leaves_nothing(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_CREATED, "note", "", 9, 0, EVENT_FRESH);
    ADD(EVENT_DELETED, "note", "", 9, 0, EVENT_FRESH);
    expect(h, "");
}

static void two_files_that_changed_places(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_RENAMED, "a", "t", 1, 0, 0);
    ADD(EVENT_RENAMED, "b", "a", 2, 0, 0);
    ADD(EVENT_RENAMED, "t", "b", 1, 0, 0);
    expect(h, "rename a from b");
}

static void a_folder_deleted_with_what_was_in_it(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_DELETED, "d/e/f", "", 1, 11, 0);
    ADD(EVENT_DELETED, "d/e", "", 2, 0, EVENT_FOLDER);
    ADD(EVENT_DELETED, "d", "", 3, 0, EVENT_FOLDER);
    expect(h, "make d; make d/e; restore d/e/f v11 over 0");
}

static void a_folder_renamed_between_two_spoiled_files(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_WRITTEN, "d/a", "", 1, 11, 0);
    ADD(EVENT_RENAMED, "d", "x", 3, 0, EVENT_FOLDER);
    ADD(EVENT_WRITTEN, "x/b", "", 2, 12, 0);
    ADD(EVENT_RENAMED, "x/b", "b.locked", 2, 13, 0);
    ADD(EVENT_CREATED, "x/LISEZMOI.txt", "", 9, 0, EVENT_FRESH);
    expect(h, "rename d from x; restore d/a v11 over 1; restore d/b from b.locked v12 over 2; "
              "quarantine d/LISEZMOI.txt");
}

static void one_inode_with_two_names_is_restored_once(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_WRITTEN, "a", "", 1, 11, EVENT_LINKED);
    ADD(EVENT_WRITTEN, "b", "", 1, 12, EVENT_LINKED);
    expect(h, "restore a v11 over 1");
}

static void one_of_two_names_deleted_becomes_a_link_of_the_other(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_DELETED, "d/a", "b", 1, 11, EVENT_LINKED);
    expect(h, "restore d/a from b v11 over 0");
}

static int64_t ctime_of_first_step(struct history *h)
{
    struct actor who = {.pid = 7, .root_pid = 7, .root_start = 1};
    struct plan *plan = plan_new();
    const struct step *steps;
    history_of(h, &who, 1, 0, 1, to_plan, plan);
    assert_int_equal(plan_steps(plan, &steps), 1);
    int64_t ctime_ns = steps[0].version.ctime_ns;
    plan_free(plan);
    history_free(h);
    return ctime_ns;
}

static const struct event *at_ctime(const struct event *made, int64_t ctime_ns)
{
    event.before.ctime_ns = ctime_ns;
    return made;
}

static void attributes_are_those_from_before_the_culprits_changed_them(void **state)
{
    (void)state;
    struct history *h = history_new();
    history_add(h, at_ctime(make(EVENT_ATTRIBUTES, "a", "", 1, 11, 0), 50));
    history_add(h, at_ctime(make(EVENT_ATTRIBUTES, "a", "", 1, 11, 0), 60));
    history_add(h, at_ctime(make(EVENT_WRITTEN, "a", "", 1, 11, 0), 70));
    assert_int_equal(ctime_of_first_step(h), 50);
    h = history_new();
    history_add(h, at_ctime(make(EVENT_WRITTEN, "a", "", 1, 11, 0), 70));
    history_add(h, at_ctime(make(EVENT_ATTRIBUTES, "a", "", 1, 12, 0), 80));
    assert_int_equal(ctime_of_first_step(h), 70);
    h = history_new();
    history_add(h, at_ctime(make(EVENT_ATTRIBUTES, "a", "", 1, 11, 0), 50));
    expect(h, "");
}

static void a_version_that_nobody_kept_is_still_a_step(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_DELETED, "a", "", 1, 0, 0);
    expect(h, "restore a v0 over 0");
}

static void paths_that_lead_out_are_passed_over(void **state)
{
    (void)state;
    struct history *h = history_new();
    ADD(EVENT_DELETED, "../a", "", 1, 11, 0);
    ADD(EVENT_DELETED, "/etc/passwd", "", 1, 11, 0);
    ADD(EVENT_RENAMED, "a", "b/../../c", 1, 11, 0);
    expect(h, "restore a v11 over 0");
}

static void count_change(const struct change *c, void *self)
{
    (void)c;
    ++*(size_t *)self;
}

static size_t changes_of(struct history *h, int32_t root)
{
    struct actor who = {.root_pid = root, .root_start = 1};
    size_t count = 0;
    history_of(h, &who, 1, 0, 1, count_change, &count);
    return count;
}

static void the_oldest_changes_go_but_not_those_of_an_incident(void **state)
{
    (void)state;
    struct history *h = history_new();
    struct actor pinned = {.root_pid = 1, .root_start = 1};
    for (int i = 0; i < 10; i++) {
        make(EVENT_WRITTEN, "a", "", 1, 1, 0);
        event.actor.root_pid = 1;
        history_add(h, &event);
    }
    history_pin(h, &pinned, 1);
    for (int i = 0; i < HISTORY_MAX; i++) {
        make(EVENT_WRITTEN, "b", "", 2, 1, 0);
        event.actor.root_pid = 2;
        history_add(h, &event);
    }
    assert_int_equal(changes_of(h, 1), 10);
    assert_int_equal(changes_of(h, 2), HISTORY_MAX - 10);
    history_release(h, &pinned, 1);
    make(EVENT_WRITTEN, "b", "", 2, 1, 0);
    event.actor.root_pid = 2;
    history_add(h, &event);
    assert_int_equal(changes_of(h, 1), 9);
    assert_int_equal(changes_of(h, 2), HISTORY_MAX - 9);
    history_free(h);
}

static void a_client_is_one_author_whatever_process_serves_it(void **state)
{
    (void)state;
    struct history *h = history_new();
    struct actor who[2] = {{.client = "10.0.0.7"}, {.client = "10.0.0.7", .root_pid = 9}};
    size_t count = 0;
    for (int32_t pid = 1; pid < 4; pid++) {
        make(EVENT_WRITTEN, "a", "", 1, 1, 0);
        event.actor.root_pid = pid;
        snprintf(event.actor.client, sizeof event.actor.client, "10.0.0.7");
        history_add(h, &event);
    }
    assert_int_equal(history_of(h, who, 2, 0, 7, count_change, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(changes_of(h, 1), 0);
    history_free(h);
}

static void what_was_done_before_stays(void **state)
{
    (void)state;
    struct history *h = history_new();
    struct actor who = {.pid = 7, .root_pid = 7, .root_start = 1};
    size_t count = 0;
    for (int64_t second = 1; second <= 5; second++) {
        make(EVENT_WRITTEN, "a", "", 1, 1, 0);
        event.monotonic_ns = second * NS_PER_SECOND;
        history_add(h, &event);
    }
    history_of(h, &who, 1, 3 * NS_PER_SECOND, 1, count_change, &count);
    assert_int_equal(count, 3);
    history_free(h);
}

static void a_change_is_in_one_incidents_plan_only(void **state)
{
    (void)state;
    struct history *h = history_new();
    struct actor who = {.pid = 7, .root_pid = 7, .root_start = 1};
    size_t count = 0;
    ADD(EVENT_WRITTEN, "a", "", 1, 1, 0);
    int64_t spoiled_ns = event.after.ctime_ns;
    assert_int_equal(history_of(h, &who, 1, 0, 3, count_change, &count), 0);
    assert_int_equal(count, 1);
    ADD(EVENT_WRITTEN, "b", "", 2, 1, 0);
    assert_int_equal(history_of(h, &who, 1, 0, 4, count_change, &count), 1);
    assert_int_equal(count, 2);
    assert_int_equal(history_of(h, &who, 1, 0, 3, count_change, &count), 1); /* its own again */
    assert_int_equal(count, 3);
    make(EVENT_DELETED, "a", "", 1, 1, 0); /* what the change to "a" had made of it */
    event.before.ctime_ns = spoiled_ns;
    history_add(h, &event);
    count = 0;
    assert_int_equal(history_of(h, &who, 1, 0, 5, count_change, &count), 1); /* not "b", which 4 has */
    assert_int_equal(count, 2); /* "a" is given as what was before */
    history_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_spoiled_twice_gets_its_first_version),
        cmocka_unit_test(spoiled_then_renamed_then_spoiled_is_one_file),
        cmocka_unit_test(renamed_only_gets_its_name_back),
        cmocka_unit_test(a_new_file_and_the_old_one_deleted),
        cmocka_unit_test(a_new_file_renamed_over_the_old_one),
        cmocka_unit_test(made_and_deleted_again_leaves_nothing),
        cmocka_unit_test(two_files_that_changed_places),
        cmocka_unit_test(a_folder_deleted_with_what_was_in_it),
        cmocka_unit_test(a_folder_renamed_between_two_spoiled_files),
        cmocka_unit_test(one_inode_with_two_names_is_restored_once),
        cmocka_unit_test(one_of_two_names_deleted_becomes_a_link_of_the_other),
        cmocka_unit_test(attributes_are_those_from_before_the_culprits_changed_them),
        cmocka_unit_test(a_version_that_nobody_kept_is_still_a_step),
        cmocka_unit_test(paths_that_lead_out_are_passed_over),
        cmocka_unit_test(the_oldest_changes_go_but_not_those_of_an_incident),
        cmocka_unit_test(a_client_is_one_author_whatever_process_serves_it),
        cmocka_unit_test(what_was_done_before_stays),
        cmocka_unit_test(a_change_is_in_one_incidents_plan_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
