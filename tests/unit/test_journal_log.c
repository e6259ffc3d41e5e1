/* SPDX-License-Identifier: GPL-3.0-or-later
 * A journal gives back what was put in, over every boundary of its tiles, and survives being cut off
 * anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "journal/journal.h"

struct folder {
    char path[64];
    int fd;
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    strcpy(folder->path, "/tmp/beffroi-journal-XXXXXX");
    if (!mkdtemp(folder->path))
        return -1;
    folder->fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    *state = folder;
    return folder->fd < 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    close(folder->fd);
    int err = path_remove_tree(AT_FDCWD, folder->path);
    free(folder);
    return err;
}

static struct journal *must_open(const struct folder *folder)
{
    struct journal *j = NULL;
    int err = journal_open(folder->fd, "test.example/journal", &j);
    if (err)
        print_error("%s\n", err_text());
    assert_int_equal(err, 0);
    return j;
}

static void append(struct journal *j, unsigned number, bool urgent)
{
    char text[64];
    snprintf(text, sizeof text, "{\"number\":%u}", number);
    uint64_t index;
    assert_int_equal(journal_append(j, text, strlen(text), urgent, &index), 0);
    assert_int_equal(index, number);
}

static int check_number(void *self, uint64_t index, const char *text, size_t length)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "{\"number\":%u}", (unsigned)index);
    assert_int_equal(length, strlen(wanted));
    assert_memory_equal(text, wanted, length);
    *(unsigned *)self += 1;
    return 0;
}

static unsigned count_from(const struct folder *folder, uint64_t from)
{
    unsigned count = 0;
    assert_int_equal(journal_read(folder->fd, from, check_number, &count), 0);
    return count;
}

static bool is_there(const struct folder *folder, const char *path)
{
    struct stat st;
    return fstatat(folder->fd, path, &st, 0) == 0;
}

static void gives_back_what_was_put_in_over_the_tile_boundaries(void **state)
{
    struct folder *folder = *state;
    struct journal *j = must_open(folder);
    for (unsigned i = 0; i < 600; i++)
        append(j, i, i % 37 == 0 || i == 255 || i == 256);
    assert_int_equal(journal_close(j), 0);
    assert_int_equal(count_from(folder, 0), 600);
    assert_int_equal(count_from(folder, 255), 345);
    assert_int_equal(count_from(folder, 599), 1);
    assert_int_equal(count_from(folder, 600), 0);
    assert_true(is_there(folder, "tile/entries/000"));
    assert_true(is_there(folder, "tile/0/001"));
    assert_true(is_there(folder, "tile/1/000.p/2"));
    assert_true(is_there(folder, "tile/entries/002.p/88"));
    assert_false(is_there(folder, "tile/entries/000.p"));
}

static void opens_again_at_every_size(void **state)
{
    struct folder *folder = *state;
    for (unsigned i = 0; i < 520; i++) {
        struct journal *j = must_open(folder);
        assert_int_equal(journal_size(j), i);
        append(j, i, true);
        assert_int_equal(journal_close(j), 0);
    }
    assert_int_equal(count_from(folder, 0), 520);
}

static void has_one_writer(void **state)
{
    struct folder *folder = *state;
    struct journal *j = must_open(folder), *other = NULL;
    char wanted[32];
    snprintf(wanted, sizeof wanted, "process %d", (int)getpid());
    assert_int_equal(journal_open(folder->fd, "x", &other), ERR_LOCKED);
    assert_non_null(strstr(err_text(), wanted));
    assert_int_equal(journal_close(j), 0);
}

static void refuses_entries_that_are_too_long_or_empty(void **state)
{
    struct folder *folder = *state;
    struct journal *j = must_open(folder);
    static char text[ENTRY_MAX_BYTES + 1];
    memset(text, ' ', sizeof text);
    uint64_t index = 0;
    assert_int_equal(journal_append(j, text, sizeof text, true, &index), ERR_TOO_LARGE);
    assert_true(index == UINT64_MAX);
    assert_int_equal(journal_append(j, text, 0, true, &index), ERR_INVALID);
    assert_int_equal(journal_append(j, text, ENTRY_MAX_BYTES, true, &index), 0);
    assert_int_equal(index, 0);
    assert_int_equal(journal_close(j), 0);
}

static void keys_have_the_modes_that_were_promised(void **state)
{
    struct folder *folder = *state;
    assert_int_equal(journal_close(must_open(folder)), 0);
    struct stat st;
    assert_int_equal(fstatat(folder->fd, "key", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(fstatat(folder->fd, "key.pub", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0444);
    struct note_key key;
    struct checkpoint checkpoint;
    assert_int_equal(journal_public_key(folder->fd, &key), 0);
    assert_int_equal(journal_checkpoint(folder->fd, &key, &checkpoint, NULL), 0);
    assert_int_equal(checkpoint.size, 0);
    assert_string_equal(checkpoint.origin, "test.example/journal");
}

static void what_is_not_flushed_is_not_there(void **state)
{
    struct folder *folder = *state;
    struct journal *j = must_open(folder);
    append(j, 0, true);
    append(j, 1, false);
    assert_int_equal(journal_unsigned(j), 1);
    assert_int_equal(count_from(folder, 0), 1);
    assert_int_equal(journal_flush(j), 0);
    assert_int_equal(count_from(folder, 0), 2);
    assert_int_equal(journal_close(j), 0);
}

/* Writes 600 entries, and waits in the middle until the reader has said that it got there. */
static void write_600(const struct folder *folder, int wait_fd)
{
    struct journal *j = NULL;
    char byte;
    if (journal_open(folder->fd, "x", &j) != 0)
        _exit(1);
    for (unsigned i = 0; i < 600; i++) {
        append(j, i, true);
        if (i == 300 && read(wait_fd, &byte, 1) != 1)
            _exit(1);
    }
    _exit(journal_close(j) ? 1 : 0);
}

static void can_be_read_while_it_is_written(void **state)
{
    struct folder *folder = *state;
    int ends[2], status;
    assert_int_equal(journal_close(must_open(folder)), 0);
    assert_int_equal(pipe(ends), 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        write_600(folder, ends[0]);
    unsigned count = 0;
    bool released = false;
    while (waitpid(writer, &status, WNOHANG) == 0) {
        unsigned now = count_from(folder, 0);
        assert_true(now >= count);
        count = now;
        if (count == 301 && !released)
            released = write(ends[1], "x", 1) == 1;
    }
    assert_true(released && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(count_from(folder, 0), 600);
    close(ends[0]);
    close(ends[1]);
}

#define FOLDER_RIGHTS                                                                                        \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |            \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |            \
     LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* From here on this process reaches nothing but the folder. False when the kernel has no landlock. */
static bool enter_sandbox(int folder)
{
    struct landlock_ruleset_attr rights = {.handled_access_fs = FOLDER_RIGHTS | LANDLOCK_ACCESS_FS_EXECUTE};
    struct landlock_path_beneath_attr beneath = {.allowed_access = FOLDER_RIGHTS, .parent_fd = folder};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof rights, 0);
    return rules >= 0 &&
           syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
}

static void is_written_from_within_a_sandbox(void **state)
{
    struct folder *folder = *state;
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        struct journal *j = must_open(folder);
        if (!enter_sandbox(folder->fd))
            _exit(77);
        if (open("/etc/passwd", O_RDONLY) >= 0)
            _exit(2);
        for (unsigned i = 0; i < 300; i++)
            append(j, i, i % 20 == 0);
        _exit(journal_close(j) ? 1 : 0);
    }
    int status;
    assert_true(waitpid(writer, &status, 0) == writer && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count_from(folder, 0), 300);
    assert_false(is_there(folder, "tile/0/000.p"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gives_back_what_was_put_in_over_the_tile_boundaries),
        CASE(opens_again_at_every_size),
        CASE(has_one_writer),
        CASE(refuses_entries_that_are_too_long_or_empty),
        CASE(keys_have_the_modes_that_were_promised),
        CASE(what_is_not_flushed_is_not_there),
        CASE(can_be_read_while_it_is_written),
        CASE(is_written_from_within_a_sandbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
