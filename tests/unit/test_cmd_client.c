/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the guard answers, or does not answer, becomes JSON or an error that says what to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "cmd/client.h"
#include "cmd/story.h"

static void an_answer_is_taken_apart(void **state)
{
    (void)state;
    const char *body =
        "{\"id\": 3, \"gate\": 2.5, \"name\": \"x\", \"on\": true, \"at\": \"2022-09-26T16:28:00Z\"}";
    json_t *answer = NULL;
    assert_int_equal(client_answer(200, body, strlen(body), &answer), 0);
    assert_int_equal(client_number(answer, "id"), 3);
    assert_int_equal(client_number(answer, "gate"), 2);
    assert_int_equal(client_number(answer, "name"), 0);
    assert_string_equal(client_text(answer, "name"), "x");
    assert_string_equal(client_text(answer, "id"), "");
    assert_string_equal(client_text(NULL, "id"), "");
    assert_true(client_flag(answer, "on"));
    assert_true(client_time(answer, "at") == INT64_C(1664209680) * INT64_C(1000000000));
    assert_true(client_time(answer, "name") == 0);
    json_decref(answer);
}

static void an_error_keeps_its_code_text_and_hint(void **state)
{
    (void)state;
    const char *body =
        "{\"error\": {\"code\": \"not-found\", \"text\": \"no incident 7\", \"hint\": \"look\"}}";
    json_t *answer = NULL;
    assert_int_equal(client_answer(404, body, strlen(body), &answer), ERR_NOT_FOUND);
    assert_null(answer);
    assert_string_equal(err_text(), "no incident 7");
    assert_string_equal(err_hint_text(), "look");
}

static void an_error_without_a_text_names_the_status(void **state)
{
    (void)state;
    json_t *answer = NULL;
    assert_int_equal(client_answer(500, "[]", 2, &answer), ERR_SYSTEM);
    assert_non_null(strstr(err_text(), "500"));
    assert_string_equal(err_hint_text(), "");
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    json_t *answer = NULL;
    assert_int_equal(client_answer(200, "<html>", 6, &answer), ERR_CORRUPT);
    assert_int_equal(client_answer(200, "", 0, &answer), ERR_CORRUPT);
    assert_null(answer);
}

static void without_a_guard_the_error_says_how_to_start_it(void **state)
{
    (void)state;
    json_t *answer = NULL;
    assert_int_equal(client_ask("/nonexistent/api.sock", "/v1/status", false, &answer), ERR_NOT_FOUND);
    assert_non_null(strstr(err_hint_text(), "systemctl start beffroi"));
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(client_ask(longer, "/v1/status", false, &answer), ERR_INVALID);
}

static void a_socket_that_nobody_serves_is_no_guard(void **state)
{
    (void)state;
    char folder[] = "/tmp/test-cmd-client-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* the name stays, as after a crash */
    json_t *answer = NULL;
    assert_int_equal(client_ask(address.sun_path, "/v1/status", false, &answer), ERR_NOT_FOUND);
    unlink(address.sun_path);
    rmdir(folder);
}

static void the_socket_comes_from_the_option_then_the_configuration(void **state)
{
    (void)state;
    char *path = NULL;
    assert_int_equal(client_choose(NULL, NULL, &path), 0);
    assert_string_equal(path, CLIENT_SOCKET);
    free(path);
    char file[] = "/tmp/test-cmd-client-XXXXXX";
    int fd = mkstemp(file);
    const char text[] = "socket: /srv/x.sock\nprotect: []\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_int_equal(client_choose(NULL, file, &path), 0);
    assert_string_equal(path, "/srv/x.sock");
    free(path);
    assert_int_equal(client_choose("here", file, &path), 0);
    assert_string_equal(path, "here");
    free(path);
    unlink(file);
    assert_int_equal(client_choose(NULL, file, &path), ERR_NOT_FOUND);
}

static char *told(const char *body)
{
    json_t *incident = json_loads(body, 0, NULL);
    assert_non_null(incident);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    story_print(incident, out);
    fclose(out);
    json_decref(incident);
    return text;
}

static void a_story_names_the_culprit_and_what_to_do(void **state)
{
    (void)state;
    char *text =
        told("{\"id\": 1, \"state\": \"recovered\", \"detector\": \"ransomware\", \"reasons\": [\"r1\"],"
             "\"actor\": {\"pid\": 42, \"exe\": \"/usr/sbin/smbd\", \"user\": \"accueil\", \"client\": "
             "\"10.0.0.7\"},"
             "\"first_harm\": \"2022-09-26T16:28:00Z\", \"detected\": \"2022-09-26T16:28:00.012Z\","
             "\"files\": {\"touched\": 5, \"spoiled\": 4, \"recovered\": 4, \"lost\": 0},"
             "\"actions\": [{\"time\": \"2022-09-26T16:28:00.020Z\", \"result\": \"done\", \"text\": \"froze "
             "it\"},"
             "{\"time\": null, \"result\": \"failed\", \"text\": \"no nft\"}]}");
    const char *wanted[] = {"5 files were touched; spoiled: 4.",
                            "- r1",
                            "/usr/sbin/smbd",
                            "accueil",
                            "10.0.0.7",
                            "(after 20 ms)  froze it",
                            "FAILED: no nft",
                            "4 files were put back",
                            "None was lost.",
                            "Unplug the network cable of the computer 10.0.0.7",
                            "incident dismiss 1",
                            "incident close 1"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(text, wanted[i]))
            fail_msg("\"%s\" is not in:\n%s", wanted[i], text);
    assert_null(strstr(text, "rollback")); /* it is recovered */
    free(text);
}

static void a_story_without_facts_is_still_told(void **state)
{
    (void)state;
    char *text = told("{}");
    assert_non_null(strstr(text, "Not known"));
    assert_non_null(strstr(text, "incident rollback 0"));
    free(text);
    text = told("{\"state\": \"closed\", \"actor\": 7, \"files\": [], \"reasons\": {}, \"actions\": \"x\"}");
    assert_null(strstr(text, "What to do now"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_taken_apart),
        cmocka_unit_test(an_error_keeps_its_code_text_and_hint),
        cmocka_unit_test(an_error_without_a_text_names_the_status),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(without_a_guard_the_error_says_how_to_start_it),
        cmocka_unit_test(a_socket_that_nobody_serves_is_no_guard),
        cmocka_unit_test(the_socket_comes_from_the_option_then_the_configuration),
        cmocka_unit_test(a_story_names_the_culprit_and_what_to_do),
        cmocka_unit_test(a_story_without_facts_is_still_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
