/* SPDX-License-Identifier: GPL-3.0-or-later
 * The journal survives a crash, and a refused write, at every single step that changes the disk. The steps
 * are caught by standing in for the system calls: this program's own mkdirat, renameat and so on come before
 * the C library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "journal/journal.h"
#include "journal/verify.h"

/* ---- the steps ---- */

enum mode { MODE_OFF, MODE_DIE, MODE_REFUSE };

static enum mode mode;
static int steps_left; /* until the mode strikes */

/* Counts one step; true when it is to be refused. */
static bool strikes(void)
{
    if (mode == MODE_OFF || steps_left-- > 0)
        return false;
    if (mode == MODE_DIE)
        _exit(9);
    errno = ENOSPC;
    return true;
}

int mkdirat(int dirfd, const char *path, mode_t permissions)
{
    return strikes() ? -1 : (int)syscall(SYS_mkdirat, dirfd, path, permissions);
}

int renameat(int from, const char *from_path, int to, const char *to_path)
{
    return strikes() ? -1 : (int)syscall(SYS_renameat2, from, from_path, to, to_path, 0);
}

int linkat(int from, const char *from_path, int to, const char *to_path, int flags)
{
    return strikes() ? -1 : (int)syscall(SYS_linkat, from, from_path, to, to_path, flags);
}

int unlinkat(int dirfd, const char *path, int flags)
{
    /* What is not there changes nothing and is no step. */
    if (faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    return strikes() ? -1 : (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

int fdatasync(int fd)
{
    return strikes() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return strikes() ? -1 : (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    /* Half of it gets through, as when the disk runs full or the power goes in the middle. */
    if (mode != MODE_OFF && steps_left == 0 && length > 1)
        syscall(SYS_write, fd, bytes, length / 2);
    return strikes() ? -1 : (ssize_t)syscall(SYS_write, fd, bytes, length);
}

/* ---- the journal ---- */

struct folder {
    char path[64];
    int fd;
};

static void make_folder(struct folder *folder)
{
    strcpy(folder->path, "/tmp/beffroi-crash-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    folder->fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder->fd >= 0);
}

static void remove_folder(struct folder *folder)
{
    close(folder->fd);
    assert_int_equal(path_remove_tree(AT_FDCWD, folder->path), 0);
}

static int append(struct journal *j, uint64_t number, bool urgent)
{
    char text[128];
    uint64_t index = 0;
    snprintf(text, sizeof text, "{\"@timestamp\":\"2026-11-22T16:00:00Z\",\"number\":%llu}",
             (unsigned long long)number);
    int err = journal_append(j, text, strlen(text), urgent, &index);
    assert_true(index == number);
    return err;
}

static int check_number(void *self, uint64_t index, const char *text, size_t length)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, "{\"@timestamp\":\"2026-11-22T16:00:00Z\",\"number\":%llu}",
             (unsigned long long)index);
    assert_int_equal(length, strlen(wanted));
    assert_memory_equal(text, wanted, length);
    *(uint64_t *)self += 1;
    return 0;
}

static bool has_temporaries(const struct folder *folder)
{
    char *command MEM_AUTO = mem_printf("find %s -name '.tmp-*' | grep -q .", folder->path);
    return system(command) == 0;
}

/* The journal holds the numbers 0 to n-1 and verifies; returns n. */
static uint64_t check(const struct folder *folder)
{
    uint64_t count = 0;
    struct verify_report report;
    assert_int_equal(journal_read(folder->fd, 0, check_number, &count), 0);
    assert_int_equal(journal_verify(folder->fd, NULL, NULL, 0, &report), 0);
    for (size_t i = 0; i < report.count; i++)
        if (!report.findings[i].warning)
            print_error("%s\n", report.findings[i].text);
    assert_int_equal(report.damages, 0);
    assert_int_equal(report.size, count);
    verify_report_free(&report);
    return count;
}

/* A journal with `start` entries. */
static void prepare(struct folder *folder, uint64_t start)
{
    struct journal *j = NULL;
    make_folder(folder);
    assert_int_equal(journal_open(folder->fd, "test.example/journal", &j), 0);
    for (uint64_t i = 0; i < start; i++)
        assert_int_equal(append(j, i, false), 0);
    assert_int_equal(journal_close(j), 0);
}

/* In a child: opens, appends three urgent entries, and dies at the step. True when it got to the end. */
static bool run_child(const struct folder *folder, int step, uint64_t start, uint64_t *acknowledged)
{
    *acknowledged = start;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct journal *j = NULL;
        mode = MODE_DIE;
        steps_left = step;
        if (journal_open(folder->fd, "test.example/journal", &j) != 0)
            _exit(1);
        for (uint64_t i = 0; i < 3; i++) {
            if (append(j, start + i, true) != 0)
                _exit(1);
            *acknowledged = start + i + 1;
        }
        _exit(0);
    }
    int status;
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9);
    return WEXITSTATUS(status) == 0;
}

static void crash_at_every_step(uint64_t start)
{
    uint64_t *acknowledged =
        mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(acknowledged != MAP_FAILED);
    bool finished = false;
    for (int step = 0; !finished; step++) {
        assert_true(step < 1000);
        struct folder folder;
        prepare(&folder, start);
        finished = run_child(&folder, step, start, acknowledged);
        uint64_t covered = check(&folder);
        assert_true(covered >= *acknowledged);
        struct journal *j = NULL;
        assert_int_equal(journal_open(folder.fd, "test.example/journal", &j), 0);
        assert_true(journal_size(j) >= covered && journal_size(j) <= start + 3);
        assert_int_equal(journal_size(j) - covered, journal_completed(j));
        assert_int_equal(append(j, journal_size(j), true), 0);
        uint64_t size = journal_size(j);
        assert_int_equal(journal_close(j), 0);
        assert_int_equal(check(&folder), size);
        assert_false(has_temporaries(&folder));
        remove_folder(&folder);
        assert_true(!finished || step > 20);
    }
    munmap(acknowledged, sizeof *acknowledged);
}

static void survives_a_crash_at_every_step_within_a_bundle(void **state)
{
    (void)state;
    crash_at_every_step(5);
}

static void survives_a_crash_at_every_step_over_a_full_bundle(void **state)
{
    (void)state;
    crash_at_every_step(254);
}

static void survives_a_crash_at_every_step_at_the_start_of_a_bundle(void **state)
{
    (void)state;
    crash_at_every_step(512);
}

/* Nothing there yet: the very first opening. */
static void survives_a_crash_at_every_step_of_its_making(void **state)
{
    (void)state;
    bool finished = false;
    for (int step = 0; !finished; step++) {
        assert_true(step < 1000);
        struct folder folder;
        make_folder(&folder);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct journal *j = NULL;
            mode = MODE_DIE;
            steps_left = step;
            _exit(journal_open(folder.fd, "test.example/journal", &j) ? 1 : 0);
        }
        int status;
        assert_true(waitpid(child, &status, 0) == child);
        assert_true(WIFEXITED(status));
        finished = WEXITSTATUS(status) == 0;
        assert_true(finished || WEXITSTATUS(status) == 9);
        struct journal *j = NULL;
        assert_int_equal(journal_open(folder.fd, "test.example/journal", &j), 0);
        assert_int_equal(append(j, 0, true), 0);
        assert_int_equal(journal_close(j), 0);
        assert_int_equal(check(&folder), 1);
        remove_folder(&folder);
    }
}

/* The disk is full from some step on, for one append; then there is room again. */
static void goes_on_after_a_write_is_refused_at_every_step(void **state)
{
    (void)state;
    bool refused = true;
    for (int step = 0; refused; step++) {
        assert_true(step < 1000);
        struct folder folder;
        struct journal *j = NULL;
        prepare(&folder, 254);
        assert_int_equal(journal_open(folder.fd, "test.example/journal", &j), 0);
        assert_int_equal(append(j, 254, false), 0);
        mode = MODE_REFUSE;
        steps_left = step;
        int err = append(j, 255, true);
        refused = steps_left < 0;
        mode = MODE_OFF;
        /* A partial tile that could not be removed is no error: the next opening removes it. */
        assert_true(err == 0 || (refused && err == ERR_NO_SPACE));
        uint64_t covered = check(&folder);
        assert_true(covered == 254 || covered == 256);
        assert_true(covered == 256 || err);
        assert_int_equal(append(j, 256, true), 0);
        assert_int_equal(journal_unsigned(j), 0);
        assert_int_equal(check(&folder), 257);
        assert_int_equal(journal_close(j), 0);
        remove_folder(&folder);
    }
}

/* The disk stays full: what waits in memory is bounded, and nothing of it is lost when there is room. */
static void refuses_entries_when_too_many_wait(void **state)
{
    (void)state;
    struct folder folder;
    struct journal *j = NULL;
    prepare(&folder, 0);
    assert_int_equal(journal_open(folder.fd, "test.example/journal", &j), 0);
    char *text = malloc(60000);
    memset(text, ' ', 60000);
    memcpy(text, "{\"@timestamp\":\"2026-11-22T16:00:00Z\"}", 37);
    mode = MODE_REFUSE;
    steps_left = 0;
    uint64_t taken = 0, index;
    for (;;) {
        int err = journal_append(j, text, 60000, false, &index);
        assert_true(err == 0 || err == ERR_NO_SPACE);
        if (index == UINT64_MAX)
            break;
        assert_true(index == taken);
        taken++;
        assert_true(taken < 10000);
    }
    mode = MODE_OFF;
    assert_true(taken * 60000 > JOURNAL_PENDING_BYTES / 2 && taken * 60000 <= JOURNAL_PENDING_BYTES);
    assert_int_equal(journal_flush(j), 0);
    assert_int_equal(journal_close(j), 0);
    struct checkpoint checkpoint;
    assert_int_equal(journal_checkpoint(folder.fd, NULL, &checkpoint, NULL), 0);
    assert_int_equal(checkpoint.size, taken);
    free(text);
    remove_folder(&folder);
}

static size_t partial_bytes(const struct folder *folder)
{
    size_t total = 0;
    for (size_t width = 1; width < TILE_WIDTH; width++) {
        char path[TILE_PATH_SIZE];
        struct stat st;
        tile_path(TILE_ENTRIES, 0, width, path);
        if (fstatat(folder->fd, path, &st, 0) == 0)
            total += (size_t)st.st_size;
    }
    return total;
}

static void partial_bundles_do_not_fill_the_disk(void **state)
{
    (void)state;
    struct folder folder;
    struct journal *j = NULL;
    prepare(&folder, 0);
    char *text = malloc(20000);
    memset(text, ' ', 20000);
    memcpy(text, "{\"@timestamp\":\"2026-11-22T16:00:00Z\"}", 37);
    for (int round = 0; round < 4; round++) {
        assert_int_equal(journal_open(folder.fd, "test.example/journal", &j), 0);
        for (int i = 0; i < 15; i++)
            assert_int_equal(journal_append(j, text, 20000, true, NULL), 0);
        assert_int_equal(journal_close(j), 0);
        assert_true(partial_bytes(&folder) <= JOURNAL_PARTIAL_BYTES);
    }
    assert_true(partial_bytes(&folder) > JOURNAL_PARTIAL_BYTES / 2);
    free(text);
    remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_crash_at_every_step_within_a_bundle),
        cmocka_unit_test(survives_a_crash_at_every_step_over_a_full_bundle),
        cmocka_unit_test(survives_a_crash_at_every_step_at_the_start_of_a_bundle),
        cmocka_unit_test(survives_a_crash_at_every_step_of_its_making),
        cmocka_unit_test(goes_on_after_a_write_is_refused_at_every_step),
        cmocka_unit_test(refuses_entries_when_too_many_wait),
        cmocka_unit_test(partial_bundles_do_not_fill_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
