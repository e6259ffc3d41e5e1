/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "guard/judge_state.h"
#include "journal/field.h"

#define PART_SIZE 32768 /* bytes of an answer in one message */

static void send_text(struct judge *j, uint64_t id, uint16_t status, char *text)
{
    size_t length = strlen(text);
    size_t at = 0;
    do {
        size_t part = length - at < PART_SIZE ? length - at : PART_SIZE;
        struct message m = {
            .type = MSG_RESPONSE,
            .response = {
                .id = id, .status = status, .more = at + part < length, .text = text + at, .length = part}};
        judge_send(j, ROLE_API, &m);
        at += part;
    } while (at < length);
}

/* Takes the JSON over. */
static void send_json(struct judge *j, uint64_t id, uint16_t status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        text = mem_strdup("{}");
    send_text(j, id, status, text);
    free(text);
}

/* Texts may quote names that are no UTF-8, or be cut inside a character: field_lossy. */
static void send_error(struct judge *j, uint64_t id, int err)
{
    uint16_t status = err == ERR_NOT_FOUND ? 404 : err == ERR_LOCKED ? 409 : err == ERR_INVALID ? 400 : 500;
    send_json(j, id, status,
              json_pack("{s:{s:s,s:o,s:o}}", "error", "code", err_name(err), "text", field_lossy(err_text()),
                        "hint", field_lossy(err_hint_text())));
}

static json_t *time_json(int64_t wall_ns)
{
    char text[TIME_TEXT_SIZE];
    if (wall_ns == 0)
        return json_null();
    time_format_utc(wall_ns, text);
    return json_string(text);
}

static const char *sensor_word(const struct judge *j)
{
    if (!j->peers[ROLE_SENSOR])
        return "lost";
    return !j->sensor.ready ? "scanning" : j->sensor.gate ? "watching" : "observing";
}

static json_t *guard_json(const struct judge *j)
{
    json_t *sensors = json_pack("[{s:s,s:s,s:o}]", "name", "file", "state", sensor_word(j), "blind_to",
                                field_lossy(j->sensor.blind_to));
    json_t *roles = json_array();
    for (int role = ROLE_SENSOR; role < ROLE_COUNT; role++) {
        bool there = role == ROLE_JUDGE || j->peers[role];
        json_array_append_new(roles, json_pack("{s:s,s:b,s:i}", "name", role_name((enum role)role), "running",
                                               there, "restarts", (int)j->restarts[role]));
    }
    return json_pack("{s:b,s:o,s:s,s:o,s:I,s:I,s:I,s:f,s:o}", "running", true, "since",
                     time_json(j->since_ns), "mode", j->config->mode == MODE_ENFORCE ? "enforce" : "observe",
                     "sensors", sensors, "events", (json_int_t)j->sensor.events, "dropped",
                     (json_int_t)j->sensor.dropped, "rescans", (json_int_t)j->sensor.rescans, "gate_p99_us",
                     (double)j->sensor.gate_p99_ns / 1000.0, "roles", roles);
}

static json_t *tree_json(const struct judge *j, uint32_t tree)
{
    static const char *const kinds[] = {"files", "website", "mail", "database"};
    const struct tree_snapshot *s = &j->snapshots[tree];
    json_t *snapshot = json_null();
    if (s->known)
        snapshot = json_pack("{s:s,s:o,s:I,s:I}", "id", s->id, "time", time_json(s->time_ns), "files",
                             (json_int_t)s->files, "bytes", (json_int_t)s->bytes);
    return json_pack("{s:o,s:s,s:o,s:b,s:o}", "path", field_lossy(j->config->trees[tree].path), "kind",
                     kinds[j->config->trees[tree].kind], "snapshot", snapshot, "snapshot_running",
                     s->order != 0, "snapshot_failure", field_lossy(s->failure));
}

static int open_incidents(const struct judge *j)
{
    int count = 0;
    for (size_t i = 0; i < j->incidents.count; i++)
        count += j->incidents.items[i]->state <= INCIDENT_RECOVERED;
    return count;
}

static json_t *status_json(const struct judge *j)
{
    json_t *trees = json_array();
    for (uint32_t tree = 0; tree < j->config->tree_count; tree++)
        json_array_append_new(trees, tree_json(j, tree));
    json_t *vault = json_pack("{s:o,s:s,s:o}", "repository", field_lossy(j->config->repository), "state",
                              j->vault.open ? "open" : "closed", "text", field_lossy(j->vault.text));
    json_t *shadow = json_pack("{s:I,s:I,s:I,s:I}", "files", (json_int_t)j->sensor.shadow_files, "bytes",
                               (json_int_t)j->sensor.shadow_bytes, "quota",
                               (json_int_t)j->config->shadow_quota, "unkept", (json_int_t)j->sensor.unkept);
    json_t *journal = json_pack("{s:I,s:o}", "waiting", (json_int_t)j->unwritten_count, "failure",
                                field_lossy(j->journal_failure));
    return json_pack("{s:o,s:o,s:o,s:i,s:o,s:o,s:o,s:i}", "name", field_lossy(j->config->name), "guard",
                     guard_json(j), "protected", trees, "files", (int)j->sensor.files, "shadow", shadow,
                     "vault", vault, "journal", journal, "incidents_open", open_incidents(j));
}

static void answer_incidents(struct judge *j, uint64_t id)
{
    json_t *all = json_array();
    for (size_t i = 0; i < j->incidents.count; i++)
        json_array_append_new(all, incident_to_json(j->incidents.items[i]));
    send_json(j, id, 200, all);
}

static void answer_incident(struct judge *j, const struct msg_request *request)
{
    const struct incident *incident = incidents_find(&j->incidents, request->incident);
    if (!incident) {
        send_error(j, request->id,
                   err_hint(err_set(ERR_NOT_FOUND, _("there is no incident %u"), request->incident),
                            _("see: beffroi incident list")));
        return;
    }
    send_json(j, request->id, 200, incident_to_json(incident));
}

static void answer_decision(struct judge *j, const struct msg_request *request)
{
    int err;
    if (request->verb == REQUEST_ROLLBACK)
        err = judge_rollback(j, request->incident);
    else if (request->verb == REQUEST_DISMISS)
        err = judge_dismiss(j, request->incident, request->uid);
    else if (request->verb == REQUEST_CLOSE)
        err = judge_close(j, request->incident, request->uid);
    else
        err = judge_release(j, request->incident, request->uid);
    struct work_case *c = judge_find_case(j, request->incident);
    if (err)
        send_error(j, request->id, err);
    else if (c && c->phase != CASE_WAITING && c->phase != CASE_DONE)
        c->request = request->id;
    else
        answer_incident(j, request);
}

void judge_answer_waiting(struct judge *j, struct work_case *c)
{
    if (c->request == 0)
        return;
    const struct msg_request request = {.id = c->request, .verb = REQUEST_INCIDENT, .incident = c->incident};
    c->request = 0;
    answer_incident(j, &request);
}

static void answer_snapshot(struct judge *j, const struct msg_request *request)
{
    if (request->tree != UINT32_MAX && request->tree >= j->config->tree_count) {
        send_error(j, request->id, err_set(ERR_NOT_FOUND, _("there is no such protected folder")));
        return;
    }
    if (!j->vault.open) {
        send_error(j, request->id, err_set(ERR_SYSTEM, _("the vault is not open: %s"), j->vault.text));
        return;
    }
    judge_snapshot_now(j, request->tree);
    send_json(j, request->id, 202, json_pack("{s:b}", "ordered", true));
}

void judge_answer(struct judge *j, const struct msg_request *request)
{
    switch (request->verb) {
    case REQUEST_STATUS:
        send_json(j, request->id, 200, status_json(j));
        break;
    case REQUEST_INCIDENTS:
        answer_incidents(j, request->id);
        break;
    case REQUEST_INCIDENT:
        answer_incident(j, request);
        break;
    case REQUEST_ROLLBACK:
    case REQUEST_DISMISS:
    case REQUEST_CLOSE:
    case REQUEST_RELEASE:
        answer_decision(j, request);
        break;
    case REQUEST_SNAPSHOT:
        answer_snapshot(j, request);
        break;
    }
}
