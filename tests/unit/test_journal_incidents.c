/* SPDX-License-Identifier: GPL-3.0-or-later
 * What goes into entries comes back exactly, and the incidents are the story they tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/entry.h"
#include "journal/field.h"
#include "journal/incidents.h"
#include "journal/record.h"
#include "journal/tile.h"

#define NOON INT64_C(1795348800123456789)

static const struct entry_context context = {"srv1", NOON, 7};

/* An actor and an alert in which no field is zero and no two are the same. */
static struct actor make_actor(int32_t n)
{
    struct actor actor = {
        1000 + n, UINT64_MAX - (uint64_t)n, 500 + n, 77 + (uint64_t)n, 3000000000u + (uint32_t)n, "", ""};
    snprintf(actor.exe, sizeof actor.exe, "/usr/bin/prog-%d\xff\xfe\"\x01", n);
    snprintf(actor.client, sizeof actor.client, "10.77.0.%d", n);
    return actor;
}

static struct alert *make_alert(void)
{
    struct alert *alert = mem_zalloc(1, sizeof *alert);
    alert->detector = "ransomware";
    alert->severity = SEVERITY_CRITICAL;
    alert->scope = SCOPE_CLIENT;
    alert->time_ns = NOON + 3;
    alert->first_harm_ns = NOON + 1;
    alert->decisive_ns = NOON + 2;
    alert->last_sequence = UINT64_MAX;
    alert->tree = 4;
    alert->touched = 5;
    alert->spoiled = 3;
    alert->reason_count = 2;
    strcpy(alert->reasons[0], "Trois fichiers ont \xc3\xa9t\xc3\xa9 rendus illisibles.");
    memset(alert->reasons[1], 'r', ALERT_REASON_SIZE - 1);
    alert->culprit_count = ALERT_CULPRITS;
    for (int i = 0; i < ALERT_CULPRITS; i++)
        alert->culprits[i] = make_actor(i + 1);
    return alert;
}

static void assert_same_actor(const struct actor *a, const struct actor *b)
{
    assert_int_equal(a->pid, b->pid);
    assert_true(a->start == b->start && a->root_start == b->root_start);
    assert_int_equal(a->root_pid, b->root_pid);
    assert_int_equal(a->uid, b->uid);
    assert_string_equal(a->exe, b->exe);
    assert_string_equal(a->client, b->client);
}

static void fold(struct incidents *list, char *text)
{
    assert_true(strlen(text) <= ENTRY_MAX_BYTES);
    incidents_fold(list, text, strlen(text));
    free(text);
}

static void an_alert_comes_back_exactly(void **state)
{
    (void)state;
    struct alert *alert = make_alert();
    struct incidents list = {0};
    fold(&list, entry_alert(&context, 12, alert, "/srv/partages \xe9t\xe9", "marie"));
    struct incident *incident = incidents_find(&list, 12);
    assert_non_null(incident);
    const struct alert *got = &incident->alert;
    assert_string_equal(got->detector, "ransomware");
    assert_true(got->severity == alert->severity && got->scope == alert->scope);
    assert_true(got->time_ns == alert->time_ns && got->first_harm_ns == alert->first_harm_ns);
    assert_true(got->decisive_ns == alert->decisive_ns && got->last_sequence == alert->last_sequence);
    assert_int_equal(got->tree, 4);
    assert_int_equal(got->touched, 5);
    assert_int_equal(got->spoiled, 3);
    assert_int_equal(got->reason_count, 2);
    assert_string_equal(got->reasons[0], alert->reasons[0]);
    assert_string_equal(got->reasons[1], alert->reasons[1]);
    assert_int_equal(got->culprit_count, ALERT_CULPRITS);
    for (int i = 0; i < ALERT_CULPRITS; i++)
        assert_same_actor(&got->culprits[i], &alert->culprits[i]);
    assert_string_equal(incident->tree_path, "/srv/partages \xe9t\xe9");
    assert_string_equal(incident->username, "marie");
    assert_int_equal(incident->state, INCIDENT_OPEN);
    incidents_free(&list);
    free(alert);
}

static char *action_text(uint32_t incident, enum order_kind kind, enum action_result result, uint32_t done,
                         bool undo)
{
    struct action action = {.order = 9,
                            .incident = incident,
                            .kind = kind,
                            .undo = undo,
                            .result = result,
                            .time_ns = NOON + 10 + kind,
                            .tree = 1,
                            .done = done,
                            .failed = 1,
                            .kept = 2};
    strcpy(action.text, "stopped 3 programs");
    return entry_action(&context, &action, "/srv/partages");
}

static void an_incident_goes_its_way(void **state)
{
    (void)state;
    struct incidents list = {0};
    struct alert *alert = make_alert();
    fold(&list, entry_alert(&context, 1, alert, "/srv", ""));
    assert_int_equal(incidents_open_count(&list), 1);
    fold(&list, action_text(1, ORDER_FREEZE, ACTION_WOULD, 0, false));
    assert_int_equal(list.items[0]->state, INCIDENT_OPEN);
    fold(&list, action_text(1, ORDER_FREEZE, ACTION_FAILED, 0, false));
    assert_int_equal(list.items[0]->state, INCIDENT_OPEN);
    fold(&list, action_text(1, ORDER_FREEZE, ACTION_DONE, 3, false));
    assert_int_equal(list.items[0]->state, INCIDENT_CONTAINED);
    assert_true(list.items[0]->contained_ns == NOON + 10 + ORDER_FREEZE);
    /* Contained is when the last of several culprits was stopped. */
    fold(&list, action_text(1, ORDER_LOCKOUT, ACTION_DONE, 1, false));
    assert_true(list.items[0]->contained_ns == NOON + 10 + ORDER_LOCKOUT);
    fold(&list, action_text(1, ORDER_RECOVER, ACTION_PARTLY, 40, false));
    assert_int_equal(list.items[0]->recovered, 40);
    assert_int_equal(list.items[0]->kept, 2);

    /* A later alert of the same incident: newest counts, first times. */
    alert->touched = 50;
    alert->time_ns += 1000;
    alert->first_harm_ns += 1000;
    fold(&list, entry_alert(&context, 1, alert, "/srv", "paul"));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0]->alert.touched, 50);
    assert_true(list.items[0]->alert.time_ns == NOON + 3);
    assert_true(list.items[0]->alert.first_harm_ns == NOON + 1);
    assert_string_equal(list.items[0]->username, "paul");
    assert_int_equal(list.items[0]->state, INCIDENT_CONTAINED);

    struct incident_change change = {.state = INCIDENT_RECOVERED,
                                     .time_ns = NOON + 99,
                                     .recovered = 47,
                                     .kept = 1,
                                     .who = "",
                                     .text = "all files are back"};
    fold(&list, entry_incident(&context, 1, &change));
    assert_int_equal(list.items[0]->state, INCIDENT_RECOVERED);
    assert_int_equal(list.items[0]->recovered, 47);
    assert_int_equal(list.items[0]->kept, 1);
    assert_true(list.items[0]->recovered_ns == NOON + 99);
    assert_int_equal(list.items[0]->action_count, 5);
    assert_int_equal(incidents_open_count(&list), 0);
    assert_int_equal(incidents_last_id(&list), 1);
    change.state = INCIDENT_CLOSED;
    fold(&list, entry_incident(&context, 1, &change));
    assert_int_equal(list.items[0]->state, INCIDENT_CLOSED);
    incidents_free(&list);
    free(alert);
}

static void the_json_has_what_the_interface_promises(void **state)
{
    (void)state;
    struct incidents list = {0};
    struct alert *alert = make_alert();
    fold(&list, entry_alert(&context, 3, alert, "/srv", "marie"));
    fold(&list, action_text(3, ORDER_FREEZE, ACTION_DONE, 3, false));
    json_t *object = incident_to_json(list.items[0]);
    static const char *const keys[] = {"id",   "state",      "detector", "severity",  "reasons", "actor",
                                       "tree", "first_harm", "detected", "contained", "files",   "actions"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_true(json_object_get(object, keys[i]) && !json_is_null(json_object_get(object, keys[i])));
    assert_true(json_is_null(json_object_get(object, "recovered")));
    assert_string_equal(json_string_value(json_object_get(object, "state")), "contained");
    assert_string_equal(json_string_value(json_object_get(object, "first_harm")),
                        "2026-11-22T12:00:00.123456790Z");
    const json_t *actor = json_object_get(object, "actor"), *files = json_object_get(object, "files");
    assert_int_equal(json_integer_value(json_object_get(actor, "pid")), 1001);
    assert_string_equal(json_string_value(json_object_get(actor, "user")), "marie");
    assert_string_equal(json_string_value(json_object_get(actor, "client")), "10.77.0.1");
    static const char *const counts[] = {"touched", "spoiled", "recovered", "kept", "lost"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        assert_true(json_is_integer(json_object_get(files, counts[i])));
    json_decref(object);
    incidents_free(&list);
    free(alert);
}

static void orders_steps_and_approvals_come_back_exactly(void **state)
{
    (void)state;
    json_t *root;
    struct order order = {UINT64_MAX - 5, 3, ORDER_LOCKOUT, true, true, 2, make_actor(9)}, order_got;
    char *text = entry_order(&context, &order, "/srv");
    assert_int_equal(entry_parse(text, strlen(text), &root), ENTRY_ORDER);
    record_get_order(json_object_get(root, "beffroi"), &order_got);
    assert_true(order_got.id == order.id && order_got.incident == 3 && order_got.kind == ORDER_LOCKOUT);
    assert_true(order_got.undo && order_got.dry && order_got.tree == 2);
    assert_same_actor(&order_got.culprit, &order.culprit);
    json_decref(root);
    free(text);

    struct step *step = mem_zalloc(2, sizeof *step);
    *step = (struct step){.number = 8,
                          .kind = STEP_RESTORE,
                          .tree = 1,
                          .path = "a\xff/b",
                          .from = "c.locked",
                          .version = {VERSION_VAULT, UINT64_MAX, 11, 12, NOON, NOON + 5},
                          .expected = {13, 14, NOON + 6}};
    text = entry_step(&context, 3, "/srv", step, STEP_KEPT_BOTH, "");
    assert_int_equal(entry_parse(text, strlen(text), &root), ENTRY_STEP);
    record_get_step(json_object_get(root, "beffroi"), &step[1]);
    assert_int_equal(step[1].number, 8);
    assert_int_equal(step[1].kind, STEP_RESTORE);
    assert_string_equal(step[1].path, step[0].path);
    assert_string_equal(step[1].from, step[0].from);
    assert_memory_equal(&step[1].version, &step[0].version, sizeof step[0].version);
    assert_memory_equal(&step[1].expected, &step[0].expected, sizeof step[0].expected);
    json_decref(root);
    free(text);
    free(step);
}

static bool fold_approval(struct approvals *list, const struct approval *approval, bool revoked)
{
    char *text = entry_approval(&context, approval, revoked);
    bool changed = approvals_fold(list, text, strlen(text));
    free(text);
    return changed;
}

static void approvals_hold_until_they_are_revoked(void **state)
{
    (void)state;
    struct approvals list = {0};
    struct approval *approval = mem_zalloc(1, sizeof *approval);
    *approval = (struct approval){
        .exe = "/usr/bin/gpg", .uid = 1000, .tree_path = "/srv/partages", .incident = 4, .time_ns = NOON};
    assert_true(fold_approval(&list, approval, false));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].exe, "/usr/bin/gpg");
    assert_int_equal(list.items[0].uid, 1000);
    assert_int_equal(list.items[0].incident, 4);
    assert_true(fold_approval(&list, approval, false));
    assert_int_equal(list.count, 1);
    approval->uid = 1001;
    assert_true(fold_approval(&list, approval, false));
    assert_int_equal(list.count, 2);
    assert_true(fold_approval(&list, approval, true));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].uid, 1000);
    assert_false(fold_approval(&list, approval, true));
    approval->exe[0] = '\0';
    assert_false(fold_approval(&list, approval, false));
    approvals_free(&list);
    free(approval);
}

static void a_remote_client_is_approved_whatever_serves_it(void **state)
{
    (void)state;
    struct approvals list = {0};
    struct approval *approval = mem_zalloc(1, sizeof *approval);
    *approval = (struct approval){.client = "10.77.0.12", .uid = 65534, .tree_path = "/srv/partages"};
    assert_true(fold_approval(&list, approval, false));
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].client, "10.77.0.12");
    approvals_free(&list);
    free(approval);
}

static void nonsense_changes_nothing(void **state)
{
    (void)state;
    struct incidents list = {0};
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{",
        "{\"beffroi\":[]}",
        "{\"beffroi\":{\"kind\":7}}",
        "{\"beffroi\":{\"kind\":\"alert\"}}",
        "{\"beffroi\":{\"kind\":\"alert\",\"incident\":-1}}",
        "{\"beffroi\":{\"kind\":\"action\",\"incident\":1,\"what\":\"freeze\",\"result\":\"done\"}}",
        "{\"beffroi\":{\"kind\":\"incident\",\"incident\":1,\"state\":\"closed\"}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(incidents_fold(&list, texts[i], strlen(texts[i])));
    assert_int_equal(list.count, 0);
    static const char wrong_types[] =
        "{\"beffroi\":{\"kind\":\"alert\",\"incident\":1,\"detector\":{},\"reasons\":[3,\"x\"],"
        "\"culprits\":[[],{\"pid\":\"x\",\"exe\":7}],\"detected\":12,\"touched\":1e300}}";
    assert_true(incidents_fold(&list, wrong_types, strlen(wrong_types)));
    assert_int_equal(list.items[0]->alert.reason_count, 1);
    assert_int_equal(list.items[0]->alert.culprit_count, 2);
    incidents_free(&list);
}

/* Every byte of every text a control character: six bytes each in JSON. */
static void the_longest_entries_still_fit(void **state)
{
    (void)state;
    struct alert *alert = make_alert();
    char *path MEM_AUTO = mem_zalloc(1, EVENT_PATH_SIZE);
    memset(path, 1, EVENT_PATH_SIZE - 1);
    for (int i = 0; i < ALERT_CULPRITS; i++)
        memset(alert->culprits[i].exe, 2, ACTOR_EXE_SIZE - 1);
    for (alert->reason_count = 0; alert->reason_count < ALERT_REASONS; alert->reason_count++)
        memset(alert->reasons[alert->reason_count], 3, ALERT_REASON_SIZE - 1);
    char *text = entry_alert(&context, 1, alert, path, "");
    assert_true(strlen(text) <= ENTRY_MAX_BYTES);
    struct incidents list = {0};
    assert_true(incidents_fold(&list, text, strlen(text)));
    assert_true(list.items[0]->alert.culprit_count >= 8);
    incidents_free(&list);
    free(text);
    struct step *step = mem_zalloc(1, sizeof *step);
    for (int byte = 1; byte <= 255; byte += 254) {
        memset(step->path, byte, EVENT_PATH_SIZE - 1);
        memset(step->from, byte, EVENT_PATH_SIZE - 1);
        text = entry_step(&context, 1, path, step, STEP_FAILED, path);
        assert_true(strlen(text) <= ENTRY_MAX_BYTES);
        free(text);
    }
    free(step);
    free(alert);
}

static void every_maker_makes_an_entry_of_its_kind(void **state)
{
    (void)state;
    struct snapshot_result snapshot = {"/srv", "0123abcd", NOON, 10, 11, 0, ""};
    struct {
        enum entry_kind kind;
        char *text;
    } made[] = {
        {ENTRY_SNAPSHOT, entry_snapshot(&context, &snapshot)},
        {ENTRY_ROLE, entry_role(&context, "sensor", 12, true, "killed by signal 9")},
        {ENTRY_GUARD, entry_guard(&context, true, "enforce", "")},
        {ENTRY_NOTE, entry_note(&context, 2, "overflow", "the queue overflowed")},
    };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        json_t *root;
        assert_int_equal(entry_parse(made[i].text, strlen(made[i].text), &root), made[i].kind);
        assert_true(field_get_time(root, "@timestamp") == NOON);
        const json_t *event = json_object_get(root, "event");
        assert_int_equal(json_integer_value(json_object_get(event, "sequence")), 7);
        assert_true(json_is_array(json_object_get(event, "category")));
        assert_true(json_is_array(json_object_get(event, "type")));
        assert_string_equal(json_string_value(json_object_get(json_object_get(root, "host"), "name")),
                            "srv1");
        json_decref(root);
        free(made[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_comes_back_exactly),
        cmocka_unit_test(an_incident_goes_its_way),
        cmocka_unit_test(the_json_has_what_the_interface_promises),
        cmocka_unit_test(orders_steps_and_approvals_come_back_exactly),
        cmocka_unit_test(approvals_hold_until_they_are_revoked),
        cmocka_unit_test(a_remote_client_is_approved_whatever_serves_it),
        cmocka_unit_test(nonsense_changes_nothing),
        cmocka_unit_test(the_longest_entries_still_fit),
        cmocka_unit_test(every_maker_makes_an_entry_of_its_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
