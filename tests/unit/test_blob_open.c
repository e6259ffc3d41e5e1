/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a location of a repository means, and how it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "blob/open.h"

static void assert_shown(const char *location, const char *shown)
{
    char *text MEM_AUTO = blob_location_text(location);
    assert_string_equal(text, shown);
}

static void passwords_are_not_shown(void **state)
{
    (void)state;
    assert_shown("/srv/vault", "/srv/vault");
    assert_shown("rest:http://host:8000/a/", "rest:http://host:8000/a/");
    assert_shown("rest:https://anne:s3cret@host:8000/a", "rest:https://anne:***@host:8000/a");
    assert_shown("rest:https://anne@host/a:b@c", "rest:https://anne@host/a:b@c");
    assert_shown("rest:https://anne:a@b:c@host/", "rest:https://anne:***@host/");
}

static void what_is_not_known_is_refused(void **state)
{
    struct blob_store *store;
    (void)state;
    assert_int_equal(blob_open("tape:/dev/st0", &store), ERR_UNSUPPORTED);
    assert_non_null(strstr(err_hint_text(), "local:tape:/dev/st0"));
    assert_int_equal(blob_create("loca:/tmp", &store), ERR_UNSUPPORTED);
}

static void a_folder_needs_no_word(void **state)
{
    char folder[] = "/tmp/beffroi-unit-XXXXXX";
    char *location MEM_AUTO = mem_printf("local:%s", mkdtemp(folder));
    struct blob_store *store;
    (void)state;
    assert_int_equal(blob_open(folder, &store), 0);
    blob_close(store);
    assert_int_equal(blob_open(location, &store), 0);
    assert_string_equal(store->where, folder);
    blob_close(store);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(blob_open(location, &store), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_not_shown),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(a_folder_needs_no_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
