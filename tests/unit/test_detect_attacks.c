/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every way of harming files must ring, early.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "detect_traces.h"

#define SHARE_FILES 400
#define MANY        25

/* What is done to the bytes; the result's length is returned in *length. */
typedef void (*spoil_fn)(uint8_t **bytes, size_t *length, uint64_t seed);

static void whole(uint8_t **bytes, size_t *length, uint64_t seed)
{
    content_random(*bytes, *length, seed);
}

static void head_4k(uint8_t **bytes, size_t *length, uint64_t seed)
{
    content_random(*bytes, *length < 4096 ? *length : 4096, seed);
}

static void head_5000(uint8_t **bytes, size_t *length, uint64_t seed)
{
    content_random(*bytes, *length < 5000 ? *length : 5000, seed);
}

static void every_other_16(uint8_t **bytes, size_t *length, uint64_t seed)
{
    for (size_t at = 0; at + 16 <= *length; at += 32)
        content_random(*bytes + at, 16, seed + at);
}

static void per_192_first_64(uint8_t **bytes, size_t *length, uint64_t seed)
{
    for (size_t at = 0; at + 64 <= *length; at += 192)
        content_random(*bytes + at, 64, seed + at);
}

static void with_footer(uint8_t **bytes, size_t *length, uint64_t seed)
{
    *bytes = mem_resize(*bytes, *length + 512, 1);
    *length += 512;
    content_random(*bytes, *length, seed);
}

static void base64(uint8_t **bytes, size_t *length, uint64_t seed)
{
    content_random(*bytes, *length, seed);
    uint8_t *coded = content_base64(*bytes, *length, length);
    free(*bytes);
    *bytes = coded;
}

static void zeros(uint8_t **bytes, size_t *length, uint64_t seed)
{
    (void)seed;
    memset(*bytes, 0, *length);
}

static void gpg(uint8_t **bytes, size_t *length, uint64_t seed)
{
    content_random(*bytes, *length, seed);
    memcpy(*bytes, "\x8C\x0D\x04\x09\x03\x02", 6);
}

static void nothing(uint8_t **bytes, size_t *length, uint64_t seed)
{
    (void)bytes;
    (void)seed;
    *length = 0;
}

/* How it is written. */
enum way { IN_PLACE, NEW_THEN_DELETE, DELETE_THEN_NEW, RENAME_OVER, RENAME_FIRST, OTHER_NAME, WAY_COUNT };

static void write_in_way(struct world *w, const struct actor *who, enum way way, const char *path,
                         const uint8_t *bytes, size_t length)
{
    char locked[1024];
    snprintf(locked, sizeof(locked), "%s.locked", path);
    switch (way) {
    case IN_PLACE:
        world_write(w, who, path, bytes, length);
        break;
    case NEW_THEN_DELETE:
        world_write(w, who, locked, bytes, length);
        world_delete(w, who, path);
        break;
    case DELETE_THEN_NEW:
        world_delete(w, who, path);
        world_write(w, who, locked, bytes, length);
        break;
    case RENAME_OVER:
        world_write(w, who, locked, bytes, length);
        world_rename(w, who, locked, path);
        break;
    case RENAME_FIRST:
        world_rename(w, who, path, locked);
        world_write(w, who, locked, bytes, length);
        break;
    default:
        snprintf(locked, sizeof(locked), "Service 00/%zx.bin", length * 7919 + strlen(path));
        snprintf(locked + strlen(locked), 40, "%s", path + strlen(path) - 9);
        locked[strlen(locked) - 9] = '\0';
        world_write(w, who, locked, bytes, length);
        world_delete(w, who, path);
    }
}

struct attack {
    spoil_fn spoil;
    enum way way;
    size_t actors;  /* the work is split over so many process trees */
    uint32_t users; /* and so many users */
    size_t files;
    size_t skip; /* every skip-th file only */
};

static struct actor actor_of(const struct attack *a, size_t i)
{
    size_t n = i % (a->actors ? a->actors : 1);
    return world_actor((int32_t)(500 + n), 1000 + (uint32_t)(n % (a->users ? a->users : 1)),
                       "/tmp/.x/locker");
}

static void attack(struct world *w, const struct attack *a)
{
    for (size_t i = 0; i < a->files; i++) {
        char path[512];
        size_t length;
        const char *found = world_path(w, a->way == IN_PLACE || a->way == RENAME_FIRST ? i : 0);
        if (!found)
            return;
        snprintf(path, sizeof(path), "%s", found);
        const uint8_t *old = world_bytes(w, path, &length);
        uint8_t *bytes = mem_dup(old, length);
        struct actor who = actor_of(a, i);
        a->spoil(&bytes, &length, i + 77);
        write_in_way(w, &who, a->way, path, bytes, length);
        free(bytes);
    }
}

static void ring_as(const char *test, struct attack a, size_t within)
{
    static size_t count;
    char name[128];
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    if (a.files == 0)
        a.files = MANY;
    attack(w, &a);
    if (world_alerts(w) == 0 || world_harmed_at_alert(w) > within)
        print_message("way %d: %zu alerts, %zu harmed at the first, %zu allowed\n", (int)a.way,
                      world_alerts(w), world_harmed_at_alert(w), within);
    assert_int_not_equal(world_alerts(w), 0);
    assert_true(world_harmed_at_alert(w) <= within);
    assert_true(world_alert(w, 0)->culprit_count >= 1);
    assert_true(world_alert(w, 0)->reason_count >= 1);
    assert_true(world_watches(w) >= 1);
    snprintf(name, sizeof(name), "%s-%zu", test, ++count);
    world_record(w, name);
    world_free(w);
}

#define must_ring(...) ring_as(__func__, __VA_ARGS__)

static void whole_files_ring_at_the_third_in_every_way_of_writing(void **state)
{
    (void)state;
    for (int way = 0; way < OTHER_NAME; way++)
        must_ring((struct attack){.spoil = whole, .way = (enum way)way}, 3);
    must_ring((struct attack){.spoil = whole, .way = OTHER_NAME}, 6);
}

static void heads_alone_ring(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = head_4k}, 3);
    must_ring((struct attack){.spoil = head_5000}, 3);
    must_ring((struct attack){.spoil = head_4k, .way = RENAME_FIRST}, 3);
}

static void intermittent_encryption_rings(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = every_other_16}, 5);
    must_ring((struct attack){.spoil = per_192_first_64}, 5);
}

static void a_footer_changes_nothing(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = with_footer}, 3);
    must_ring((struct attack){.spoil = with_footer, .way = NEW_THEN_DELETE}, 3);
}

static void base64_output_rings(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = base64}, 5);
    must_ring((struct attack){.spoil = base64, .way = NEW_THEN_DELETE}, 5);
    must_ring((struct attack){.spoil = base64, .way = RENAME_OVER}, 5);
}

static void wipers_ring(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = zeros}, 4);
    must_ring((struct attack){.spoil = nothing}, 8);
}

static void gpg_with_the_originals_removed_rings(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = gpg, .way = NEW_THEN_DELETE}, 3);
    must_ring((struct attack){.spoil = gpg, .way = IN_PLACE}, 3);
}

static void eighteen_workers_of_one_user_ring_together(void **state)
{
    (void)state;
    struct attack a = {.spoil = whole, .actors = 18, .files = 18};
    must_ring(a, 5);
    a.way = NEW_THEN_DELETE;
    must_ring(a, 5);
}

static void many_users_ring_on_the_tree(void **state)
{
    (void)state;
    must_ring((struct attack){.spoil = whole, .actors = 20, .users = 20, .files = 20}, 7);
}

static void workers_of_one_user_are_all_culprits(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    attack(w, &(struct attack){.spoil = whole, .actors = 18, .files = 4});
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_USER);
    assert_int_equal(world_alert(w, 0)->culprit_count, 4);
    assert_int_equal(world_alert(w, 0)->spoiled, 4);
    world_free(w);
}

static void a_new_worker_rings_at_his_first_file_after_the_user_rang(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    attack(w, &(struct attack){.spoil = whole, .actors = 18, .files = 5});
    assert_int_equal(world_alerts(w), 2);
    assert_int_equal(world_alert(w, 1)->culprit_count, 1);
    assert_int_equal(world_alert(w, 1)->culprits[0].root_pid, 504);
    world_free(w);
}

static void one_culprit_rings_once(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    attack(w, &(struct attack){.spoil = whole, .files = 200});
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_PROCESS_TREE);
    assert_int_equal(world_alert(w, 0)->spoiled, 3);
    assert_non_null(strstr(world_alert(w, 0)->reasons[0], "became random bytes"));
    world_free(w);
}

static void a_forgotten_culprit_rings_again_when_he_harms_on(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    struct attack a = {.spoil = whole, .files = 10};
    struct actor who = actor_of(&a, 0);
    world_share(w, 8, SHARE_FILES);
    attack(w, &a);
    assert_int_equal(world_alerts(w), 1);
    detect_forget(world_detect(w), &who);
    assert_int_equal(world_unwatches(w), 1);
    a.files = 30;
    attack(w, &a);
    assert_int_equal(world_alerts(w), 2);
    world_free(w);
}

static void an_approved_program_never_rings(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    detect_approve(world_detect(w), &(struct actor){.uid = 1000, .exe = "/tmp/.x/locker"}, 0);
    attack(w, &(struct attack){.spoil = whole, .files = 100});
    assert_int_equal(world_alerts(w), 0);
    assert_int_equal(world_watches(w), 0);
    world_free(w);
}

static void an_approval_is_for_one_user_only(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    detect_approve(world_detect(w), &(struct actor){.uid = 1001, .exe = "/tmp/.x/locker"}, 0);
    attack(w, &(struct attack){.spoil = whole, .files = 10});
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

static void slow_attacks_ring_within_twenty_files(void **state)
{
    (void)state;
    static const int64_t pauses[] = {1, 60, 360};
    for (size_t p = 0; p < 3; p++) {
        struct world *w = world_new(SHARE_FILES);
        world_share(w, 8, SHARE_FILES);
        world_step(w, pauses[p] * NS_PER_SECOND);
        attack(w, &(struct attack){.spoil = whole, .files = 20});
        assert_int_equal(world_alerts(w), 1);
        assert_true(world_harmed_at_alert(w) <= 5);
        world_free(w);
    }
}

static void a_remote_client_is_the_culprit_not_the_server(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    for (size_t i = 0; i < 6; i++) {
        char path[512];
        size_t length;
        /* a new server process each time, as after a reconnection */
        struct actor who = world_actor((int32_t)(900 + i), 1000, "/usr/sbin/smbd");
        snprintf(who.client, sizeof(who.client), "10.77.0.11");
        snprintf(path, sizeof(path), "%s", world_path(w, i));
        const uint8_t *old = world_bytes(w, path, &length);
        uint8_t *bytes = mem_dup(old, length);
        whole(&bytes, &length, i);
        world_write(w, &who, path, bytes, length);
        free(bytes);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_CLIENT);
    assert_string_equal(world_alert(w, 0)->culprits[0].client, "10.77.0.11");
    assert_int_equal(world_alert(w, 0)->spoiled, 3);
    world_free(w);
}

static void a_decoy_and_one_file_ring(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    world_decoy(w, world_path(w, 0));
    attack(w, &(struct attack){.spoil = whole, .files = 5});
    assert_int_equal(world_alerts(w), 1);
    assert_true(world_harmed_at_alert(w) <= 2);
    world_free(w);
}

static void emptying_the_share_rings(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    struct actor who = world_actor(700, 1000, "/usr/bin/find");
    world_share(w, 8, SHARE_FILES);
    size_t deleted = 0;
    for (; world_alerts(w) == 0 && world_path(w, 0); deleted++)
        world_delete(w, &who, world_path(w, 0));
    assert_int_equal(world_alerts(w), 1);
    assert_true(deleted <= SHARE_FILES / 3);
    assert_non_null(strstr(world_alert(w, 0)->reasons[0], "were deleted"));
    world_free(w);
}

static void the_first_spoiled_file_is_watched_and_let_go_later(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    attack(w, &(struct attack){.spoil = whole, .files = 1});
    assert_int_equal(world_watches(w), 1);
    assert_int_equal(world_alerts(w), 0);
    world_wait(w, 20 * 60 * NS_PER_SECOND);
    assert_int_equal(world_unwatches(w), 1);
    world_free(w);
}

static void many_small_writes_into_one_file_are_seen_as_one(void **state)
{
    (void)state;
    struct world *w = world_new(SHARE_FILES);
    struct actor who = world_actor(800, 1000, "/tmp/locker");
    world_share(w, 8, 8);
    for (size_t file = 0; file < 8; file++) {
        char path[512];
        size_t length;
        snprintf(path, sizeof(path), "%s", world_path(w, file));
        const uint8_t *old = world_bytes(w, path, &length);
        uint8_t *bytes = mem_dup(old, length);
        for (size_t at = 0; at < length; at += 64) { /* opened and closed for every piece */
            content_random(bytes + at, length - at < 16 ? length - at : 16, at);
            world_write(w, &who, path, bytes, length);
        }
        free(bytes);
    }
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files_ring_at_the_third_in_every_way_of_writing),
        cmocka_unit_test(heads_alone_ring),
        cmocka_unit_test(intermittent_encryption_rings),
        cmocka_unit_test(a_footer_changes_nothing),
        cmocka_unit_test(base64_output_rings),
        cmocka_unit_test(wipers_ring),
        cmocka_unit_test(gpg_with_the_originals_removed_rings),
        cmocka_unit_test(eighteen_workers_of_one_user_ring_together),
        cmocka_unit_test(many_users_ring_on_the_tree),
        cmocka_unit_test(workers_of_one_user_are_all_culprits),
        cmocka_unit_test(a_new_worker_rings_at_his_first_file_after_the_user_rang),
        cmocka_unit_test(one_culprit_rings_once),
        cmocka_unit_test(a_forgotten_culprit_rings_again_when_he_harms_on),
        cmocka_unit_test(an_approved_program_never_rings),
        cmocka_unit_test(an_approval_is_for_one_user_only),
        cmocka_unit_test(slow_attacks_ring_within_twenty_files),
        cmocka_unit_test(a_remote_client_is_the_culprit_not_the_server),
        cmocka_unit_test(a_decoy_and_one_file_ring),
        cmocka_unit_test(emptying_the_share_rings),
        cmocka_unit_test(the_first_spoiled_file_is_watched_and_let_go_later),
        cmocka_unit_test(many_small_writes_into_one_file_are_seen_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
