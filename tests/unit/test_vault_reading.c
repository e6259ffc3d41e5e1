/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands that read a repository decide by themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "vault/diff.h"

static struct node file(void)
{
    static const uint8_t content[1][SHA256_SIZE] = {{1}};
    return (struct node){.name = "a",
                         .name_length = 1,
                         .type = NODE_FILE,
                         .mode = S_IFREG | 0644,
                         .mtime_ns = 5,
                         .user = "",
                         .group = "",
                         .target = "",
                         .size = 10,
                         .links = 1,
                         .content = content,
                         .content_count = 1};
}

static void letters_of(const struct node *before, const struct node *after, const char *wanted)
{
    char letters[8];
    diff_letters(diff_nodes(before, after), letters);
    assert_string_equal(letters, wanted);
}

static void differences(void **state)
{
    static const uint8_t other[1][SHA256_SIZE] = {{2}};
    (void)state;
    struct node before = file(), after = file();
    letters_of(&before, &after, "");
    after.mtime_ns++;
    letters_of(&before, &after, "U");
    after.content = other;
    letters_of(&before, &after, "M");
    after.mtime_ns--;
    letters_of(&before, &after, "M?"); /* no program did that */
    after.content_count = 0;
    letters_of(&before, &after, "M?");
    after = file();
    after.type = NODE_SYMLINK;
    after.target = "x";
    after.target_length = 1;
    letters_of(&before, &after, "TU");
}

static void attributes(void **state)
{
    static const struct node_xattr a[] = {{"user.a", (const uint8_t *)"1", 1},
                                          {"user.b", (const uint8_t *)"", 0}};
    static const struct node_xattr b[] = {{"user.b", (const uint8_t *)"", 0},
                                          {"user.a", (const uint8_t *)"1", 1}};
    static const struct node_xattr c[] = {{"user.b", (const uint8_t *)"", 0},
                                          {"user.a", (const uint8_t *)"2", 1}};
    (void)state;
    struct node before = file(), after = file();
    before.xattrs = a;
    after.xattrs = b;
    before.xattr_count = after.xattr_count = 2;
    letters_of(&before, &after, "");
    after.xattrs = c;
    letters_of(&before, &after, "U");
    after.xattr_count = 1;
    letters_of(&before, &after, "U");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences),
        cmocka_unit_test(attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
