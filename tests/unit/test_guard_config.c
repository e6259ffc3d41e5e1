/* SPDX-License-Identifier: GPL-3.0-or-later
 * A configuration is read strictly: every mistake is named with its line, and what only the disk can tell is
 * checked against the disk.
 */
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

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/path.h"
#include "guard/config.h"

static struct config *parse(const char *text)
{
    struct config *config = NULL;
    if (config_parse(text, strlen(text), "b.yaml", &config) != 0)
        return NULL;
    return config;
}

static void assert_refused(const char *text, const char *why)
{
    struct config *config = parse(text);
    if (config)
        config_free(config);
    assert_null(config);
    if (!strstr(err_text(), why))
        fail_msg("\"%s\" does not say \"%s\"", err_text(), why);
}

static void everything_is_read(void **state)
{
    (void)state;
    struct config *c = parse("name: mairie-exemple\n"
                             "state: /var/lib//beffroi/\n"
                             "socket: /run/b.sock\n"
                             "user: guard\n"
                             "protect:\n"
                             "  - path: /srv/partages/\n"
                             "    kind: mail\n"
                             "    snapshot-every: 2h\n"
                             "    decoys: true\n"
                             "  - path: /srv/www\n"
                             "vault: { repository: /b/vault, password-file: /b/pass }\n"
                             "shadow: { quota: 2G, keep: 3h, largest: 64K }\n"
                             "respond: { mode: observe, recover: manual, samba: { config: /etc/s.conf } }\n");
    assert_non_null(c);
    assert_string_equal(c->name, "mairie-exemple");
    assert_string_equal(c->state, "/var/lib/beffroi");
    assert_string_equal(c->socket, "/run/b.sock");
    assert_string_equal(c->user, "guard");
    assert_int_equal(c->tree_count, 2);
    assert_string_equal(c->trees[0].path, "/srv/partages");
    assert_int_equal(c->trees[0].kind, TREE_MAIL);
    assert_true(c->trees[0].snapshot_every_ns == 7200 * NS_PER_SECOND);
    assert_true(c->trees[0].decoys);
    assert_int_equal(c->trees[0].line, 6);
    assert_int_equal(c->trees[1].kind, TREE_FILES);
    assert_false(c->trees[1].decoys);
    assert_string_equal(c->repository, "/b/vault");
    assert_string_equal(c->password_file, "/b/pass");
    assert_true(c->shadow_quota == UINT64_C(2) << 30);
    assert_true(c->shadow_keep_ns == 10800 * NS_PER_SECOND);
    assert_true(c->shadow_largest == 65536);
    assert_int_equal(c->mode, MODE_OBSERVE);
    assert_false(c->recover_auto);
    assert_string_equal(c->samba_config, "/etc/s.conf");
    config_free(c);
}

static void folders_alone_are_enough(void **state)
{
    (void)state;
    struct config *c = parse("protect:\n  - path: /srv\n");
    assert_non_null(c);
    assert_string_equal(c->state, "/var/lib/beffroi");
    assert_string_equal(c->repository, "/var/lib/beffroi/vault");
    assert_string_equal(c->socket, "/run/beffroi/api.sock");
    assert_null(c->user);
    assert_int_equal(c->mode, MODE_ENFORCE);
    assert_true(c->recover_auto);
    config_free(c);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    assert_refused("", "b.yaml");
    assert_refused("name: a\n", "\"protect\" is missing");
    assert_refused("protect: /srv\n", "b.yaml:1: protect wants a list");
    assert_refused("protect:\n  - path: /srv\nrespont:\n  mode: observe\n",
                   "b.yaml:3: unknown key \"respont\"; did you mean \"respond\"");
    assert_refused("protect:\n  - pth: /srv\n", "\"path\" is missing");
    assert_refused("protect:\n  - path: /srv\n    snapshots-every: 1h\n",
                   "b.yaml:3: unknown key \"snapshots-every\"; did you mean \"snapshot-every\"");
    assert_refused("protect:\n  - path: /srv\n    decoys: maybe\n", "b.yaml:3: decoys wants true or false");
    assert_refused("protect:\n  - path: /srv\n    snapshot-every: soon\n",
                   "b.yaml:3: snapshot-every wants a duration");
    assert_refused("protect:\n  - path: /srv\n    snapshot-every: 1s\n", "b.yaml:3: snapshot-every wants at");
    assert_refused("protect:\n  - path: /srv\n    kind: film\n",
                   "b.yaml:3: kind wants one of files, website, mail, database");
    assert_refused("protect:\n  - path: srv\n", "b.yaml:2: path wants an absolute path");
    assert_refused("protect:\n  - path: /srv/../etc\n", "b.yaml:2: path wants an absolute path");
    assert_refused("protect:\n  - path: /\n", "b.yaml:2: the whole system");
    assert_refused("protect:\n  - path: /srv\nvault: yes\n", "vault wants \"key: value\" lines");
    assert_refused("protect:\n  - path: /srv\nrespond: { mode: fight }\n", "mode wants one of");
    assert_refused("protect:\n  - path: /srv\nshadow: { quota: -1 }\n", "quota wants a size");
    assert_refused("protect:\n  - path: /srv\nname: \"mairie d'Exemple\"\n", "b.yaml:3: name wants");
    assert_refused("protect:\n  - path: [a, b]\n", "path wants one value");
}

static void a_folder_that_stands_there_twice_is_refused(void **state)
{
    (void)state;
    assert_refused("protect:\n  - path: /srv/a\n  - path: /srv/a/\n",
                   "b.yaml:3: /srv/a stands here twice (first on line 2)");
    assert_refused("protect:\n  - path: /srv\n  - path: /srv/a\n", "b.yaml:3: /srv/a and /srv (line 2)");
    struct config *c = parse("protect:\n  - path: /srv/a\n  - path: /srv/ab\n");
    assert_non_null(c);
    config_free(c);
}

/* A folder with: tree/, file, link -> tree, tree/inner/ */
static char *make_place(void)
{
    char *place = mem_strdup("/tmp/beffroi-config-XXXXXX");
    assert_non_null(mkdtemp(place));
    char *tree = path_join(place, "tree"), *inner = path_join(tree, "inner");
    char *file = path_join(place, "file"), *link = path_join(place, "link");
    assert_int_equal(mkdir(tree, 0700), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    FILE *made = fopen(file, "w");
    assert_non_null(made);
    fclose(made);
    assert_int_equal(symlink(tree, link), 0);
    free(tree);
    free(inner);
    free(file);
    free(link);
    return place;
}

/* `where` is put behind the place; `state` likewise. NULL for no error. */
static void check(const char *place, const char *where, const char *state_folder, const char *why)
{
    char *text = mem_printf("state: %s/%s\nprotect:\n  - path: %s/%s\n", place, state_folder, place, where);
    struct config *c = parse(text);
    assert_non_null(c);
    int err = config_check_paths(c);
    if (why) {
        assert_true(err < 0);
        if (!strstr(err_text(), why) || !strstr(err_text(), "b.yaml:3: "))
            fail_msg("\"%s\" does not say \"%s\"", err_text(), why);
    } else {
        assert_int_equal(err, 0);
    }
    config_free(c);
    free(text);
}

static void the_disk_has_a_say(void **state)
{
    (void)state;
    char *place = make_place();
    check(place, "tree", "state", NULL);
    check(place, "nowhere", "state", "No such file or directory");
    check(place, "file", "state", "is not a folder");
    check(place, "link", "state", "is a symbolic link");
    check(place, "link/inner", "state", "is a symbolic link");
    check(place, "tree/inner", "tree", "lies inside the state folder");
    check(place, "tree", "tree/inner", "contains the state folder");
    check(place, "tree", "tree", "lies inside the state folder");
    /* Through a link, too, a state folder is found where it really is. */
    check(place, "tree", "link/inner", "contains the state folder");
    assert_int_equal(path_remove_tree(-100, place), 0);
    free(place);
}

static void the_embedded_defaults_are_a_right_configuration(void **state)
{
    (void)state;
    char *folders[] = {"/srv/Comptabilit\xc3\xa9 2024", "/srv/a \"quoted\" \\ folder: # here"};
    char *text = config_default_text("/var/lib/b", folders, 2);
    struct config *c = parse(text);
    if (!c)
        fail_msg("%s\n%s", err_text(), text);
    assert_int_equal(c->tree_count, 2);
    assert_string_equal(c->trees[0].path, folders[0]);
    assert_string_equal(c->trees[1].path, folders[1]);
    assert_string_equal(c->repository, "/var/lib/b/vault");
    assert_string_equal(c->password_file, "/var/lib/b/vault.pass");
    config_free(c);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(folders_alone_are_enough),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(a_folder_that_stands_there_twice_is_refused),
        cmocka_unit_test(the_disk_has_a_say),
        cmocka_unit_test(the_embedded_defaults_are_a_right_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
