/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cipher gives bytes back, scenarios are read strictly, figures are shown rightly, and no folder passes
 * for a share of the drill.
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

#include "base/err.h"
#include "base/path.h"
#include "drill/attack.h"
#include "drill/figures.h"
#include "drill/rng.h"
#include "drill/scenario.h"
#include "drill/yard.h"

static void the_cipher_twice_gives_the_bytes_back_in_any_pieces(void **state)
{
    (void)state;
    uint8_t key[32], plain[5000], bytes[5000];
    struct rng r = rng_make(1, 1);
    rng_fill(&r, key, sizeof key);
    rng_fill(&r, plain, sizeof plain);
    memcpy(bytes, plain, sizeof bytes);
    attack_cipher(key, "a", 0, bytes, sizeof bytes);
    assert_true(memcmp(bytes, plain, sizeof bytes) != 0);
    attack_cipher(key, "a", 0, bytes, 1024);
    attack_cipher(key, "a", 1024, bytes + 1024, sizeof bytes - 1024);
    assert_memory_equal(bytes, plain, sizeof bytes);
    attack_cipher(key, "a", 0, bytes, sizeof bytes);
    attack_cipher(key, "b", 0, bytes, sizeof bytes);
    assert_true(memcmp(bytes, plain, sizeof bytes) != 0);
}

static int load_text(const char *text, struct scenario **out)
{
    char folder[] = "/tmp/beffroi-scenario.XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/essai.yaml", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    int code = scenario_load(folder, "essai", out);
    path_remove_tree(AT_FDCWD, folder);
    return code;
}

#define HEAD "name: essai\ntitle: t\nstory: s\ncolleague: false\n"

static void a_scenario_is_read(void **state)
{
    (void)state;
    struct scenario *s;
    assert_int_equal(
        load_text(HEAD "attack: { over: local, simulator: delete, workers: 4, notes: false }\n", &s), 0);
    assert_string_equal(s->attack.kind, "delete");
    assert_int_equal(s->attack.workers, 4);
    assert_false(s->attack.notes);
    assert_false(s->over_smb);
    assert_null(s->press.place);
    scenario_free(s);
}

static void a_wrong_scenario_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        HEAD,
        "name: autre\ntitle: t\nstory: s\ncolleague: false\nattack: { over: local, simulator: delete }\n",
        HEAD "attack: { over: local, simulator: burn }\n",
        HEAD "attack: { over: radio, simulator: delete }\n",
        HEAD "attack: { over: smb, simulator: delete }\n",
        HEAD "attack: { over: local, simulator: delete, workers: 0 }\n",
        HEAD "attack: { over: local, simulator: delete, speed: 3 }\n",
        HEAD "attack: { over: local, simulator: delete, extension: ../../x }\n",
        HEAD "attack: { over: local, simulator: delete }\npress: { date: d }\n",
        HEAD "attack: { over: local, simulator: delete }\ntarget: /srv\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct scenario *s = NULL;
        assert_true(load_text(wrong[i], &s) < 0);
        assert_null(s);
    }
    struct scenario *s = NULL;
    assert_true(scenario_load("/tmp", "../etc/passwd", &s) < 0);
}

static void a_folder_that_the_drill_did_not_make_is_no_share(void **state)
{
    (void)state;
    char folder[] = "/tmp/beffroi-drill.XXXXXX", share[64];
    assert_non_null(mkdtemp(folder));
    snprintf(share, sizeof share, "%s/share", folder);
    assert_int_equal(mkdir(share, 0755), 0);
    const char *const paths[] = {"/",      "/home", "/etc",       "share", "./share",
                                 "/share", "",      "/tmp/share", share,   folder};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct yard *y = NULL;
        assert_int_equal(yard_open(paths[i], &y), ERR_PERMISSION);
        assert_null(y);
    }
    path_remove_tree(AT_FDCWD, folder);
}

static void a_yard_is_known_again_but_not_its_copy(void **state)
{
    (void)state;
    struct yard *made, *again;
    char base[] = "/tmp/beffroi-yards.XXXXXX", command[700], copy[300];
    assert_non_null(mkdtemp(base));
    assert_int_equal(yard_create(base, 42, false, &made), 0);
    assert_int_equal(yard_open(made->share_path, &again), 0);
    assert_string_equal(again->id, made->id);
    assert_memory_equal(again->key, made->key, sizeof made->key);
    assert_true(again->seed == 42);
    yard_free(again);
    snprintf(copy, sizeof copy, "%s/" YARD_PREFIX "copied", base);
    snprintf(command, sizeof command, "cp -a '%s' '%s'", made->path, copy);
    assert_int_equal(system(command), 0);
    strcat(copy, "/share");
    assert_int_equal(yard_open(copy, &again), ERR_PERMISSION);
    assert_int_equal(yard_remove(made), 0);
    yard_free(made);
    path_remove_tree(AT_FDCWD, base);
}

static void figures_are_spread_and_shown(void **state)
{
    (void)state;
    struct run_figures f[3] = {{.lost = 3}, {.lost = 1}, {.lost = 2}};
    int64_t spread[3];
    figures_spread(f, 3, &figure_table[0], spread);
    assert_int_equal(spread[0], 1);
    assert_int_equal(spread[1], 2);
    assert_int_equal(spread[2], 3);
    char text[32];
    const struct figure span = {.duration = true}, number = {0};
    figure_format(&span, 12345, text);
    assert_string_equal(text, "12.3 ms");
    figure_format(&span, 2500000, text);
    assert_string_equal(text, "2.50 s");
    figure_format(&number, 17, text);
    assert_string_equal(text, "17");
    figure_format(&number, -1, text);
    assert_string_equal(text, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cipher_twice_gives_the_bytes_back_in_any_pieces),
        cmocka_unit_test(a_scenario_is_read),
        cmocka_unit_test(a_wrong_scenario_is_refused),
        cmocka_unit_test(a_folder_that_the_drill_did_not_make_is_no_share),
        cmocka_unit_test(a_yard_is_known_again_but_not_its_copy),
        cmocka_unit_test(figures_are_spread_and_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
