/* SPDX-License-Identifier: GPL-3.0-or-later
 * A tree is saved, and single versions of it are fetched back: by inode, by path, with what was expected of
 * them.
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

#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "vault/backup.h"
#include "vault/fetch.h"

struct place {
    char folder[32], *repository, *tree, *stage;
    int stage_fd;
    struct vault *vault;
};

static void put(const char *folder, const char *name, const char *text)
{
    char *path MEM_AUTO = path_join(folder, name);
    int fd FD_AUTO = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, text, strlen(text), path), 0);
}

static int set_up(void **state)
{
    struct place *place = mem_zalloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/fetch-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    place->repository = path_join(place->folder, "repository");
    place->tree = path_join(place->folder, "tree");
    place->stage = path_join(place->folder, "stage");
    char *deep MEM_AUTO = path_join(place->tree, "a/b");
    assert_int_equal(path_make_folders(deep, 0755), 0);
    assert_int_equal(path_make_folders(place->stage, 0700), 0);
    put(place->tree, "first", "one");
    put(place->tree, "a/b/second", "deep below");
    char *link MEM_AUTO = path_join(place->tree, "link");
    assert_int_equal(symlink("somewhere", link), 0);
    place->stage_fd = open(place->stage, O_RDONLY | O_DIRECTORY);
    assert_int_equal(vault_init(place->repository, "word", NULL), 0);
    assert_int_equal(vault_open(place->repository, "word", &place->vault), 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    vault_close(place->vault);
    fd_close(&place->stage_fd);
    path_remove_tree(AT_FDCWD, place->folder);
    free(place->repository);
    free(place->tree);
    free(place->stage);
    free(place);
    return 0;
}

static struct stat look(const struct place *place, const char *name)
{
    struct stat st;
    char *path MEM_AUTO = path_join(place->tree, name);
    assert_int_equal(lstat(path, &st), 0);
    return st;
}

static void save(struct place *place, struct vault_backup_options *options,
                 struct vault_backup_result *result)
{
    const char *paths[] = {place->tree};
    options->paths = paths;
    options->path_count = 1;
    assert_int_equal(vault_backup(place->vault, options, result), 0);
}

static void assert_staged(const struct place *place, const char *name, const char *text)
{
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, 4096);
    assert_int_equal(fd_read_file(place->stage_fd, name, &bytes), 0);
    assert_string_equal(buf_string(&bytes), text);
}

static struct fetch_meta read_meta(const struct place *place, const char *name)
{
    struct buf bytes BUF_AUTO;
    struct reader r;
    struct fetch_meta meta;
    buf_init(&bytes, 65536);
    assert_int_equal(fd_read_file(place->stage_fd, name, &bytes), 0);
    reader_init(&r, bytes.data, bytes.length);
    fetch_meta_decode(&r, &meta);
    assert_true(reader_done(&r));
    return meta;
}

static void fetches_by_inode_and_by_path(void **state)
{
    struct place *place = *state;
    struct vault_backup_result result;
    save(place, &(struct vault_backup_options){0}, &result);
    struct stat first = look(place, "first"), link = look(place, "link");
    /* What is fetched is what was saved, not what stands there now. */
    put(place->tree, "first", "spoiled");
    struct vault_wanted wanted[] = {
        {.inode = first.st_ino,
         .mtime_ns = (int64_t)first.st_mtim.tv_sec * 1000000000 + first.st_mtim.tv_nsec,
         .size = 3,
         .number = 7},
        {.path = "a/b/second", .number = 8},
        {.inode = link.st_ino, .number = 9},
        {.path = "a", .number = 10},
    };
    struct vault_fetched fetched[4];
    assert_int_equal(
        vault_fetch(place->vault, result.snapshot, place->tree, wanted, 4, place->stage_fd, fetched), 0);
    assert_staged(place, "7", "one");
    assert_staged(place, "8", "deep below");
    struct fetch_meta meta = read_meta(place, "7.meta");
    assert_int_equal(meta.meta.mode, first.st_mode);
    assert_int_equal(meta.inode, first.st_ino);
    assert_true(meta.meta.mtime_ns == wanted[0].mtime_ns);
    assert_string_equal(meta.path, "first");
    fetch_meta_free(&meta);
    meta = read_meta(place, "9.meta");
    assert_string_equal(meta.target, "somewhere");
    assert_true(S_ISLNK(meta.meta.mode));
    fetch_meta_free(&meta);
    assert_int_equal(fetched[2].type, NODE_SYMLINK);
    assert_int_equal(faccessat(place->stage_fd, "9", F_OK, 0), -1);
    assert_int_equal(fetched[3].type, NODE_DIR);
}

static void says_which_version_it_does_not_have(void **state)
{
    struct place *place = *state;
    struct vault_backup_result result;
    save(place, &(struct vault_backup_options){0}, &result);
    struct vault_wanted wanted[] = {
        {.path = "a/b/second", .number = 1},
        {.path = "never", .number = 2},
        {.inode = UINT64_MAX - 1, .number = 3},
        {.inode = look(place, "first").st_ino, .mtime_ns = 12345, .size = 3, .number = 4},
    };
    struct vault_fetched fetched[4];
    assert_int_equal(vault_fetch(place->vault, "latest", place->tree, wanted, 4, place->stage_fd, fetched),
                     ERR_PARTIAL);
    assert_int_equal(fetched[0].err, 0);
    assert_int_equal(fetched[1].err, ERR_NOT_FOUND);
    assert_int_equal(fetched[2].err, ERR_NOT_FOUND);
    assert_int_equal(fetched[3].err, ERR_CHANGED);
    assert_int_equal(vault_fetch(place->vault, "latest", "/not/this", wanted, 1, place->stage_fd, fetched),
                     ERR_NOT_FOUND);
    assert_int_equal(vault_fetch(place->vault, "0000", place->tree, wanted, 1, place->stage_fd, fetched),
                     ERR_NOT_FOUND);
}

static void count_states(void *context, const struct vault_file *file)
{
    unsigned *counts = context;
    counts[file->state]++;
    if (strcmp(file->path, "a/b/second") == 0)
        assert_int_equal(file->size, strlen("deep below"));
}

static void tells_of_every_file_how_it_came_into_the_snapshot(void **state)
{
    struct place *place = *state;
    struct vault_backup_result result;
    unsigned counts[4] = {0};
    save(place, &(struct vault_backup_options){.context = counts, .on_file = count_states}, &result);
    assert_int_equal(counts[VAULT_FILE_NEW], 6); /* two files, a link, three folders */
    memset(counts, 0, sizeof counts);
    put(place->tree, "first", "three");
    save(place, &(struct vault_backup_options){.context = counts, .on_file = count_states}, &result);
    assert_int_equal(counts[VAULT_FILE_CHANGED], 2); /* the file, and the folder it is in */
    assert_int_equal(counts[VAULT_FILE_UNCHANGED], 4);
    assert_int_equal(counts[VAULT_FILE_NEW], 0);
    assert_true(*result.parent != '\0');
}

static void a_kept_key_opens_without_the_password(void **state)
{
    struct place *place = *state;
    struct vault_backup_result result;
    struct vault *again;
    struct vault_key *key = vault_keep_key(place->vault);
    save(place, &(struct vault_backup_options){0}, &result);
    vault_close(place->vault);
    place->vault = NULL;
    assert_int_equal(vault_open_with_key(place->repository, key, &again), 0);
    struct vault_wanted wanted = {.path = "first", .number = 1};
    struct vault_fetched fetched;
    assert_int_equal(vault_fetch(again, "latest", place->tree, &wanted, 1, place->stage_fd, &fetched), 0);
    assert_staged(place, "1", "one");
    vault_close(again);
    vault_key_free(key);
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

static void a_stopped_backup_leaves_no_snapshot_and_no_lock(void **state)
{
    struct place *place = *state;
    struct vault_backup_result result;
    const char *paths[] = {place->tree};
    const struct vault_backup_options options = {.paths = paths, .path_count = 1, .canceled = at_once};
    assert_int_equal(vault_backup(place->vault, &options, &result), ERR_CANCELED);
    struct snapshots list;
    assert_int_equal(snapshot_read_all(place->vault, NULL, NULL, &list), 0);
    assert_int_equal(list.count, 0);
    snapshot_free_all(&list);
    char *locks MEM_AUTO = path_join(place->repository, "locks");
    assert_int_equal(rmdir(locks), 0); /* only an empty folder can be removed */
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(fetches_by_inode_and_by_path),
        WITH_PLACE(says_which_version_it_does_not_have),
        WITH_PLACE(tells_of_every_file_how_it_came_into_the_snapshot),
        WITH_PLACE(a_kept_key_opens_without_the_password),
        WITH_PLACE(a_stopped_backup_leaves_no_snapshot_and_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
