/* SPDX-License-Identifier: GPL-3.0-or-later
 * A durable write replaces whole or not at all, and what a killed process left behind does not stop it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/path.h"

static char path[] = "/tmp/beffroi-durable-XXXXXX";
static int folder;

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(path))
        return -1;
    folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return folder < 0;
}

static int remove_folder(void **state)
{
    (void)state;
    close(folder);
    return path_remove_tree(AT_FDCWD, path);
}

static void assert_holds(const char *name, const char *wanted)
{
    struct buf text BUF_AUTO;
    buf_init(&text, 100);
    assert_int_equal(fd_read_file(folder, name, &text), 0);
    assert_string_equal(buf_string(&text), wanted);
}

static void replaces_what_was_there_with_its_own_mode(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(durable_write(folder, "one", "old", 3, 0600), 0);
    assert_int_equal(durable_write(folder, "one", "newer", 5, 0440), 0);
    assert_holds("one", "newer");
    assert_int_equal(fstatat(folder, "one", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0440);
}

static void does_not_replace_when_it_only_creates(void **state)
{
    (void)state;
    assert_int_equal(durable_create(folder, "two", "first", 5, 0600), 0);
    assert_int_equal(durable_create(folder, "two", "second", 6, 0600), ERR_EXISTS);
    assert_holds("two", "first");
}

static void is_not_stopped_by_what_a_process_of_the_same_number_left(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[64];
        snprintf(name, sizeof name, ".tmp-%d-%d", (int)getpid(), i);
        int fd = openat(folder, name, O_WRONLY | O_CREAT, 0400);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "half of a file that was longer", 30), 30);
        close(fd);
    }
    assert_int_equal(durable_write(folder, "three", "whole", 5, 0600), 0);
    assert_holds("three", "whole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_what_was_there_with_its_own_mode),
        cmocka_unit_test(does_not_replace_when_it_only_creates),
        cmocka_unit_test(is_not_stopped_by_what_a_process_of_the_same_number_left),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
