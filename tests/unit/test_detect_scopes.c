/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is blamed, watched, reported again; names, notes and deletions at their limits.
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

static struct world *share(void)
{
    struct world *w = world_new(SHARE_FILES);
    world_share(w, 8, SHARE_FILES);
    return w;
}

static void ruin(struct world *w, const struct actor *who, size_t index)
{
    char path[512];
    uint8_t noise[6000];
    snprintf(path, sizeof(path), "%s", world_path(w, index));
    content_random(noise, sizeof(noise), index + 1);
    world_write(w, who, path, noise, sizeof(noise));
}

static bool has_reason(const struct alert *alert, const char *text)
{
    for (size_t i = 0; i < alert->reason_count; i++)
        if (strstr(alert->reasons[i], text))
            return true;
    return false;
}

static struct actor client_of(int32_t pid, uint32_t uid, const char *client)
{
    struct actor a = world_actor(pid, uid, "/usr/sbin/smbd");
    snprintf(a.client, sizeof(a.client), "%s", client);
    return a;
}

static void many_clients_of_one_user_ring_together(void **state)
{
    (void)state;
    struct world *w = share();
    for (size_t i = 0; i < 4; i++) {
        char address[32];
        snprintf(address, sizeof(address), "10.0.0.%zu", i + 1);
        struct actor who = client_of((int32_t)(500 + i), 1000, address);
        ruin(w, &who, i);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_USER);
    assert_int_equal(world_alert(w, 0)->culprit_count, 4);
    assert_string_not_equal(world_alert(w, 0)->culprits[0].client, world_alert(w, 0)->culprits[1].client);
    assert_int_equal(world_alert(w, 0)->spoiled, 4);
    world_free(w);
}

static void one_client_with_many_users_rings(void **state)
{
    (void)state;
    struct world *w = share();
    for (size_t i = 0; i < 3; i++) {
        struct actor who = client_of(500, 1000 + (uint32_t)i, "10.0.0.9");
        ruin(w, &who, i);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_CLIENT);
    world_free(w);
}

static void other_clients_of_the_same_server_are_not_blamed(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor bad = client_of(500, 1000, "10.0.0.9"), good = client_of(501, 1001, "10.0.0.8");
    for (size_t i = 0; i < 4; i++) {
        uint8_t *text = content_make(TEXT, i, 500);
        ruin(w, &bad, i);
        world_write(w, &good, "Service 01/notes.txt", text, 500);
        free(text);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->culprit_count, 1);
    assert_string_equal(world_alert(w, 0)->culprits[0].client, "10.0.0.9");
    world_free(w);
}

static void a_user_is_watched_when_two_of_his_programs_look_wrong(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor one = world_actor(500, 1000, "/tmp/a"), two = world_actor(501, 1000, "/tmp/b");
    ruin(w, &one, 0);
    assert_int_equal(world_watches(w), 1);
    ruin(w, &two, 1);
    assert_int_equal(world_watches(w), 3); /* both programs and the user */
    world_free(w);
}

static void a_caught_program_leaves_its_user_below_the_limit(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor one = world_actor(500, 1000, "/tmp/a"), two = world_actor(501, 1000, "/usr/bin/gpg");
    for (size_t i = 0; i < 10; i++)
        ruin(w, &one, i);
    ruin(w, &two, 20);
    ruin(w, &two, 21);
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

static void harm_found_by_a_rescan_rings_on_the_tree_and_blames_nobody(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor nobody = {0};
    for (size_t i = 0; i < 6; i++)
        ruin(w, &nobody, i);
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_TREE);
    assert_int_equal(world_alert(w, 0)->culprit_count, 0);
    world_free(w);
}

static void notes_and_extensions_are_named_in_the_reasons(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/tmp/a");
    uint8_t *note = content_make(TEXT, 1, 900);
    for (size_t i = 0; i < 8; i++) {
        char folder_note[64], path[512], locked[1024];
        snprintf(folder_note, sizeof(folder_note), "Service %02zu/RESTORE FILES.txt", i);
        world_write(w, &who, folder_note, note, 900);
        snprintf(path, sizeof(path), "%s", world_path(w, i));
        snprintf(locked, sizeof(locked), "%s.akira", path);
        world_rename(w, &who, path, locked);
    }
    assert_int_equal(world_alerts(w), 0); /* names alone */
    ruin(w, &who, 0);
    ruin(w, &who, 1);
    assert_int_equal(world_alerts(w), 1);
    assert_true(has_reason(world_alert(w, 0), "\".akira\""));
    assert_true(has_reason(world_alert(w, 0), "\"RESTORE FILES.txt\""));
    free(note);
    world_free(w);
}

static void moving_everything_out_of_the_tree_is_like_deleting_it(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/usr/bin/mv");
    for (size_t i = 0; i < SHARE_FILES && world_alerts(w) == 0; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s", world_path(w, i));
        world_rename(w, &who, path, "");
    }
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

/* Deletes the first `count` files that lie in the first `tops` top folders. */
static size_t delete_some(struct world *w, size_t tops, size_t count)
{
    struct actor who = world_actor(500, 1000, "/usr/bin/rm");
    size_t done = 0;
    for (size_t i = 0; done < count;) {
        const char *path = world_path(w, i);
        if (!path)
            break;
        if ((size_t)atoi(path + strlen("Service ")) < tops) {
            char copy[512];
            snprintf(copy, sizeof(copy), "%s", path);
            world_delete(w, &who, copy);
            done++;
        } else {
            i++;
        }
    }
    return done;
}

static void deleting_one_or_two_top_folders_of_eight_is_work(void **state)
{
    (void)state;
    struct world *w = share();
    assert_int_equal(delete_some(w, 2, SHARE_FILES), SHARE_FILES / 4);
    assert_int_equal(world_alerts(w), 0);
    world_free(w);
}

static void deleting_all_over_the_share_is_an_attack(void **state)
{
    (void)state;
    struct world *w = share();
    delete_some(w, 8, SHARE_FILES * 29 / 100);
    assert_int_equal(world_alerts(w), 0);
    delete_some(w, 8, SHARE_FILES / 50);
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

static void deleting_with_many_programs_of_one_user_is_the_same(void **state)
{
    (void)state;
    struct world *w = share();
    for (size_t i = 0; i < SHARE_FILES && world_path(w, 0); i++) {
        char path[512];
        struct actor who = world_actor((int32_t)(500 + i), 1000, "/usr/bin/rm");
        snprintf(path, sizeof(path), "%s", world_path(w, 0));
        world_delete(w, &who, path);
    }
    assert_true(world_alerts(w) >= 1);
    assert_int_equal(world_alert(w, 0)->scope, SCOPE_USER);
    assert_true(world_harmed_at_alert(w) <= SHARE_FILES / 3);
    world_free(w);
}

static void decoys_taken_along_with_two_folders_do_not_ring(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/usr/bin/rm");
    for (size_t i = 0; i < 6; i++) {
        char path[64];
        uint8_t *bytes = content_make(DOCUMENT, i, 9000);
        snprintf(path, sizeof(path), "Service %02zu/%zu/.decoy.docx", i % 2, i);
        world_place(w, path, bytes, 9000);
        world_decoy(w, path);
        world_delete(w, &who, path);
        free(bytes);
    }
    assert_int_equal(world_alerts(w), 0);
    world_free(w);
}

static void everyday_compressors_that_remove_their_originals_do_not_ring(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/usr/bin/lz4");
    for (size_t i = 0; i < 40; i++) {
        char path[64], packed[80];
        uint8_t *bytes = content_make(TEXT, i, 20000), *small = content_make(LOOSE_OBJECT, i, 9000);
        snprintf(path, sizeof(path), "data/%zu.csv", i);
        snprintf(packed, sizeof(packed), "data/%zu.csv.lz4", i);
        memcpy(small, "\x04\x22\x4D\x18", 4);
        world_place(w, path, bytes, 20000);
        world_write(w, &who, packed, small, 9000);
        world_delete(w, &who, path);
        free(bytes);
        free(small);
    }
    assert_int_equal(world_alerts(w), 0);
    world_free(w);
}

static void a_false_compressor_rings(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/tmp/a");
    for (size_t i = 0; i < 10; i++) {
        char path[64], packed[80];
        uint8_t *bytes = content_make(TEXT, i, 20000), *noise = mem_zalloc(20100, 1);
        snprintf(path, sizeof(path), "data/%zu.csv", i);
        snprintf(packed, sizeof(packed), "data/%zu.csv.gz", i);
        content_random(noise, 20100, i);
        memcpy(noise, "\x1F\x8B\x08", 3);
        world_place(w, path, bytes, 20000);
        world_write(w, &who, packed, noise, 20100);
        world_delete(w, &who, path);
        free(bytes);
        free(noise);
    }
    assert_int_equal(world_alerts(w), 1);
    world_free(w);
}

static void one_7z_per_file_with_the_originals_removed_rings(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(500, 1000, "/usr/bin/7z");
    for (size_t i = 0; i < 20; i++) {
        char path[512], packed[1024];
        uint8_t noise[8000];
        snprintf(path, sizeof(path), "%s", world_path(w, 0));
        snprintf(packed, sizeof(packed), "%s.7z", path);
        content_random(noise, sizeof(noise), i);
        memcpy(noise, "7z\xBC\xAF\x27\x1C", 6);
        world_write(w, &who, packed, noise, sizeof(noise));
        world_delete(w, &who, path);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_true(world_harmed_at_alert(w) <= 8);
    world_free(w);
}

static void reading_and_writing_by_different_programs_of_one_user_ring(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor writer = world_actor(500, 1000, "/tmp/w"), remover = world_actor(501, 1000, "/usr/bin/rm");
    for (size_t i = 0; i < 10; i++) {
        char path[512], locked[1024];
        uint8_t noise[8000];
        snprintf(path, sizeof(path), "%s", world_path(w, 0));
        snprintf(locked, sizeof(locked), "%s.x", path);
        content_random(noise, sizeof(noise), i);
        world_write(w, &writer, locked, noise, sizeof(noise));
        world_delete(w, &remover, path);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_true(world_harmed_at_alert(w) <= 4);
    world_free(w);
}

static void a_share_filled_before_its_eyes_is_guarded_all_the_same(void **state)
{
    (void)state;
    struct world *w = world_new(100);
    struct actor user = world_actor(400, 1001, "/usr/bin/cp"), bad = world_actor(500, 1000, "/tmp/a");
    for (size_t i = 0; i < 100; i++) {
        char path[64];
        uint8_t *bytes = content_make(DOCUMENT, i, 9000);
        snprintf(path, sizeof(path), "%zu/d%zu.docx", i % 5, i);
        world_write(w, &user, path, bytes, 9000);
        free(bytes);
    }
    for (size_t i = 0; i < 6; i++) {
        char path[64], locked[80];
        uint8_t noise[9000];
        snprintf(path, sizeof(path), "%zu/d%zu.docx", i % 5, i);
        snprintf(locked, sizeof(locked), "%s.x", path);
        content_random(noise, sizeof(noise), i);
        world_write(w, &bad, locked, noise, sizeof(noise));
        world_delete(w, &bad, path);
    }
    assert_int_equal(world_alerts(w), 1);
    assert_int_equal(world_harmed_at_alert(w), 3);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_filled_before_its_eyes_is_guarded_all_the_same),
        cmocka_unit_test(many_clients_of_one_user_ring_together),
        cmocka_unit_test(one_client_with_many_users_rings),
        cmocka_unit_test(other_clients_of_the_same_server_are_not_blamed),
        cmocka_unit_test(a_user_is_watched_when_two_of_his_programs_look_wrong),
        cmocka_unit_test(a_caught_program_leaves_its_user_below_the_limit),
        cmocka_unit_test(harm_found_by_a_rescan_rings_on_the_tree_and_blames_nobody),
        cmocka_unit_test(notes_and_extensions_are_named_in_the_reasons),
        cmocka_unit_test(moving_everything_out_of_the_tree_is_like_deleting_it),
        cmocka_unit_test(deleting_one_or_two_top_folders_of_eight_is_work),
        cmocka_unit_test(deleting_all_over_the_share_is_an_attack),
        cmocka_unit_test(deleting_with_many_programs_of_one_user_is_the_same),
        cmocka_unit_test(decoys_taken_along_with_two_folders_do_not_ring),
        cmocka_unit_test(everyday_compressors_that_remove_their_originals_do_not_ring),
        cmocka_unit_test(a_false_compressor_rings),
        cmocka_unit_test(one_7z_per_file_with_the_originals_removed_rings),
        cmocka_unit_test(reading_and_writing_by_different_programs_of_one_user_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
