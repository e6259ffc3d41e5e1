/* SPDX-License-Identifier: GPL-3.0-or-later
 * The town is the same for the same seed, has what a town hall's share has, and its files open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <zlib.h>

#include "drill/town.h"

/* The first file of a kind that is not large. */
static size_t first_of(const struct town *t, enum town_kind kind)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->files[i].kind == kind)
            return i;
    fail_msg("the town has no file of kind %d", kind);
    return 0;
}

static void there_are_two_thousand_files_of_every_kind(void **state)
{
    (void)state;
    struct town *t = town_plan(7, false);
    size_t files = 0, of_kind[TOWN_SYMLINK + 1] = {0};
    for (size_t i = 0; i < t->count; i++) {
        files += t->files[i].kind != TOWN_SYMLINK;
        of_kind[t->files[i].kind]++;
    }
    assert_int_equal(files, TOWN_FILES);
    for (size_t k = 0; k <= TOWN_SYMLINK; k++)
        assert_true(of_kind[k] > 0);
    assert_int_equal(of_kind[TOWN_EMPTY], 1);
    assert_int_equal(of_kind[TOWN_BIG_ZIP], 1);
    town_free(t);
}

static void a_village_has_a_tenth_of_it(void **state)
{
    (void)state;
    struct town *t = town_plan(7, true);
    size_t of_kind[TOWN_SYMLINK + 1] = {0};
    for (size_t i = 0; i < t->count; i++)
        of_kind[t->files[i].kind]++;
    for (size_t k = 0; k <= TOWN_SYMLINK; k++)
        assert_true(of_kind[k] > 0);
    assert_in_range(t->count, TOWN_FILES / 10, TOWN_FILES / 10 + 20);
    town_free(t);
}

static void no_path_is_there_twice_and_folders_come_before_what_is_in_them(void **state)
{
    (void)state;
    struct town *t = town_plan(7, false);
    for (size_t i = 0; i < t->count; i++)
        for (size_t j = i + 1; j < t->count; j++)
            assert_string_not_equal(t->files[i].path, t->files[j].path);
    for (size_t i = 0; i < t->folder_count; i++) {
        const char *slash = strrchr(t->folders[i], '/');
        size_t above = 0;
        while (slash && above < i &&
               (strlen(t->folders[above]) != (size_t)(slash - t->folders[i]) ||
                strncmp(t->folders[above], t->folders[i], (size_t)(slash - t->folders[i])) != 0))
            above++;
        assert_true(!slash || above < i);
    }
    town_free(t);
}

static void a_seed_gives_the_same_bytes_and_another_seed_others(void **state)
{
    (void)state;
    struct town *a = town_plan(1, false), *b = town_plan(1, false), *other = town_plan(2, false);
    for (enum town_kind kind = TOWN_TXT; kind < TOWN_BIG_ZIP; kind++) {
        struct buf x, y, z;
        buf_init(&x, 0);
        buf_init(&y, 0);
        buf_init(&z, 0);
        size_t at = first_of(a, kind);
        assert_int_equal(town_make(a, at, &x), 0);
        assert_int_equal(town_make(b, at, &y), 0);
        assert_int_equal(town_make(other, first_of(other, kind), &z), 0);
        assert_int_equal(x.length, y.length);
        assert_memory_equal(x.data, y.data, x.length);
        assert_true(x.length != z.length || memcmp(x.data, z.data, x.length) != 0);
        buf_free(&x);
        buf_free(&y);
        buf_free(&z);
    }
    town_free(a);
    town_free(b);
    town_free(other);
}

static void make_first(enum town_kind kind, struct buf *out)
{
    struct town *t = town_plan(3, false);
    buf_init(out, 0);
    assert_int_equal(town_make(t, first_of(t, kind), out), 0);
    town_free(t);
}

static uint32_t get(const struct buf *b, size_t at, int bytes)
{
    uint32_t value = 0;
    assert_true(at + (size_t)bytes <= b->length);
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | b->data[at + (size_t)i];
    return value;
}

/* Inflates (or copies) the entry whose local header is at `at` and checks its CRC. */
static void check_entry(const struct buf *b, size_t at)
{
    assert_int_equal(get(b, at, 4), 0x04034b50);
    uint32_t method = get(b, at + 8, 2), crc = get(b, at + 14, 4), packed = get(b, at + 18, 4);
    uint32_t length = get(b, at + 22, 4), name = get(b, at + 26, 2);
    const uint8_t *from = b->data + at + 30 + name;
    assert_true(at + 30 + name + packed <= b->length);
    uint8_t *plain = malloc(length + 1);
    if (method == 0) {
        assert_int_equal(packed, length);
        memcpy(plain, from, length);
    } else {
        z_stream z = {
            .next_in = (Bytef *)(uintptr_t)from, .avail_in = packed, .next_out = plain, .avail_out = length};
        assert_int_equal(inflateInit2(&z, -15), Z_OK);
        assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
        assert_int_equal(z.total_out, length);
        inflateEnd(&z);
    }
    assert_int_equal((uint32_t)crc32_z(0, plain, length), crc);
    free(plain);
}

static void office_files_and_archives_are_whole_zip_containers(void **state)
{
    (void)state;
    static const enum town_kind kinds[] = {TOWN_ODT, TOWN_DOCX, TOWN_XLSX, TOWN_ZIP};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct buf b;
        make_first(kinds[k], &b);
        size_t end = b.length - 22;
        assert_int_equal(get(&b, end, 4), 0x06054b50);
        uint32_t entries = get(&b, end + 10, 2);
        size_t at = get(&b, end + 16, 4);
        assert_true(entries > 0);
        for (uint32_t i = 0; i < entries; i++) {
            assert_int_equal(get(&b, at, 4), 0x02014b50);
            check_entry(&b, get(&b, at + 42, 4));
            at += 46 + get(&b, at + 28, 2);
        }
        assert_int_equal(at, end);
        buf_free(&b);
    }
}

static void the_table_of_a_pdf_points_at_its_objects(void **state)
{
    (void)state;
    struct buf b;
    make_first(TOWN_PDF, &b);
    assert_memory_equal(b.data, "%PDF-1.4\n", 9);
    const char *text = buf_string(&b);
    char *at = NULL;
    for (size_t i = 0; i + 10 < b.length; i++)
        if (memcmp(text + i, "startxref\n", 10) == 0)
            at = b.data ? (char *)b.data + i + 10 : NULL;
    assert_non_null(at);
    const char *table = text + strtoul(at, NULL, 10);
    assert_memory_equal(table, "xref\n0 ", 7);
    unsigned long objects = strtoul(table + 7, NULL, 10);
    const char *row = strchr(table + 7, '\n') + 1;
    for (unsigned long n = 1; n < objects; n++) {
        char wanted[32];
        int length = snprintf(wanted, sizeof wanted, "%lu 0 obj\n", n);
        assert_memory_equal(text + strtoul(row + 20 * n, NULL, 10), wanted, (size_t)length);
    }
    buf_free(&b);
}

static void a_database_passes_its_own_check(void **state)
{
    (void)state;
    struct buf b;
    make_first(TOWN_SQLITE, &b);
    sqlite3 *db;
    sqlite3_stmt *check;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(sqlite3_deserialize(db, "main", b.data, (sqlite3_int64)b.length, (sqlite3_int64)b.length,
                                         SQLITE_DESERIALIZE_READONLY),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(check), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    sqlite3_close(db);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_two_thousand_files_of_every_kind),
        cmocka_unit_test(a_village_has_a_tenth_of_it),
        cmocka_unit_test(no_path_is_there_twice_and_folders_come_before_what_is_in_them),
        cmocka_unit_test(a_seed_gives_the_same_bytes_and_another_seed_others),
        cmocka_unit_test(office_files_and_archives_are_whole_zip_containers),
        cmocka_unit_test(the_table_of_a_pdf_points_at_its_objects),
        cmocka_unit_test(a_database_passes_its_own_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
