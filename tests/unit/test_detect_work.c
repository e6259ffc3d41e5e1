/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ordinary work must not ring, and as a rule not even be watched.
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

static void make(struct world *w, const struct actor *who, const char *path, enum content kind, uint64_t seed,
                 size_t length)
{
    uint8_t *bytes = content_make(kind, seed, length);
    world_write(w, who, path, bytes, length);
    free(bytes);
}

static void quiet_as(const char *test, struct world *w, bool unwatched)
{
    for (size_t i = 0; i < world_alerts(w); i++)
        for (size_t reason = 0; reason < world_alert(w, i)->reason_count; reason++)
            print_message("%s\n", world_alert(w, i)->reasons[reason]);
    assert_int_equal(world_alerts(w), 0);
    if (unwatched)
        assert_int_equal(world_watches(w), 0);
    world_record(w, test);
    world_free(w);
}

#define must_be_quiet(w, unwatched) quiet_as(__func__, w, unwatched)

static const enum content kinds[] = {DOCUMENT, TEXT, PICTURE, PDF, OLD_DOC, DATABASE, GZIP, PROGRAM};

static void copying_five_thousand_files_in_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(300, 1000, "/usr/bin/cp");
    for (size_t i = 0; i < 5000; i++) {
        char path[128];
        snprintf(path, sizeof(path), "Migration/%zu/file %zu.dat", i % 40, i);
        make(w, &who, path, kinds[i % 8], i, 500 + i * 37 % 9000);
    }
    must_be_quiet(w, true);
}

static void unpacking_sources_with_the_same_small_texts_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(301, 1000, "/usr/bin/tar");
    for (size_t i = 0; i < 600; i++) {
        char path[128];
        snprintf(path, sizeof(path), "src/pkg%zu/LICENSE", i);
        make(w, &who, path, TEXT, 1, 1100);
        snprintf(path, sizeof(path), "src/pkg%zu/index.js", i);
        make(w, &who, path, TEXT, i, 4000);
    }
    must_be_quiet(w, false);
}

static void loose_name(char *out, size_t size, const char *folder, size_t i)
{
    uint64_t hash = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    snprintf(out, size, "repo/.git/objects/%02x/%s%016llx", (unsigned)(hash & 255), folder,
             (unsigned long long)hash);
}

static void git_clone_checkout_and_gc_are_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(302, 1000, "/usr/bin/git"), gc = world_actor(303, 1000, "/usr/bin/git");
    char path[256], temporary[256];
    detect_set_tree_files(world_detect(w), 0, SHARE_FILES + 1800); /* as the sensor counts on */
    for (size_t i = 0; i < 1500; i++) { /* commits: loose objects through a temporary name */
        loose_name(temporary, sizeof(temporary), "tmp_obj_", i);
        loose_name(path, sizeof(path), "", i);
        make(w, &who, temporary, LOOSE_OBJECT, i, 120 + i * 31 % 5000);
        world_rename(w, &who, temporary, path);
    }
    for (size_t round = 0; round < 3; round++) /* checkouts: delete and write anew */
        for (size_t i = 0; i < 300; i++) {
            snprintf(path, sizeof(path), "repo/src/%zu/file%zu.c", i % 12, i);
            world_delete(w, &who, path);
            make(w, &who, path, TEXT, i + round * 1000, 2000 + i * 11);
        }
    make(w, &gc, "repo/.git/objects/pack/tmp_pack_x", LOOSE_OBJECT, 5, 900000);
    world_rename(w, &gc, "repo/.git/objects/pack/tmp_pack_x", "repo/.git/objects/pack/pack-1.pack");
    for (size_t i = 0; i < 1500; i++) {
        loose_name(path, sizeof(path), "", i);
        world_delete(w, &gc, path);
    }
    must_be_quiet(w, true);
}

static void office_programs_saving_are_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor writer = world_actor(304, 1000, "/usr/lib/libreoffice/program/soffice.bin");
    struct actor word = world_actor(305, 1001, "/usr/sbin/smbd");
    for (size_t i = 0; i < 200; i++) {
        char path[256], lock[300], saved[300], aside[300];
        snprintf(path, sizeof(path), "Service %02zu/lettre %zu.docx", i % 8, i / 2);
        snprintf(lock, sizeof(lock), "Service %02zu/.~lock.lettre %zu.docx#", i % 8, i / 2);
        snprintf(saved, sizeof(saved), "Service %02zu/lu%zu.tmp", i % 8, i);
        snprintf(aside, sizeof(aside), "Service %02zu/~WRL%04zu.tmp", i % 8, i);
        make(w, &writer, lock, TEXT, 3, 80);
        make(w, &writer, saved, DOCUMENT, i, 20000 + i * 13);
        world_rename(w, &writer, saved, path);
        world_delete(w, &writer, lock);
        make(w, &word, saved, DOCUMENT, i + 5000, 21000 + i * 13);
        world_rename(w, &word, path, aside);
        world_rename(w, &word, saved, path);
        world_delete(w, &word, aside);
        make(w, &writer, path, DOCUMENT, i + 9000, 22000 + i * 13); /* written in place */
    }
    must_be_quiet(w, true);
}

static void zipping_and_encrypting_copies_is_quiet_while_the_originals_stay(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(306, 1000, "/usr/bin/gpg");
    for (size_t i = 0; i < 100; i++) {
        char path[600];
        uint8_t bytes[9000];
        snprintf(path, sizeof(path), "%s.gpg", world_path(w, i));
        content_random(bytes, sizeof(bytes), i);
        memcpy(bytes, "\x8C\x0D\x04\x09\x03\x02", 6);
        world_write(w, &who, path, bytes, sizeof(bytes));
    }
    make(w, &who, "archive.zip", DOCUMENT, 1, 900000);
    must_be_quiet(w, true);
}

static void zipping_a_folder_and_deleting_it_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(307, 1000, "/usr/bin/zip");
    make(w, &who, "Service 03.zip", DOCUMENT, 1, 900000);
    for (size_t i = 0; i < SHARE_FILES;) {
        const char *path = world_path(w, i);
        if (!path)
            break;
        if (strncmp(path, "Service 03/", 11) == 0)
            world_delete(w, &who, path);
        else
            i++;
    }
    must_be_quiet(w, true);
}

static void building_with_make_twice_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < 400; i++) {
            struct actor cc = world_actor(308, 1000, "/usr/bin/cc1"); /* below one make */
            char path[128], assembly[128];
            snprintf(path, sizeof(path), "repo/build/%zu/file%zu.o", i % 10, i);
            snprintf(assembly, sizeof(assembly), "repo/build/%zu/file%zu.s", i % 10, i);
            make(w, &cc, assembly, TEXT, i + round, 5000);
            make(w, &cc, path, OBJECT_FILE, i + round * 77, 6000 + i * 3);
            world_delete(w, &cc, assembly);
        }
    must_be_quiet(w, true);
}

static void rsync_over_existing_files_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(309, 1000, "/usr/bin/rsync");
    for (size_t i = 0; i < SHARE_FILES; i++) {
        static const enum content same[] = {DOCUMENT, TEXT, PICTURE, PDF, DOCUMENT, TEXT, OLD_DOC, DATABASE};
        char path[256], temporary[300];
        snprintf(path, sizeof(path), "Service %02zu/Année %zu/pièce %04zu", i % 8, 2018 + i / 8 % 7, i);
        snprintf(path + strlen(path), 10, ".%s",
                 (const char *[]){"docx", "txt", "jpg", "pdf", "xlsx", "csv", "doc", "sqlite"}[i % 8]);
        assert_true(world_has(w, path));
        snprintf(temporary, sizeof(temporary), "%s.Xa8Bq1", path);
        make(w, &who, temporary, same[i % 8], i + 31337, 3000 + (i * 7919) % 50000);
        world_rename(w, &who, temporary, path);
    }
    must_be_quiet(w, true);
}

static void sed_in_place_over_every_text_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(310, 1000, "/usr/bin/sed");
    for (size_t i = 0; i < 2000; i++) {
        char path[128], temporary[128];
        uint8_t *bytes = content_make(TEXT, i, 3000);
        snprintf(path, sizeof(path), "notes/%zu/n%zu.txt", i % 20, i);
        world_place(w, path, bytes, 3000);
        snprintf(temporary, sizeof(temporary), "notes/%zu/sed%zu", i % 20, i);
        bytes[50] = 'X';
        world_write(w, &who, temporary, bytes, 3000);
        world_rename(w, &who, temporary, path);
        free(bytes);
    }
    must_be_quiet(w, true);
}

static void log_rotation_with_compression_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(311, 0, "/usr/sbin/logrotate");
    for (size_t i = 0; i < 30; i++) {
        char log[128], old[128], packed[128];
        snprintf(log, sizeof(log), "log/service%zu.log", i);
        snprintf(old, sizeof(old), "log/service%zu.log.1", i);
        snprintf(packed, sizeof(packed), "log/service%zu.log.1.gz", i);
        uint8_t *bytes = content_make(TEXT, i, 50000);
        world_place(w, log, bytes, 50000);
        free(bytes);
        world_rename(w, &who, log, old);
        make(w, &who, packed, GZIP, i, 8000);
        world_delete(w, &who, old);
    }
    must_be_quiet(w, false);
}

static void copying_logs_and_emptying_them_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(312, 0, "/usr/sbin/logrotate");
    for (size_t i = 0; i < 30; i++) {
        char log[128], copy[128];
        snprintf(log, sizeof(log), "log/service%zu.log", i);
        snprintf(copy, sizeof(copy), "log/service%zu.log.1", i);
        uint8_t *bytes = content_make(TEXT, i, 50000);
        world_place(w, log, bytes, 50000);
        world_write(w, &who, copy, bytes, 50000);
        world_write(w, &who, log, bytes, 0);
        free(bytes);
    }
    must_be_quiet(w, true);
}

static void a_database_writing_its_pages_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(313, 113, "/usr/lib/postgresql/15/bin/postgres");
    for (size_t table = 0; table < 20; table++) {
        char path[64];
        snprintf(path, sizeof(path), "base/16384/%zu", 16400 + table);
        size_t length = 300000;
        uint8_t *bytes = content_make(TABLE, table, length);
        memset(bytes + 8192, 0, 8192 * 4);
        world_place(w, path, bytes, length);
        for (uint64_t round = 0; round < 50; round++) {
            uint8_t *page = content_make(TABLE, round * 100 + table, 8192);
            memcpy(bytes + round * 8192 % (length - 8192), page, 8192);
            free(page);
            world_write(w, &who, path, bytes, length);
        }
        free(bytes);
    }
    must_be_quiet(w, true);
}

static void compacting_mail_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(314, 8, "/usr/lib/dovecot/imap");
    for (size_t box = 0; box < 60; box++) {
        char path[64], temporary[64];
        snprintf(path, sizeof(path), "mail/user%zu/mbox", box);
        snprintf(temporary, sizeof(temporary), "mail/user%zu/mbox.tmp", box);
        uint8_t *bytes = content_make(TEXT, box, 80000);
        size_t coded_length;
        uint8_t *coded = content_base64(bytes, 30000, &coded_length);
        memcpy(bytes + 20000, coded, coded_length); /* an attachment */
        world_place(w, path, bytes, 80000);
        world_write(w, &who, path, bytes, 70000); /* in place */
        world_write(w, &who, temporary, bytes + 20000, 60000);
        world_rename(w, &who, temporary, path); /* and anew: now the attachment is in front */
        free(coded);
        free(bytes);
    }
    must_be_quiet(w, false);
}

static void rotating_pictures_in_place_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(315, 1000, "/usr/bin/mogrify");
    for (size_t i = 0; i < 1000; i++) {
        char path[64];
        snprintf(path, sizeof(path), "Photos/%zu/IMG_%zu.jpg", i % 9, i);
        size_t length = 30000 + i * 17;
        uint8_t *bytes = content_make(PICTURE, i, length);
        world_place(w, path, bytes, length);
        free(bytes);
        make(w, &who, path, PICTURE, i + 70000, length - 900);
    }
    must_be_quiet(w, true);
}

static void renaming_three_thousand_pictures_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(316, 1000, "/usr/bin/rename");
    for (size_t i = 0; i < 3000; i++) {
        char from[64], to[64];
        uint8_t bytes[600];
        snprintf(from, sizeof(from), "Photos/IMG_%zu.jpg", i);
        snprintf(to, sizeof(to), "Photos/Été 2026 %04zu.jpg", i);
        content_random(bytes, sizeof(bytes), i);
        memcpy(bytes, "\xFF\xD8\xFF\xE0", 4);
        world_place(w, from, bytes, sizeof(bytes));
        world_rename(w, &who, from, to);
    }
    must_be_quiet(w, true);
}

static void appending_old_to_many_names_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(317, 1000, "/usr/bin/mmv");
    for (size_t i = 0; i < 200; i++) {
        char from[300], to[320];
        snprintf(from, sizeof(from), "%s", world_path(w, i));
        snprintf(to, sizeof(to), "%s.old", from);
        world_rename(w, &who, from, to);
    }
    must_be_quiet(w, false);
}

static void a_user_deleting_two_thousand_old_files_of_a_folder_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(318, 1000, "/usr/bin/nautilus");
    detect_set_tree_files(world_detect(w), 0, 6000);
    for (size_t i = 0; i < 2000; i++) {
        char path[64];
        uint8_t *bytes = content_make(TEXT, i, 700);
        snprintf(path, sizeof(path), "Archives/%zu/p%zu.txt", i % 50, i);
        world_place(w, path, bytes, 700);
        free(bytes);
        world_delete(w, &who, path);
    }
    must_be_quiet(w, true);
}

static void moving_files_to_another_disk_of_the_tree_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(319, 1000, "/usr/bin/mv");
    for (size_t i = 0; i < SHARE_FILES; i++) { /* a copy, then the deletion of the original */
        char path[300], to[320];
        size_t length;
        snprintf(path, sizeof(path), "%s", world_path(w, 0));
        snprintf(to, sizeof(to), "Moved/%s", path);
        const uint8_t *bytes = world_bytes(w, path, &length);
        uint8_t *copy = mem_dup(bytes, length);
        world_write(w, &who, to, copy, length);
        world_delete(w, &who, path);
        free(copy);
    }
    must_be_quiet(w, true);
}

static void a_download_filling_a_preallocated_file_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor other = world_actor(320, 1000, "/usr/bin/fallocate");
    struct actor who = world_actor(321, 1000, "/usr/bin/aria2c");
    for (size_t file = 0; file < 10; file++) {
        char path[64];
        size_t length = 200000;
        uint8_t *bytes = mem_zalloc(length, 1);
        snprintf(path, sizeof(path), "Downloads/%zu.part", file);
        world_write(w, &other, path, bytes, length);
        for (size_t at = 0; at < length; at += 20000) {
            content_random(bytes + at, 20000, at + file);
            world_write(w, &who, path, bytes, length);
        }
        free(bytes);
    }
    must_be_quiet(w, true);
}

static void backup_programs_writing_encrypted_packs_and_pruning_are_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(322, 0, "/usr/bin/restic"), prune = world_actor(323, 0, "/usr/bin/restic");
    uint8_t *bytes = mem_zalloc(60000, 1);
    char path[64], temporary[80];
    for (size_t i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "repo/data/%02zx/%zx", i & 255, i * 7919 + 1000003);
        snprintf(temporary, sizeof(temporary), "%s-tmp", path);
        content_random(bytes, 60000, i);
        world_write(w, &who, temporary, bytes, 50000 + i);
        world_rename(w, &who, temporary, path);
    }
    for (size_t i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "repo/data/%02zx/%zx", i & 255, i * 7919 + 1000003);
        world_delete(w, &prune, path);
    }
    free(bytes);
    must_be_quiet(w, true);
}

static void logs_that_grow_are_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(324, 0, "/usr/sbin/rsyslogd");
    uint8_t *bytes = content_make(TEXT, 1, 200000);
    for (size_t i = 0; i < 300; i++) {
        char path[64];
        snprintf(path, sizeof(path), "log/%zu.log", i % 10);
        world_write(w, &who, path, bytes, 500 + i * 600);
    }
    free(bytes);
    must_be_quiet(w, true);
}

static void a_browser_renewing_its_cache_is_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    uint64_t mix = 5;
    for (size_t i = 0; i < 600; i++) {
        struct actor who = world_actor((int32_t)(400 + i / 100), 1000, "/usr/lib/firefox/firefox");
        char path[80];
        mix = mix * UINT64_C(6364136223846793005) + 1;
        size_t length = 500 + (mix >> 40) % 30000;
        uint8_t *bytes = content_make(TEXT, i, length);
        snprintf(path, sizeof(path), "profile/cache2/entries/%016zX", i * 7777777777);
        if (i % 2)
            content_random(bytes, length, i);
        world_write(w, &who, path, bytes, length);
        free(bytes);
        if (i >= 100) {
            snprintf(path, sizeof(path), "profile/cache2/entries/%016zX", (i - 100) * 7777777777);
            world_delete(w, &who, path);
        }
    }
    must_be_quiet(w, false);
}

static void one_user_encrypting_two_files_is_watched_but_quiet(void **state)
{
    (void)state;
    struct world *w = share();
    struct actor who = world_actor(325, 1000, "/usr/bin/gpg");
    for (size_t i = 0; i < 2; i++) {
        char path[300], coded[320];
        uint8_t bytes[9000];
        snprintf(path, sizeof(path), "%s", world_path(w, 0));
        snprintf(coded, sizeof(coded), "%s.gpg", path);
        content_random(bytes, sizeof(bytes), i);
        memcpy(bytes, "\x8C\x0D\x04\x09\x03\x02", 6);
        world_write(w, &who, coded, bytes, sizeof(bytes));
        world_delete(w, &who, path);
    }
    assert_int_equal(world_watches(w), 1);
    must_be_quiet(w, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copying_five_thousand_files_in_is_quiet),
        cmocka_unit_test(unpacking_sources_with_the_same_small_texts_is_quiet),
        cmocka_unit_test(git_clone_checkout_and_gc_are_quiet),
        cmocka_unit_test(office_programs_saving_are_quiet),
        cmocka_unit_test(zipping_and_encrypting_copies_is_quiet_while_the_originals_stay),
        cmocka_unit_test(zipping_a_folder_and_deleting_it_is_quiet),
        cmocka_unit_test(building_with_make_twice_is_quiet),
        cmocka_unit_test(rsync_over_existing_files_is_quiet),
        cmocka_unit_test(sed_in_place_over_every_text_is_quiet),
        cmocka_unit_test(log_rotation_with_compression_is_quiet),
        cmocka_unit_test(copying_logs_and_emptying_them_is_quiet),
        cmocka_unit_test(a_database_writing_its_pages_is_quiet),
        cmocka_unit_test(compacting_mail_is_quiet),
        cmocka_unit_test(rotating_pictures_in_place_is_quiet),
        cmocka_unit_test(renaming_three_thousand_pictures_is_quiet),
        cmocka_unit_test(appending_old_to_many_names_is_quiet),
        cmocka_unit_test(a_user_deleting_two_thousand_old_files_of_a_folder_is_quiet),
        cmocka_unit_test(moving_files_to_another_disk_of_the_tree_is_quiet),
        cmocka_unit_test(a_download_filling_a_preallocated_file_is_quiet),
        cmocka_unit_test(backup_programs_writing_encrypted_packs_and_pruning_are_quiet),
        cmocka_unit_test(logs_that_grow_are_quiet),
        cmocka_unit_test(a_browser_renewing_its_cache_is_quiet),
        cmocka_unit_test(one_user_encrypting_two_files_is_watched_but_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
