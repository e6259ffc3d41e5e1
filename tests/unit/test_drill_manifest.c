/* SPDX-License-Identifier: GPL-3.0-or-later
 * The manifest notices whatever an attack or a recovery can leave different, and nothing else.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/path.h"
#include "drill/manifest.h"

struct tree {
    char path[64];
    int fd;
    struct manifest *before;
};

static void put(int dirfd, const char *name, const char *text)
{
    int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int set_up(void **state)
{
    struct tree *t = calloc(1, sizeof *t);
    strcpy(t->path, "/tmp/beffroi-manifest.XXXXXX");
    assert_non_null(mkdtemp(t->path));
    t->fd = open(t->path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(mkdirat(t->fd, "État civil", 0755), 0);
    put(t->fd, "État civil/Naissances 2022.txt", "des noms");
    put(t->fd, "État civil/tab\there%\n.txt", "un nom difficile");
    put(t->fd, "vide", "");
    put(t->fd, "-", "un tiret");
    assert_int_equal(linkat(t->fd, "vide", t->fd, "vide aussi", 0), 0);
    assert_int_equal(symlinkat("vide", t->fd, "lien"), 0);
    assert_int_equal(manifest_read(t->fd, NULL, &t->before), 0);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct tree *t = *state;
    manifest_free(t->before);
    close(t->fd);
    path_remove_tree(AT_FDCWD, t->path);
    free(t);
    return 0;
}

static void remember(void *self, enum manifest_verdict verdict, const char *path, const char *what)
{
    static const char *const words[] = {"same", "changed", "missing", "extra", "meta"};
    char *all = self;
    size_t length = strlen(all);
    snprintf(all + length, 1000 - length, "%s %s %s\n", words[verdict], path, what);
}

/* Compares the tree as it is now; what differs, one line each. */
static struct manifest_counts differences(struct tree *t, char out[static 1000])
{
    struct manifest *after;
    out[0] = 0;
    assert_int_equal(manifest_read(t->fd, NULL, &after), 0);
    struct manifest_counts counts = manifest_compare(t->before, after, remember, out);
    manifest_free(after);
    return counts;
}

static void an_untouched_tree_is_the_same(void **state)
{
    char text[1000];
    struct manifest_counts counts = differences(*state, text);
    assert_string_equal(text, "");
    assert_int_equal(counts.same, 7);
}

static void one_flipped_byte_is_a_change_even_with_the_old_time(void **state)
{
    struct tree *t = *state;
    char text[1000];
    struct stat st;
    assert_int_equal(fstatat(t->fd, "État civil/Naissances 2022.txt", &st, 0), 0);
    put(t->fd, "État civil/Naissances 2022.txt", "des nomt");
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(utimensat(t->fd, "État civil/Naissances 2022.txt", times, 0), 0);
    differences(t, text);
    assert_string_equal(text, "changed État civil/Naissances 2022.txt contents\n");
}

static void a_rename_is_one_missing_and_one_extra(void **state)
{
    struct tree *t = *state;
    char text[1000];
    assert_int_equal(renameat(t->fd, "-", t->fd, "-.locked"), 0);
    differences(t, text);
    assert_string_equal(text, "missing - \nextra -.locked \n");
}

static void mode_and_time_are_noticed_and_a_link_that_became_a_copy(void **state)
{
    struct tree *t = *state;
    char text[1000];
    const struct timespec times[2] = {{1000000000, 1}, {1000000000, 1}};
    assert_int_equal(fchmodat(t->fd, "-", 0600, 0), 0);
    assert_int_equal(utimensat(t->fd, "État civil/Naissances 2022.txt", times, 0), 0);
    differences(t, text);
    assert_string_equal(text, "meta - mode\nmeta État civil/Naissances 2022.txt time\n");
    assert_int_equal(unlinkat(t->fd, "vide aussi", 0), 0);
    put(t->fd, "vide aussi", "");
    differences(t, text);
    assert_non_null(strstr(text, "hard-link"));
}

static void a_link_that_points_elsewhere_is_a_change(void **state)
{
    struct tree *t = *state;
    char text[1000];
    assert_int_equal(unlinkat(t->fd, "lien", 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", t->fd, "lien"), 0);
    differences(t, text);
    assert_non_null(strstr(text, "changed lien contents"));
}

static void it_is_read_back_as_it_was_written(void **state)
{
    struct tree *t = *state;
    struct buf b, again;
    buf_init(&b, 0);
    buf_init(&again, 0);
    struct manifest *read;
    manifest_encode(t->before, &b);
    assert_int_equal(manifest_decode(b.data, b.length, &read), 0);
    struct manifest_counts counts = manifest_compare(t->before, read, NULL, NULL);
    assert_int_equal(counts.same, t->before->count);
    manifest_encode(read, &again);
    assert_int_equal(again.length, b.length);
    assert_memory_equal(again.data, b.data, b.length);
    assert_non_null(manifest_find(read, "État civil/tab\there%\n.txt"));
    manifest_free(read);
    /* Cut anywhere, it is refused, unless the cut is between two lines. */
    for (size_t length = 0; length < b.length; length++) {
        if (length > 0 && b.data[length - 1] == '\n')
            continue;
        assert_true(manifest_decode(b.data, length, &read) < 0);
    }
    buf_free(&b);
    buf_free(&again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_untouched_tree_is_the_same),
        TEST(one_flipped_byte_is_a_change_even_with_the_old_time),
        TEST(a_rename_is_one_missing_and_one_extra),
        TEST(mode_and_time_are_noticed_and_a_link_that_became_a_copy),
        TEST(a_link_that_points_elsewhere_is_a_change),
        TEST(it_is_read_back_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
