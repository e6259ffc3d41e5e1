/* SPDX-License-Identifier: GPL-3.0-or-later
 * SFTP: what a location means, which program leads there, and the bytes of the protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "blob/sftp_place.h"
#include "blob/sftp_wire.h"

static void assert_text(const char *got, const char *wanted)
{
    if (wanted)
        assert_string_equal(got, wanted);
    else
        assert_null(got);
}

static void assert_place(const char *rest, const char *user, const char *host, const char *port,
                         const char *path)
{
    struct sftp_place place;
    assert_int_equal(sftp_place_parse(rest, &place), 0);
    assert_text(place.user, user);
    assert_text(place.host, host);
    assert_text(place.port, port);
    assert_text(place.path, path);
    sftp_place_free(&place);
}

static void places_are_restics(void **state)
{
    (void)state;
    assert_place("host:/srv/vault", NULL, "host", NULL, "/srv/vault");
    assert_place("anne@host:vault/", "anne", "host", NULL, "vault");
    assert_place("anne@mairie.fr@host:/a:b", "anne@mairie.fr", "host", NULL, "/a:b");
    assert_place("host:", NULL, "host", NULL, ".");
    assert_place("host:/", NULL, "host", NULL, "/");
    assert_place("//anne@host:2222//srv/vault", "anne", "host", "2222", "/srv/vault");
    assert_place("//host/vault", NULL, "host", NULL, "vault");
    assert_place("//[::1]:22//srv", NULL, "::1", "22", "/srv");
    assert_place("//anne@[fe80::1]/srv", "anne", "fe80::1", NULL, "srv");
}

static void what_is_no_place_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",          "host",         "/srv/vault", ":path",        "//host",
        "//host:22", "@h:p",         "//host:x/p", "//host:/p",    "//[::1/p",
        "//@host/p", "host:~/vault", "-oX:p",      "//-oProxy//p", "-l@host:p",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sftp_place place;
        assert_int_equal(sftp_place_parse(wrong[i], &place), ERR_INVALID);
        sftp_place_free(&place);
    }
}

/* The words of the command, joined by '|'. */
static char *command_text(const char *command, const char *args)
{
    struct sftp_place place;
    char **argv = NULL;
    assert_int_equal(sftp_place_parse("//anne@host:2222//srv", &place), 0);
    int err = sftp_command(&place, command, args, &argv);
    sftp_place_free(&place);
    if (err)
        return NULL;
    char *text = mem_strdup("");
    for (char **word = argv; *word; word++) {
        char *more = mem_printf("%s%s|", text, *word);
        free(text);
        text = more;
    }
    sftp_command_free(argv);
    return text;
}

static void assert_command(const char *command, const char *args, const char *wanted)
{
    char *text MEM_AUTO = command_text(command, args);
    assert_text(text, wanted);
}

static void commands_are_split_like_a_shell(void **state)
{
    (void)state;
    assert_command(NULL, NULL, "ssh|-p|2222|-l|anne|host|-s|sftp|");
    assert_command(NULL, "-F 'a file' -v", "ssh|-p|2222|-l|anne|-F|a file|-v|host|-s|sftp|");
    assert_command("a\\ b \"c \\\" d\" 'e\\' f\"g\"'h' ''", NULL, "a b|c \" d|e\\|fgh||");
    assert_command("a 'b", NULL, NULL);
    assert_command("  ", NULL, NULL);
    assert_command("a", "b", NULL);
}

static void requests_are_big_endian(void **state)
{
    static const uint8_t wanted[] = {0,   0, 0, 0x15, 5, 0, 0, 0, 9, 0, 0,    0, 2,
                                     'h', 1, 0, 0,    0, 0, 1, 0, 0, 0, 0x80, 0};
    struct buf b BUF_AUTO;
    (void)state;
    buf_init(&b, 0);
    sftp_begin(&b, SFTP_READ);
    sftp_put_bytes(&b, "h\1", 2);
    sftp_put_u64(&b, UINT64_C(1) << 24);
    sftp_put_u32(&b, 0x8000);
    sftp_finish(&b, 9);
    b.data[3] = (uint8_t)(b.length - 4);
    assert_int_equal(b.length, 27);
    assert_memory_equal(b.data + 4, wanted + 4, 10);
    assert_memory_equal(b.data + 15, "\0\0\0\0\1\0\0\0\0\0\x80\0", 12);
}

/* Every packet cut at every place is refused, and none is read past its end. */
static void cut_answers_are_refused(void **state)
{
    static const uint8_t names[] = {104, 0,   0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 'a',  'b', 0, 0,    0,
                                    1,   'x', 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 1, 0x75, 0,   0, 0x81, 0};
    struct sftp_answer answer;
    struct sftp_bytes name;
    struct sftp_attrs attrs;
    (void)state;
    for (size_t length = 0; length < sizeof names; length++) {
        uint8_t *copy = mem_dup(names, length);
        assert_int_equal(sftp_decode(copy, length, &answer), ERR_CORRUPT);
        free(copy);
    }
    assert_int_equal(sftp_decode(names, sizeof names, &answer), 0);
    assert_int_equal(answer.id, 5);
    assert_true(sftp_next_name(&answer, &name, &attrs));
    assert_memory_equal(name.at, "ab", 2);
    assert_true(attrs.has_size && attrs.has_mode && !attrs.has_times);
    assert_int_equal(attrs.size, 0x175);
    assert_int_equal(attrs.mode, 0100400 & 0x8100);
    assert_false(sftp_next_name(&answer, &name, &attrs));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_restics),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(commands_are_split_like_a_shell),
        cmocka_unit_test(requests_are_big_endian),
        cmocka_unit_test(cut_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
