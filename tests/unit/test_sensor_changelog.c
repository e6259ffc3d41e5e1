/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log of changes: what was added is read again, whatever was killed, damaged or of another boot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "sensor/changelog.h"

static char folder_path[64];
static int folder;
static const char boot[BOOT_ID_SIZE] = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
static const char other_boot[BOOT_ID_SIZE] = "11111111-4b5a-6978-8796-a5b4c3d2e1f0";

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder_path, sizeof folder_path, "/tmp/beffroi-changelog-XXXXXX");
    if (!mkdtemp(folder_path))
        return -1;
    folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0;
}

static int remove_folder(void **state)
{
    (void)state;
    close(folder);
    return path_remove_tree(AT_FDCWD, folder_path);
}

static struct changelog *begin(void)
{
    struct changelog *l;
    assert_int_equal(changelog_open(folder, boot, &l), 0);
    return l;
}

static void add(struct changelog *l, unsigned number, size_t length)
{
    uint8_t *payload = mem_zalloc(1, length);
    memcpy(payload, &number, sizeof number);
    assert_int_equal(changelog_add(l, payload, length), 0);
    free(payload);
}

/* The numbers that are read must follow each other. */
struct seen {
    unsigned first, last, count;
};

static void see(const void *payload, size_t length, void *self)
{
    struct seen *seen = self;
    unsigned number;
    assert_true(length >= sizeof number);
    memcpy(&number, payload, sizeof number);
    if (seen->count++ == 0)
        seen->first = number;
    else
        assert_int_equal(number, seen->last + 1);
    seen->last = number;
}

static struct seen read_all(struct changelog *l)
{
    struct seen seen = {0};
    assert_int_equal(changelog_read(l, see, &seen), 0);
    return seen;
}

static off_t size_of(const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, 0) == 0 ? st.st_size : -1;
}

static void a_new_one_goes_on_where_the_killed_one_was(void **state)
{
    (void)state;
    struct changelog *l = begin();
    assert_int_equal(read_all(l).count, 0);
    for (unsigned i = 1; i <= 10; i++)
        add(l, i, 300);
    changelog_close(l);
    l = begin();
    add(l, 11, 300);
    struct seen seen = read_all(l);
    assert_int_equal(seen.first, 1);
    assert_int_equal(seen.last, 11);
    changelog_close(l);
}

static void the_oldest_go_and_the_size_stays_bounded(void **state)
{
    (void)state;
    struct changelog *l = begin();
    unsigned last = 0;
    for (size_t bytes = 0; bytes < 3 * CHANGELOG_FILE_MAX; bytes += 20000)
        add(l, ++last, 20000);
    struct seen seen = read_all(l);
    assert_int_equal(seen.last, last);
    assert_true(seen.first > 1);
    assert_true(seen.count >= CHANGELOG_FILE_MAX / 20100);
    assert_true(size_of("changes") <= (off_t)CHANGELOG_FILE_MAX);
    assert_true(size_of("changes.old") <= (off_t)CHANGELOG_FILE_MAX);
    changelog_close(l);
}

static void a_torn_record_is_cut_off(void **state)
{
    (void)state;
    struct changelog *l = begin();
    for (unsigned i = 1; i <= 3; i++)
        add(l, i, 100);
    changelog_close(l);
    off_t whole = size_of("changes");
    for (off_t cut = 1; cut < 108; cut += 13) {
        char path[128];
        snprintf(path, sizeof path, "%s/changes", folder_path);
        assert_int_equal(truncate(path, whole - cut), 0);
        l = begin();
        struct seen seen = read_all(l);
        assert_int_equal(seen.last, 2);
        add(l, 3, 100);
        assert_int_equal(read_all(l).last, 3);
        changelog_close(l);
    }
}

static void a_flipped_bit_ends_the_file(void **state)
{
    (void)state;
    struct changelog *l = begin();
    for (unsigned i = 1; i <= 3; i++)
        add(l, i, 100);
    changelog_close(l);
    int fd = openat(folder, "changes", O_RDWR | O_CLOEXEC);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, CHANGELOG_HEADER + 108 + 50), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, CHANGELOG_HEADER + 108 + 50), 1);
    close(fd);
    l = begin();
    assert_int_equal(read_all(l).count, 1);
    changelog_close(l);
}

static void another_boots_log_is_dropped(void **state)
{
    (void)state;
    struct changelog *l = begin();
    for (size_t bytes = 0; bytes < CHANGELOG_FILE_MAX + 40000; bytes += 20000)
        add(l, 1 + (unsigned)(bytes / 20000), 20000);
    assert_true(size_of("changes.old") > 0);
    changelog_close(l);
    assert_int_equal(changelog_open(folder, other_boot, &l), 0);
    assert_int_equal(read_all(l).count, 0);
    assert_int_equal(size_of("changes.old"), -1);
    assert_int_equal(size_of("changes"), CHANGELOG_HEADER);
    changelog_close(l);
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    struct changelog *l = begin();
    uint8_t *large = mem_zalloc(1, CHANGELOG_RECORD_MAX + 1);
    assert_int_equal(changelog_add(l, large, CHANGELOG_RECORD_MAX + 1), ERR_TOO_LARGE);
    assert_int_equal(changelog_add(l, large, CHANGELOG_RECORD_MAX), 0);
    free(large);
    changelog_close(l);
}

/* The log must not be followed to a file of somebody else's. */
static void a_link_in_its_place_is_an_error(void **state)
{
    (void)state;
    struct changelog *l;
    assert_int_equal(symlinkat("/dev/null", folder, "changes"), 0);
    assert_true(changelog_open(folder, boot, &l) < 0);
    assert_true(changelog_add(l, "12345678", 8) < 0);
    assert_int_equal(unlinkat(folder, "changes", 0), 0);
    add(l, 1, 100);
    assert_int_equal(read_all(l).count, 1);
    changelog_close(l);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_new_one_goes_on_where_the_killed_one_was),
        IN_A_FOLDER(the_oldest_go_and_the_size_stays_bounded),
        IN_A_FOLDER(a_torn_record_is_cut_off),
        IN_A_FOLDER(a_flipped_bit_ends_the_file),
        IN_A_FOLDER(another_boots_log_is_dropped),
        IN_A_FOLDER(what_is_too_large_is_refused),
        IN_A_FOLDER(a_link_in_its_place_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
