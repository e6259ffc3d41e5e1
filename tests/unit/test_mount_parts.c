/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of a mounted repository that need no kernel: times, templates, places, caches, known folders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "mount/cache.h"
#include "mount/folders.h"
#include "mount/gotime.h"
#include "mount/places.h"
#include "mount/template.h"

#define NOON (INT64_C(1795003506) * NS_PER_SECOND + 7089000) /* Wed 18 November 2026, 12:05:06.007089 UTC */

/* ---- times ---- */

static void expect_time(const char *sample, int64_t wall_ns, int32_t zone_s, const char *wanted)
{
    struct buf out BUF_AUTO;
    buf_init(&out, 1024);
    gotime_put(&out, sample, wall_ns, zone_s);
    assert_string_equal(buf_string(&out), wanted);
}

static void times_are_written_as_go_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *sample, *wanted;
    } cases[] = {
        {GOTIME_RFC3339, "2026-11-18T14:05:06+02:00"},
        {"2006-01-02_15-04-05", "2026-11-18_14-05-06"},
        {"Mon Jan _2 15:04:05 2006", "Wed Nov 18 14:05:06 2026"},
        {"Monday, 02-Jan-06 3:04 PM", "Wednesday, 18-Nov-26 2:05 PM"},
        {"January 2 06 03:4:5pm", "November 18 26 02:5:6pm"},
        {"002 __2 1/2", "322 322 11/18"},
        {"5.000 5,000000 05.999999999 05.00000000000", "6.007 6,007089 06.007089 06.007089000"},
        {"-0700 -07 -07:00:00 -070000 Z07", "+0200 +02 +02:00:00 +020000 +02"},
        {"MST", "+0200"},
        {"Month Janua Mond x_2006", "Month Janua Mond x_2026"}, /* no words of a date but the year */
        {".01 20", ".11 180"},
        {"Backup %d", "Backup %d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_time(cases[i].sample, NOON, 7200, cases[i].wanted);
    expect_time(GOTIME_RFC3339, NOON, 0, "2026-11-18T12:05:06Z");
    expect_time("Z0700 MST", NOON, 0, "Z UTC");
    expect_time(GOTIME_RFC3339 " -07", NOON, -(5 * 3600 + 1800), "2026-11-18T06:35:06-05:30 -05");
    expect_time("2006-01-02 15:04:05.000000000", -1, 0, "1969-12-31 23:59:59.999999999");
    expect_time("3PM", NOON - 12 * 3600 * NS_PER_SECOND, 0, "12AM");
}

/* ---- templates and places ---- */

static struct snapshot *make(char digit, int64_t time_ns, const char *host, const char *const *tags,
                             size_t count)
{
    struct snapshot *s = snapshot_new();
    memset(s->id, digit, VAULT_ID_TEXT - 1);
    s->time_ns = time_ns;
    s->hostname = host;
    s->username = "mairie";
    s->tags.items = mem_zalloc(count + 1, sizeof *tags);
    if (count)
        memcpy(s->tags.items, tags, count * sizeof *tags);
    s->tags.count = count;
    return s;
}

static void end(struct snapshots *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i]->tags.items);
        snapshot_free(list->items[i]);
    }
}

static void each_tag_makes_a_path(void **state)
{
    (void)state;
    const char *tags[] = {"a", "b/c", "..", "", "."};
    struct snapshot *s = make('7', NOON, "../etc", tags, 5);
    struct template_paths paths;
    template_expand("tags/%t/%T", "2006", s, &paths);
    assert_int_equal(paths.count, 5);
    assert_string_equal(paths.items[0], "tags/a/");
    assert_string_equal(paths.items[1], "tags/b_c/");
    assert_string_equal(paths.items[2], "tags/__/");
    assert_string_equal(paths.items[3], "tags/_/");
    assert_string_equal(paths.time, "2026");
    template_paths_free(&paths);
    template_expand("%%/%i/%u@%h/%T/%x%", "06", s, &paths);
    assert_int_equal(paths.count, 1);
    assert_string_equal(paths.items[0], "%/77777777/mairie@.._etc/26/x");
    assert_string_equal(paths.time, "");
    template_paths_free(&paths);
    s->tags.count = 0;
    template_expand("%t/%T", "06", s, &paths);
    assert_int_equal(paths.count, 0);
    template_paths_free(&paths);
    end(&(struct snapshots){&s, 1});
    char *fixed = template_fixed("a/b-%%/c%h/%T");
    assert_string_equal(fixed, "a/b-%%");
    free(fixed);
    fixed = template_fixed("no/verb");
    assert_string_equal(fixed, "");
    free(fixed);
}

static void a_thousand_tags_do_not_multiply_without_end(void **state)
{
    (void)state;
    const char *tags[1000];
    for (size_t i = 0; i < 1000; i++)
        tags[i] = "tag";
    struct snapshot *s = make('1', NOON, "h", tags, 1000);
    struct template_paths paths;
    template_expand("%t/%t/%t/%t", "06", s, &paths);
    assert_true(paths.count > 0 && paths.count <= TEMPLATE_MOST_PATHS);
    template_paths_free(&paths);
    end(&(struct snapshots){&s, 1});
}

static struct place *walk(const struct places *places, const char *path)
{
    char *copy = mem_strdup(path), *rest;
    struct place *at = places_get(places, PLACES_ROOT);
    for (char *part = strtok_r(copy, "/", &rest); part && at; part = strtok_r(NULL, "/", &rest))
        at = places_find(places, at, part);
    free(copy);
    return at;
}

static const char *const templates[] = {"ids/%i", "snapshots/%T", "hosts/%h/%T", "tags/%t/%T"};

static void snapshots_come_and_go(void **state)
{
    (void)state;
    const struct places_rules rules = {templates, 4, GOTIME_RFC3339, {0}};
    const char *tag = "web";
    struct snapshot *items[] = {make('1', NOON, "alpha", NULL, 0), make('2', NOON, "beta", &tag, 1),
                                make('3', NOON + 60 * NS_PER_SECOND, "alpha", NULL, 0)};
    struct snapshots all = {items, 3}, two = {items, 2}, none = {NULL, 0};
    struct places *places = places_new(&rules, 1);
    assert_int_equal(places_update(places, &none, 2), 0);
    assert_non_null(walk(places, "tags"));
    assert_null(walk(places, "snapshots/latest"));
    assert_int_equal(places_update(places, &two, 3), 0);
    const struct place *first = walk(places, "snapshots/2026-11-18T12:05:06Z");
    assert_true(first && first->kind == PLACE_SNAPSHOT && first->snapshot[0] == 0x11);
    const struct place *second = walk(places, "snapshots/2026-11-18T12:05:06Z-1");
    assert_true(second && second->snapshot[0] == 0x22);
    assert_string_equal(walk(places, "snapshots/latest")->target, "2026-11-18T12:05:06Z-1");
    assert_string_equal(walk(places, "hosts/alpha/latest")->target, "2026-11-18T12:05:06Z");
    assert_non_null(walk(places, "tags/web/2026-11-18T12:05:06Z"));
    const struct place *link = walk(places, "snapshots/latest");
    uint64_t changed = (uint64_t)walk(places, "tags/web")->changed_ns;
    assert_int_equal(places_update(places, &all, 4), 0);
    assert_string_equal(walk(places, "snapshots/latest")->target, "2026-11-18T12:06:06Z");
    assert_ptr_equal(walk(places, "snapshots/2026-11-18T12:05:06Z"), first); /* keeps its number */
    assert_int_equal(walk(places, "snapshots")->changed_ns, 4);
    assert_int_equal(walk(places, "tags/web")->changed_ns, changed);
    assert_int_equal(places_update(places, &two, 5), 0);
    assert_null(walk(places, "snapshots/2026-11-18T12:06:06Z"));
    assert_null(walk(places, "ids/33333333"));
    assert_ptr_equal(walk(places, "snapshots/latest"), link);
    /* What is listed is what is found. */
    const struct place *folder = walk(places, "snapshots"), *child;
    uint64_t number = 0;
    unsigned count = 0;
    for (; (child = places_after(places, folder, number)); number = child->number, count++)
        assert_ptr_equal(places_find(places, folder, child->name), child);
    assert_int_equal(count, 3);
    places_free(places);
    end(&all);
}

static void hostile_names_stay_below(void **state)
{
    (void)state;
    const char *const odd[] = {"%h/../../%i", "%h-%T", "/x//./%u/%T", "..", "%i"};
    const struct places_rules rules = {odd, 5, "15/04", {0}};
    struct snapshot *s = make('5', NOON, "../../etc", NULL, 0);
    struct snapshots list = {&s, 1};
    struct places *places = places_new(&rules, 1);
    assert_int_equal(places_update(places, &list, 2), 0);
    assert_non_null(walk(places, "55555555"));
    assert_non_null(walk(places, ".._.._etc-12/05"));
    assert_string_equal(walk(places, ".._.._etc-latest")->target, ".._.._etc-12/05");
    assert_non_null(walk(places, "x/mairie/12/05"));
    assert_string_equal(walk(places, "x/mairie/latest")->target, "12/05");
    places_free(places);
    end(&list);
}

/* ---- caches ---- */

static atomic_uint made, freed;

static int make_number(void *context, const struct cache_key *key, void **value, size_t *cost)
{
    const bool *fail = context;
    made++;
    usleep(2000); /* long enough for others to come */
    if (*fail)
        return err_set(ERR_CORRUPT, "no");
    uint32_t *number = mem_zalloc(1, sizeof *number);
    *number = key->number;
    *value = number;
    *cost = 1000;
    return 0;
}

static void count_free(void *value)
{
    freed++;
    free(value);
}

static void *get_many(void *context)
{
    struct cache *cache = context;
    bool fail = false;
    for (uint32_t i = 0; i < 40; i++) {
        struct cache_entry *entry;
        struct cache_key key = {.number = i};
        if (cache_get(cache, &key, make_number, &fail, &entry) != 0 || *(uint32_t *)cache_value(entry) != i)
            abort();
        cache_release(cache, entry);
    }
    return NULL;
}

static void one_makes_it_and_the_others_wait(void **state)
{
    (void)state;
    struct cache *cache = cache_new((size_t)1 << 20, count_free);
    pthread_t threads[4];
    made = freed = 0;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, get_many, cache), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(made, 40);
    cache_free(cache);
    assert_int_equal(freed, 40);
}

static void the_oldest_goes_and_what_is_in_use_stays(void **state)
{
    (void)state;
    struct cache *cache = cache_new(4500, count_free); /* four of them */
    struct cache_entry *kept, *entry;
    bool fail = false;
    made = freed = 0;
    assert_int_equal(cache_get(cache, &(struct cache_key){.number = 100}, make_number, &fail, &kept), 0);
    get_many(cache);
    assert_int_equal(made - freed, 4);
    assert_true(cache_has(cache, &(struct cache_key){.number = 39}));
    assert_false(cache_has(cache, &(struct cache_key){.number = 2}));
    assert_int_equal(*(uint32_t *)cache_value(kept), 100);
    cache_release(cache, kept);
    fail = true; /* a failure is told and not kept */
    assert_int_equal(cache_get(cache, &(struct cache_key){.number = 7}, make_number, &fail, &entry),
                     ERR_CORRUPT);
    assert_false(cache_has(cache, &(struct cache_key){.number = 7}));
    cache_free(cache);
    cache = cache_new(10, count_free); /* one that is too dear stays while it is the last */
    fail = false;
    assert_int_equal(cache_get(cache, &(struct cache_key){.number = 1}, make_number, &fail, &entry), 0);
    cache_release(cache, entry);
    assert_true(cache_has(cache, &(struct cache_key){.number = 1}));
    cache_free(cache);
}

/* ---- known folders ---- */

static void a_folder_is_known_as_long_as_something_in_it(void **state)
{
    (void)state;
    struct folders *folders = folders_new(0);
    struct folder root = {.index = 9}, got;
    uint64_t generation, again;
    uint64_t a = folders_enter(folders, &root, "snapshot", &generation);
    struct folder below = {.parent = a, .index = 3, .depth = 1};
    uint64_t b = folders_enter(folders, &below, "sub", &again);
    assert_int_equal(folders_enter(folders, &below, "sub", &again), b);
    folders_use(folders, b);
    uint32_t place;
    char *path = folders_path(folders, b, &place);
    assert_string_equal(path, "sub/");
    assert_int_equal(place, 9);
    free(path);
    folders_forget(folders, a << NODE_BITS, 1);
    folders_forget(folders, b << NODE_BITS, 2);
    assert_true(folders_get(folders, a, &got)); /* for what is in it */
    folders_forget(folders, b << NODE_BITS | 5, 1);
    assert_false(folders_get(folders, a, &got));
    assert_false(folders_get(folders, b, &got));
    assert_int_equal(folders_enter(folders, &root, "snapshot", &again), b < a ? b : a);
    assert_true(again > generation); /* the number is used again, as another */
    folders_free(folders);
}

static void too_many_folders_are_told_from_the_leaves(void **state)
{
    (void)state;
    struct folders *folders = folders_new(3);
    uint64_t generation, numbers[4];
    numbers[0] = folders_enter(folders, &(struct folder){.index = 2}, "root", &generation);
    for (uint32_t i = 1; i < 4; i++) {
        struct folder below = {.parent = numbers[i - 1], .index = i};
        numbers[i] = folders_enter(folders, &below, "below", &generation);
    }
    struct folder stale;
    char *name;
    assert_true(folders_stale(folders, &stale, &name));
    assert_int_equal(stale.index, 3); /* the only one without another in it */
    free(name);
    folders_end(folders);
    assert_false(folders_stale(folders, &stale, &name));
    folders_free(folders);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_as_go_writes_them),
        cmocka_unit_test(each_tag_makes_a_path),
        cmocka_unit_test(a_thousand_tags_do_not_multiply_without_end),
        cmocka_unit_test(snapshots_come_and_go),
        cmocka_unit_test(hostile_names_stay_below),
        cmocka_unit_test(one_makes_it_and_the_others_wait),
        cmocka_unit_test(the_oldest_goes_and_what_is_in_use_stays),
        cmocka_unit_test(a_folder_is_known_as_long_as_something_in_it),
        cmocka_unit_test(too_many_folders_are_told_from_the_leaves),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
