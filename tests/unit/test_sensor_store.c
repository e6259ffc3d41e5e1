/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shadow store and the held list, in a temporary folder.
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
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "sensor/held.h"
#include "sensor/record.h"
#include "sensor/shadow.h"
#include "sensor/store.h"

struct place {
    char path[64];
    int fd;
    struct kept *kept;
    struct store *store;
};

static const struct store_options plenty = {.quota = 1u << 30, .largest = 1u << 30, .keep_ns = 0};

static void open_store(struct place *p, const struct store_options *options)
{
    struct store_options o = *options;
    o.state_fd = p->fd;
    p->kept = kept_new(2);
    assert_int_equal(store_open(&o, p->kept, &p->store), 0);
}

static void close_store(struct place *p)
{
    store_close(p->store);
    kept_free(p->kept);
    p->store = NULL;
    p->kept = NULL;
}

static int set_up(void **state)
{
    struct place *p = mem_zalloc(1, sizeof *p);
    strcpy(p->path, "/tmp/beffroi-store-XXXXXX");
    if (!mkdtemp(p->path))
        return -1;
    p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    close_store(p);
    close(p->fd);
    path_remove_tree(AT_FDCWD, p->path);
    free(p);
    return 0;
}

static struct version keep(struct place *p, const char *name, const char *text, int expected)
{
    struct version version;
    int fd = openat(p->fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    struct store_source source = {.fd = fd, .tree = 1, .path = name};
    assert_int_equal(store_copy(p->store, &source, NULL, &version), expected);
    close(fd);
    return version;
}

static int read_back(struct place *p, uint64_t number, const char *text)
{
    struct shadow_record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    struct filemeta meta;
    char bytes[256] = "";
    int fd = -1, folder = openat(p->fd, "shadow", O_RDONLY | O_DIRECTORY);
    int rc = shadow_open(folder, number, &fd, record, &meta);
    close(folder);
    if (rc != 0)
        return rc;
    assert_int_equal(read(fd, bytes, sizeof bytes - 1), strlen(text));
    assert_string_equal(bytes, text);
    assert_int_equal(meta.mode & 0777, 0640);
    assert_int_equal(record->tree, 1);
    assert_int_equal(record->version.id, number);
    filemeta_free(&meta);
    close(fd);
    return 0;
}

static void a_copy_is_read_back_with_its_metadata_and_after_a_restart(void **state)
{
    struct place *p = *state;
    open_store(p, &plenty);
    struct version one = keep(p, "un", "first", 0), two = keep(p, "deux", "second", 0);
    assert_int_equal(read_back(p, one.id, "first"), 0);
    close_store(p);
    open_store(p, &plenty);
    assert_int_equal(read_back(p, two.id, "second"), 0);
    assert_int_equal(read_back(p, one.id, "first"), 0);
    struct stamp stamp = {0};
    struct stat st;
    assert_int_equal(fstatat(p->fd, "un", &st, 0), 0);
    stamp = kept_stamp(&st);
    struct version found;
    assert_true(kept_find(p->kept, &stamp, &found));
    assert_int_equal(found.id, one.id);
    assert_int_not_equal(keep(p, "trois", "third", 0).id, two.id);
}

static void a_version_is_copied_once_and_a_new_one_beside_it(void **state)
{
    struct place *p = *state;
    open_store(p, &plenty);
    struct version good = keep(p, "f", "good", 0);
    struct store_source source = {.fd = openat(p->fd, "f", O_RDONLY), .tree = 1, .path = "f"};
    struct version again;
    assert_int_equal(store_copy(p->store, &source, NULL, &again), 0);
    assert_int_equal(again.id, good.id);
    close(source.fd);
    struct version spoiled = keep(p, "f", "spoiled", 0);
    assert_int_not_equal(spoiled.id, good.id);
    assert_int_equal(read_back(p, good.id, "good"), 0);
}

static uint32_t mode_of_folder(struct place *p, uint64_t number)
{
    struct shadow_record *record MEM_AUTO = mem_zalloc(1, sizeof *record);
    struct filemeta meta;
    int fd = -1, folder = openat(p->fd, "shadow", O_RDONLY | O_DIRECTORY);
    assert_int_equal(shadow_open(folder, number, &fd, record, &meta), 0);
    uint32_t mode = meta.mode;
    filemeta_free(&meta);
    close(fd);
    close(folder);
    return mode;
}

static void of_a_folder_its_newest_metadata_are_kept(void **state)
{
    struct place *p = *state;
    struct version first, second, found;
    open_store(p, &plenty);
    assert_int_equal(mkdirat(p->fd, "d", 0700), 0);
    struct store_source source = {.fd = openat(p->fd, "d", O_RDONLY | O_DIRECTORY), .tree = 1, .path = "d"};
    assert_int_equal(store_copy(p->store, &source, NULL, &first), 0);
    assert_int_equal(fchmod(source.fd, 02750), 0);
    assert_int_equal(store_copy(p->store, &source, NULL, &second), 0);
    struct stat st;
    assert_int_equal(fstat(source.fd, &st), 0);
    close(source.fd);
    close_store(p);
    open_store(p, &plenty);
    struct stamp key = kept_folder_stamp(st.st_dev, st.st_ino);
    assert_true(kept_find(p->kept, &key, &found));
    assert_int_equal(found.id, second.id);
    assert_int_equal(mode_of_folder(p, second.id), S_IFDIR | 02750);
    assert_int_equal(mode_of_folder(p, first.id), S_IFDIR | 0700);
}

static int change_mode(struct place *p, const char *name, mode_t mode, struct version *now)
{
    struct stat st;
    int fd = openat(p->fd, name, O_RDONLY | O_CLOEXEC);
    struct store_source source = {.fd = fd, .tree = 1, .path = name};
    const struct timespec tick = {.tv_nsec = 20 * NS_PER_MS}; /* the ctime of older kernels is that coarse */
    nanosleep(&tick, NULL);
    assert_int_equal(fchmod(fd, mode), 0);
    int rc = store_keep_meta(p->store, &source);
    assert_int_equal(fstat(fd, &st), 0);
    struct stamp stamp = kept_stamp(&st);
    *now = kept_version(&stamp);
    close(fd);
    return rc;
}

/* The mode that a version had in the end; 0: that of its copy. */
static uint32_t last_mode(struct place *p, const struct version *version, const struct version *copied)
{
    struct filemeta meta;
    int folder = openat(p->fd, "shadow", O_RDONLY | O_DIRECTORY);
    int rc = shadow_meta(folder, version, copied, &meta);
    close(folder);
    if (rc != 0)
        return 0;
    uint32_t mode = meta.mode & 07777;
    filemeta_free(&meta);
    return mode;
}

static void metadata_that_changed_after_the_copy_are_kept_beside_it(void **state)
{
    struct place *p = *state;
    struct version one, two;
    struct store_state figures;
    open_store(p, &plenty);
    struct version copied = keep(p, "f", "bytes", 0);
    assert_int_equal(last_mode(p, &copied, &copied), 0);
    assert_int_equal(change_mode(p, "f", 0600, &one), 0);
    assert_int_equal(change_mode(p, "f", 0644, &two), 0);
    for (int restarted = 0; restarted < 2; restarted++) {
        assert_int_equal(last_mode(p, &one, &copied), 0600);
        assert_int_equal(last_mode(p, &two, &copied), 0644);
        assert_int_equal(last_mode(p, &two, NULL), 0644);
        assert_int_equal(last_mode(p, &copied, &copied), 0); /* from before the first change */
        store_get_state(p->store, &figures);
        assert_int_equal(figures.files, 1);
        assert_int_equal(figures.bytes, 5);
        close_store(p);
        open_store(p, &plenty);
    }
    struct version grown = two;
    grown.size++;
    assert_int_equal(last_mode(p, &grown, &copied), 0); /* other bytes */
}

static void append_to_index(struct place *p, const void *bytes, size_t length)
{
    int fd = openat(p->fd, "shadow/index", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

static void a_torn_index_loses_only_what_was_torn(void **state)
{
    struct place *p = *state;
    open_store(p, &plenty);
    struct version one = keep(p, "un", "first", 0);
    close_store(p);
    append_to_index(p, "\x50\0\0\0\1\2\3\4torn", 12);
    assert_int_equal(read_back(p, one.id, "first"), 0);
    open_store(p, &plenty);
    struct version two = keep(p, "deux", "second", 0);
    assert_int_equal(read_back(p, one.id, "first"), 0);
    assert_int_equal(read_back(p, two.id, "second"), 0);
    close_store(p);
    open_store(p, &plenty);
    assert_int_equal(read_back(p, two.id, "second"), 0);
}

static void a_damaged_copy_is_not_given(void **state)
{
    struct place *p = *state;
    char name[32];
    open_store(p, &plenty);
    struct version one = keep(p, "un", "first", 0), two = keep(p, "deux", "second", 0);
    snprintf(name, sizeof name, "shadow/%016llx", (unsigned long long)one.id);
    int fd = openat(p->fd, name, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 2), 1);
    close(fd);
    assert_int_equal(read_back(p, one.id, "first"), ERR_CORRUPT);
    snprintf(name, sizeof name, "shadow/%016llx", (unsigned long long)two.id);
    unlinkat(p->fd, name, 0);
    assert_int_equal(read_back(p, two.id, "second"), ERR_NOT_FOUND);
    assert_int_equal(read_back(p, 999, ""), ERR_NOT_FOUND);
}

static void the_quota_takes_what_a_snapshot_holds_first(void **state)
{
    struct place *p = *state;
    struct store_options small = plenty;
    struct store_state now;
    struct stat st;
    small.quota = 30;
    small.largest = 20;
    small.keep_ns = NS_PER_SECOND * 3600;
    open_store(p, &small);
    struct version oldest = keep(p, "un", "0123456789", 0), held = keep(p, "deux", "abcdefghij", 0);
    assert_int_equal(fstatat(p->fd, "deux", &st, 0), 0);
    struct stamp stamp = kept_stamp(&st);
    kept_begin_snapshot(p->kept, 1, 5);
    kept_add_held(p->kept, 1, &stamp);
    struct version newest = keep(p, "trois", "9876543210++", 0);
    assert_int_equal(read_back(p, held.id, "abcdefghij"), ERR_NOT_FOUND);
    assert_int_equal(read_back(p, oldest.id, "0123456789"), 0);
    store_get_state(p->store, &now);
    assert_int_equal(now.unkept, 0);
    keep(p, "quatre", "zyxwvutsrq", 0);
    assert_int_equal(read_back(p, oldest.id, "0123456789"), ERR_NOT_FOUND);
    assert_int_equal(read_back(p, newest.id, "9876543210++"), 0);
    store_get_state(p->store, &now);
    assert_int_equal(now.unkept, 1);
    keep(p, "cinq", "much too long for this store", ERR_TOO_LARGE);
    store_get_state(p->store, &now);
    assert_int_equal(now.unkept, 2);
}

static void a_copy_expires_only_after_a_snapshot(void **state)
{
    struct place *p = *state;
    open_store(p, &plenty);
    struct version one = keep(p, "un", "first", 0);
    int64_t later = clock_system.wall_ns(clock_system.self) + NS_PER_SECOND;
    store_expire(p->store, later);
    assert_int_equal(read_back(p, one.id, "first"), 0);
    store_snapshot(p->store, 1, later);
    store_expire(p->store, later);
    assert_int_equal(read_back(p, one.id, "first"), ERR_NOT_FOUND);
}

struct sum {
    uint64_t count, inodes;
};

static void add_up(const struct held_record *record, void *self)
{
    struct sum *sum = self;
    sum->count++;
    sum->inodes += record->inode;
}

static void write_held(struct place *p, uint64_t count)
{
    struct held_writer *w;
    assert_int_equal(held_create(p->fd, "list", 3, 0, &w), 0);
    for (uint64_t i = 1; i <= count; i++)
        assert_int_equal(held_add(w, &(struct held_record){.device = 1, .inode = i, .size = 2}), 0);
    assert_int_equal(held_finish(w, 77), 0);
}

static void a_held_list_is_read_as_it_was_written(void **state)
{
    struct place *p = *state;
    const uint64_t counts[] = {0, 1, 1024, 5000};
    for (size_t i = 0; i < 4; i++) {
        struct sum sum = {0};
        uint64_t snapshot = 0;
        write_held(p, counts[i]);
        assert_int_equal(held_read(p->fd, "list", 3, &snapshot, add_up, &sum), 0);
        assert_int_equal(snapshot, 77);
        assert_int_equal(sum.count, counts[i]);
        assert_int_equal(sum.inodes, counts[i] * (counts[i] + 1) / 2);
    }
    struct held_writer *w;
    assert_int_equal(held_create(p->fd, "other", 3, 0, &w), 0);
    held_abandon(w);
    assert_int_equal(faccessat(p->fd, "other", F_OK, 0), -1);
}

static void a_held_list_that_is_not_whole_is_refused(void **state)
{
    struct place *p = *state;
    struct sum sum = {0};
    uint64_t snapshot;
    write_held(p, 3);
    assert_int_equal(held_read(p->fd, "list", 4, &snapshot, add_up, &sum), ERR_CORRUPT);
    assert_int_equal(held_read(p->fd, "none", 3, &snapshot, add_up, &sum), ERR_NOT_FOUND);
    int fd = openat(p->fd, "list", O_WRONLY);
    assert_int_equal(ftruncate(fd, 28 + 100), 0);
    close(fd);
    assert_int_equal(held_read(p->fd, "list", 3, &snapshot, add_up, &sum), ERR_CORRUPT);
    assert_int_equal(sum.count, 0);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(a_copy_is_read_back_with_its_metadata_and_after_a_restart),
        IN_PLACE(a_version_is_copied_once_and_a_new_one_beside_it),
        IN_PLACE(of_a_folder_its_newest_metadata_are_kept),
        IN_PLACE(metadata_that_changed_after_the_copy_are_kept_beside_it),
        IN_PLACE(a_torn_index_loses_only_what_was_torn),
        IN_PLACE(a_damaged_copy_is_not_given),
        IN_PLACE(the_quota_takes_what_a_snapshot_holds_first),
        IN_PLACE(a_copy_expires_only_after_a_snapshot),
        IN_PLACE(a_held_list_is_read_as_it_was_written),
        IN_PLACE(a_held_list_that_is_not_whole_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
