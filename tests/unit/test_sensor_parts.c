/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of the sensor that need no kernel: what an opener intends, pictures of contents, the texts of
 * /proc, the catalog, what is kept and who is watched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those first */
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "sensor/catalog.h"
#include "sensor/draw.h"
#include "sensor/hash.h"
#include "sensor/hot.h"
#include "sensor/kept.h"
#include "sensor/opener.h"
#include "sensor/procs.h"
#include "sensor/suspects.h"
#include "sensor/writers.h"

static enum intent decode(long number, uint64_t a1, uint64_t a2)
{
    uint64_t address = 0;
    char *line MEM_AUTO = mem_printf("%ld 0xffffff9c 0x%llx 0x%llx 0x0 0x0 0x0 0x7ffd0 0x7f00\n", number,
                                     (unsigned long long)a1, (unsigned long long)a2);
    return opener_decode(line, strlen(line), &address);
}

static void an_open_for_reading_is_told_from_one_for_writing(void **state)
{
    (void)state;
    assert_int_equal(decode(__NR_openat, 0x5555, O_RDONLY | O_CLOEXEC), INTENT_READ);
    assert_int_equal(decode(__NR_openat, 0x5555, O_WRONLY), INTENT_WRITE);
    assert_int_equal(decode(__NR_openat, 0x5555, O_RDWR), INTENT_WRITE);
    assert_int_equal(decode(__NR_openat, 0x5555, O_RDONLY | O_TRUNC), INTENT_WRITE);
    assert_int_equal(decode(__NR_openat, 0x5555, 3), INTENT_WRITE);
    assert_int_equal(decode(__NR_execve, 0, 0), INTENT_READ);
    assert_int_equal(decode(__NR_openat2, 0x5555, 0x7000), INTENT_STRUCT);
#ifdef __NR_open
    assert_int_equal(decode(__NR_open, O_RDONLY, 0), INTENT_READ);
    assert_int_equal(decode(__NR_open, O_WRONLY, 0), INTENT_WRITE);
    assert_int_equal(decode(__NR_creat, 0644, 0), INTENT_WRITE);
#endif
}

static void what_is_not_understood_counts_as_writing(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "x",
                                        "-1 0x7f 0x7f",
                                        "257",
                                        "257 0x1 0x2",
                                        "257 1 2 3 4 5 6 7",
                                        "99999999999999999999 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0",
                                        "257 0x 0x 0x 0x 0x 0x 0x 0x",
                                        "257 0x11111111111111111 0x0 0x0 0x0 0x0 0x0 0x0 0x0"};
    uint64_t address;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(opener_decode(lines[i], strlen(lines[i]), &address), INTENT_WRITE);
    assert_int_equal(decode(__NR_io_uring_enter, 0, 0), INTENT_WRITE);
    assert_int_equal(opener_decode("running\n", 8, &address), INTENT_RUNNING);
}

static void signatures_and_texts_are_recognized(void **state)
{
    (void)state;
    assert_int_equal(draw_filetype((const uint8_t *)"", 0), FILETYPE_NONE);
    assert_int_equal(draw_filetype((const uint8_t *)"PK\3\4rest", 8), FILETYPE_ZIP);
    assert_int_equal(draw_filetype((const uint8_t *)"%PDF-1.7", 8), FILETYPE_PDF);
    assert_int_equal(draw_filetype((const uint8_t *)"\0\0\0\x18"
                                                    "ftypmp42",
                                   12),
                     FILETYPE_MEDIA);
    assert_int_equal(draw_filetype((const uint8_t *)"Caf\xC3\xA9\r\n", 7), FILETYPE_TEXT);
    assert_int_equal(draw_filetype((const uint8_t *)"Caf\xE9 au lait\n", 13), FILETYPE_TEXT);
    assert_int_equal(draw_filetype((const uint8_t *)"Caf\xC3", 4),
                     FILETYPE_TEXT); /* cut by the block's end */
    assert_int_equal(draw_filetype((const uint8_t *)"\1\2\3abc", 6), FILETYPE_UNKNOWN);
    assert_int_equal(draw_filetype((const uint8_t *)"abc\0def", 7), FILETYPE_UNKNOWN);
}

static void a_block_has_the_figures_of_its_bytes(void **state)
{
    (void)state;
    uint8_t bytes[SKETCH_BLOCK_SIZE];
    struct sketch_block block, other;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    draw_block(bytes, sizeof bytes, &block);
    assert_int_equal(block.length, sizeof bytes);
    assert_int_equal(block.entropy, 248); /* all 256 values alike: 8 bits */
    assert_int_equal(block.chi, 0);
    memset(bytes, 'a', sizeof bytes);
    draw_block(bytes, sizeof bytes, &block);
    assert_int_equal(block.entropy, 0);
    assert_int_equal(block.ascii, 255);
    assert_int_equal(block.chi, 65535);
    bytes[4095] = 'b';
    draw_block(bytes, sizeof bytes, &other);
    assert_int_not_equal(block.hash, other.hash);
    draw_block(bytes, 0, &block);
    assert_int_equal(block.length, 0);
}

static void a_sketch_sees_each_place_and_the_end(void **state)
{
    (void)state;
    char name[] = "/tmp/beffroi-sketch-XXXXXX";
    struct sketch before, after;
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(ftruncate(fd, 100000), 0);
    assert_true(draw_sketch(fd, 100000, false, &before));
    assert_int_equal(before.blocks[7].length, SKETCH_BLOCK_SIZE);
    assert_int_equal(before.blocks[8].length, 0);
    assert_int_equal(pwrite(fd, "x", 1, 65536 + 10), 1);
    assert_true(draw_sketch(fd, 100000, false, &after));
    assert_int_equal(before.blocks[0].hash, after.blocks[0].hash);
    assert_int_not_equal(before.blocks[7].hash, after.blocks[7].hash);
    assert_int_not_equal(draw_check(&before), draw_check(&after));
    close(fd);
}

static const char net_tcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4000 1 0\n"
    "   1: 0A0A4D0A:01BD 0B0A4D0A:C34E 01 00000000:00000000 00:00000000 00000000     0        0 4001 1 0\n"
    "   2: 0A0A4D0A:0016 0C0A4D0A:C34E 01 00000000:00000000 00:00000000 00000000     0        0 4002 1 0\n";
static const char net_tcp6[] =
    "   0: 0000000000000000FFFF00000A0A4D0A:01BD 0000000000000000FFFF00000D0A4D0A:A001 01 00000000:00000000 "
    "00:00000000 00000000     0        0 5001 1 0\n"
    "   1: B80D0120000000000000000001000000:01BD B80D0120000000000000000099000000:A001 01 00000000:00000000 "
    "00:00000000 00000000     0        0 5002 1 0\n";

static void the_client_of_a_file_server_is_found(void **state)
{
    (void)state;
    char client[ACTOR_CLIENT_SIZE] = "";
    const uint64_t mine[] = {7, 4001}, listening[] = {4000}, other_port[] = {4002}, mapped[] = {5001},
                   six[] = {5002};
    assert_true(procs_parse_peer(net_tcp, sizeof net_tcp - 1, mine, 2, client));
    assert_string_equal(client, "10.77.10.11");
    assert_false(procs_parse_peer(net_tcp, sizeof net_tcp - 1, listening, 1, client));
    assert_false(procs_parse_peer(net_tcp, sizeof net_tcp - 1, other_port, 1, client));
    assert_true(procs_parse_peer(net_tcp6, sizeof net_tcp6 - 1, mapped, 1, client));
    assert_string_equal(client, "10.77.10.13");
    assert_true(procs_parse_peer(net_tcp6, sizeof net_tcp6 - 1, six, 1, client));
    assert_string_equal(client, "2001:db8::99");
}

static void the_kernel_s_texts_about_processes_are_read(void **state)
{
    (void)state;
    static const char status[] =
        "Name:\tsm(b) d\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t42\nNgid:\t0\n"
        "Pid:\t43\nPPid:\t7\nTracerPid:\t0\nUid:\t0\t1001\t0\t1001\nGid:\t0\t0\t0\t0\n";
    static const char stat[] = "42 (a) b (c) S 7 42 41 34816 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 100 "
                               "200 18446744073709551615";
    struct proc_status s;
    struct proc_stat t;
    assert_true(procs_parse_status(status, sizeof status - 1, &s));
    assert_int_equal(s.tgid, 42);
    assert_int_equal(s.parent, 7);
    assert_int_equal(s.uid, 1001);
    assert_string_equal(s.name, "sm(b) d");
    assert_true(procs_parse_stat(stat, sizeof stat - 1, &t));
    assert_string_equal(t.name, "a) b (c");
    assert_int_equal(t.parent, 7);
    assert_int_equal(t.session, 41);
    assert_int_equal(t.terminal, 34816);
    assert_int_equal(t.start, 987654);
    assert_false(procs_parse_stat("42 (x", 5, &t));
    assert_false(procs_parse_status("Name:\tx\n", 8, &s));
}

static struct stamp stamp_of(uint64_t inode)
{
    return (struct stamp){.device = 1, .inode = inode, .size = 10, .mtime_ns = 5, .ctime_ns = 6};
}

static void the_catalog_follows_names_and_folders(void **state)
{
    (void)state;
    char path[64];
    struct catalog *c = catalog_new();
    uint32_t root = catalog_add_root(c, 3, 100);
    uint32_t folder = catalog_add(c, root, "a", ROW_FOLDER);
    uint32_t node = catalog_add_node(c, folder, 101);
    uint32_t file = catalog_add(c, node, "f", 0);
    assert_int_equal(catalog_files(c, 3), 1);
    assert_int_equal(catalog_find_node(c, 101), node);
    assert_int_equal(catalog_find_node(c, 102), CATALOG_NONE);
    assert_int_equal(catalog_tree_of(c, node), 3);
    assert_true(catalog_path(c, node, "f", path, sizeof path));
    assert_string_equal(path, "a/f");
    catalog_move(c, folder, root, "renamed");
    assert_int_equal(catalog_find(c, root, "a"), CATALOG_NONE);
    assert_true(catalog_path(c, node, "f", path, sizeof path));
    assert_string_equal(path, "renamed/f");
    assert_true(catalog_path(c, node, "", path, sizeof path));
    assert_string_equal(path, "renamed");
    assert_false(catalog_path(c, node, "f", path, 5));
    assert_true(catalog_is_below(c, file, root));
    uint32_t other = catalog_add_root(c, 0, 200);
    catalog_move(c, folder, other, "elsewhere");
    assert_int_equal(catalog_files(c, 3), 0);
    assert_int_equal(catalog_files(c, 0), 1);
    catalog_remove(c, folder);
    assert_int_equal(catalog_files(c, 0), 0);
    assert_int_equal(catalog_find_node(c, 101), CATALOG_NONE);
    catalog_free(c);
}

static void the_catalog_finds_all_names_of_an_inode(void **state)
{
    (void)state;
    struct catalog *c = catalog_new();
    uint32_t root = catalog_add_root(c, 0, 1), rows[3];
    static const char *const names[] = {"x", "y", "z"};
    struct stamp stamp = stamp_of(77);
    for (int i = 0; i < 3; i++) {
        rows[i] = catalog_add(c, root, names[i], 0);
        catalog_set(c, rows[i], &stamp);
    }
    for (int left = 3; left > 0; left--) {
        int found = 0;
        for (uint32_t at = catalog_find_inode(c, 77); at != CATALOG_NONE; at = catalog_row(c, at)->next)
            found++;
        assert_int_equal(found, left);
        catalog_remove(c, rows[left == 3 ? 0 : left == 2 ? 2 : 1]);
    }
    assert_int_equal(catalog_find_inode(c, 77), CATALOG_NONE);
    catalog_free(c);
}

/* Against a plain list: the indexes survive any order of adding, moving and removing. */
static void the_catalog_stays_right_in_a_long_life(void **state)
{
    (void)state;
    enum { COUNT = 400, STEPS = 40000 };
    uint32_t rows[COUNT], root, number = 1;
    int version[COUNT] = {0};
    struct catalog *c = catalog_new();
    root = catalog_add_root(c, 0, 1);
    memset(rows, 0xFF, sizeof rows);
    for (int step = 0; step < STEPS; step++) {
        number = number * 1103515245 + 12345;
        uint32_t i = (number >> 8) % COUNT;
        char *old MEM_AUTO = mem_printf("%u.%d", i, version[i]);
        char *new MEM_AUTO = mem_printf("%u.%d", i, version[i] + 1);
        assert_int_equal(catalog_find(c, root, old), rows[i]);
        if (rows[i] == CATALOG_NONE) {
            struct stamp stamp = stamp_of(i % 50 + 1);
            rows[i] = catalog_add(c, root, old, 0);
            catalog_set(c, rows[i], &stamp);
            catalog_know(c, hash_number(i + 1));
        } else if (number & 0x10000) {
            catalog_move(c, rows[i], root, new);
            version[i]++;
        } else {
            catalog_remove(c, rows[i]);
            rows[i] = CATALOG_NONE;
            catalog_unknow(c, hash_number(i + 1));
        }
        assert_int_equal(catalog_knows(c, hash_number(i + 1)), rows[i] != CATALOG_NONE);
    }
    catalog_free(c);
}

static bool odd(uint64_t number, void *self)
{
    (void)self;
    return number % 2 == 1;
}

static void a_version_is_known_by_all_of_its_stamp(void **state)
{
    (void)state;
    struct kept *k = kept_new(2);
    struct stamp stamp = stamp_of(9), other = stamp, renamed = stamp, vault = stamp_of(10);
    struct version version;
    other.ctime_ns++;
    renamed.ctime_ns += 2;
    kept_add_shadow(k, &stamp, 41);
    assert_true(kept_find(k, &stamp, &version));
    assert_int_equal(version.kind, VERSION_SHADOW);
    assert_int_equal(version.id, 41);
    assert_false(kept_find(k, &other, &version));
    assert_int_equal(version.kind, VERSION_NONE);
    assert_int_equal(version.inode, 9);
    kept_alias(k, &stamp, &renamed);
    assert_true(kept_find(k, &renamed, &version));
    kept_add_shadow(k, &other, 42);
    kept_purge(k, odd, NULL);
    assert_false(kept_find(k, &other, &version));
    assert_true(kept_find(k, &renamed, &version));
    kept_begin_snapshot(k, 1, 1000);
    kept_add_held(k, 1, &vault);
    kept_begin_snapshot(k, 1, 2000); /* does not hold it, but two generations stay */
    assert_true(kept_find(k, &vault, &version));
    assert_int_equal(version.kind, VERSION_VAULT);
    assert_int_equal(version.id, 1000);
    kept_begin_snapshot(k, 1, 3000);
    assert_false(kept_in_vault(k, &vault));
    kept_free(k);
}

static void suspects_are_recognized_in_their_scope(void **state)
{
    (void)state;
    struct suspects *s = suspects_new();
    struct actor tree = {.pid = 5, .root_pid = 4, .root_start = 44, .uid = 1000}, reused = tree, smb = tree;
    reused.root_start = 45;
    strcpy(smb.client, "10.0.0.9");
    assert_false(suspects_any(s));
    suspects_watch(s, SCOPE_PROCESS_TREE, &tree, 0, true);
    assert_true(suspects_any(s));
    assert_int_equal(suspects_ask(s, &tree, 0), VERDICT_WATCHED);
    assert_int_equal(suspects_ask(s, &reused, 0), VERDICT_QUIET);
    suspects_condemn(s, &tree, true);
    assert_int_equal(suspects_ask(s, &tree, 0), VERDICT_CONDEMNED);
    suspects_condemn(s, &tree, false);
    suspects_watch(s, SCOPE_PROCESS_TREE, &tree, 0, false);
    assert_false(suspects_any(s));
    suspects_condemn(s, &smb, true);
    assert_int_equal(suspects_ask(s, &smb, 0), VERDICT_CONDEMNED);
    assert_int_equal(suspects_ask(s, &tree, 0), VERDICT_QUIET);
    suspects_watch(s, SCOPE_TREE, NULL, 2, true);
    assert_int_equal(suspects_ask(s, &tree, 1), VERDICT_QUIET);
    assert_int_equal(suspects_ask(s, &tree, 2), VERDICT_WATCHED);
    suspects_watch(s, SCOPE_USER, &reused, 0, true);
    assert_int_equal(suspects_ask(s, &tree, 1), VERDICT_WATCHED);
    suspects_free(s);
}

static void the_first_picture_before_a_change_is_the_one_that_counts(void **state)
{
    (void)state;
    struct writers *w = writers_new();
    struct before first = {.version = {.inode = 5, .size = 1}}, second = {.version = {.inode = 5, .size = 2}},
                  out;
    assert_false(writers_close(w, 1, 5, &out));
    writers_open(w, 1, &first);
    writers_open(w, 1, &second);
    assert_false(writers_is_open(w, 2, 5));
    assert_true(writers_close(w, 1, 5, &out));
    assert_int_equal(out.version.size, 1);
    assert_true(writers_is_open(w, 1, 5));
    assert_true(writers_close(w, 1, 5, &out));
    assert_int_equal(out.version.size, 2);
    assert_false(writers_is_open(w, 1, 5));
    for (uint64_t i = 0; i < 20000; i++) { /* more than fit: the oldest go, the newest stay */
        first.version.inode = i + 10;
        writers_open(w, 1, &first);
    }
    assert_true(writers_is_open(w, 1, 20009));
    writers_free(w);
}

static void a_file_is_hot_after_four_readings_in_a_second(void **state)
{
    (void)state;
    struct suspects *suspects = suspects_new();
    struct hot *h = hot_new(suspects);
    const struct stamp stamp = {.device = 1, .inode = 5, .size = 9, .mtime_ns = 3};
    struct before before = {.version = kept_version(&stamp)};
    const int64_t ms = 1000000, late = 5000 * ms;
    for (int i = 0; i < 3; i++)
        assert_false(hot_count(h, &stamp, i * ms));
    assert_true(hot_count(h, &stamp, 4 * ms));
    /* Slowly, it never is. */
    for (int i = 0; i < 20; i++)
        assert_false(hot_count(h, &stamp, late + i * 600 * ms));
    /* Without a group there is nobody to ask less, and nothing is remembered. */
    assert_false(hot_keep(h, -1, 1, &before, late));
    assert_false(hot_take(h, &stamp, &before));
    struct hot_file *files;
    assert_int_equal(hot_list(h, &files), 0);
    free(files);
    hot_free(h);
    suspects_free(suspects);
}

static void who_writes_a_file_is_told_from_who_reads_it(void **state)
{
    (void)state;
    char name[] = "/tmp/beffroi-writing-XXXXXX";
    struct stat st;
    int32_t self = (int32_t)getpid();
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(procs_is_writing(self, st.st_dev, st.st_ino));
    assert_false(procs_is_writing(self, st.st_dev, st.st_ino + 1));
    close(fd);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_false(procs_is_writing(self, st.st_dev, st.st_ino));
    close(fd);
    unlink(name);
    assert_false(procs_is_writing(0, st.st_dev, st.st_ino));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_for_reading_is_told_from_one_for_writing),
        cmocka_unit_test(what_is_not_understood_counts_as_writing),
        cmocka_unit_test(signatures_and_texts_are_recognized),
        cmocka_unit_test(a_block_has_the_figures_of_its_bytes),
        cmocka_unit_test(a_sketch_sees_each_place_and_the_end),
        cmocka_unit_test(the_client_of_a_file_server_is_found),
        cmocka_unit_test(the_kernel_s_texts_about_processes_are_read),
        cmocka_unit_test(the_catalog_follows_names_and_folders),
        cmocka_unit_test(the_catalog_finds_all_names_of_an_inode),
        cmocka_unit_test(the_catalog_stays_right_in_a_long_life),
        cmocka_unit_test(a_version_is_known_by_all_of_its_stamp),
        cmocka_unit_test(suspects_are_recognized_in_their_scope),
        cmocka_unit_test(the_first_picture_before_a_change_is_the_one_that_counts),
        cmocka_unit_test(a_file_is_hot_after_four_readings_in_a_second),
        cmocka_unit_test(who_writes_a_file_is_told_from_who_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
