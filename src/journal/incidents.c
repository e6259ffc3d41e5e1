/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/field.h"
#include "journal/record.h"

static const char *kind_word(int value)
{
    return entry_kind_name((enum entry_kind)value);
}

static const char *state_word(int value)
{
    return incident_state_name((enum incident_state)value);
}

enum entry_kind entry_parse(const char *text, size_t length, json_t **root)
{
    *root = json_loadb(text, length, 0, NULL);
    const json_t *exact = json_object_get(*root, "beffroi");
    int kind = field_get_word(exact, "kind", kind_word, ENTRY_KIND_COUNT);
    if (!kind) {
        json_decref(*root);
        *root = NULL;
    }
    return (enum entry_kind)kind;
}

struct incident *incidents_find(const struct incidents *list, uint32_t id)
{
    /* The newest are asked for most. */
    for (size_t i = list->count; i > 0; i--)
        if (list->items[i - 1]->id == id)
            return list->items[i - 1];
    return NULL;
}

uint32_t incidents_last_id(const struct incidents *list)
{
    uint32_t last = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->id > last)
            last = list->items[i]->id;
    return last;
}

size_t incidents_open_count(const struct incidents *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i]->state == INCIDENT_OPEN || list->items[i]->state == INCIDENT_CONTAINED;
    return count;
}

void incidents_free(struct incidents *list)
{
    for (size_t i = 0; i < list->count; i++) {
        incident_free(list->items[i]);
        free(list->items[i]);
    }
    free(list->items);
    *list = (struct incidents){0};
}

static struct incident *add_incident(struct incidents *list, uint32_t id)
{
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    struct incident *incident = mem_zalloc(1, sizeof *incident);
    list->items[list->count++] = incident;
    incident->id = id;
    incident->state = INCIDENT_OPEN;
    incident->alert.detector = incident->detector;
    return incident;
}

static bool fold_alert(struct incidents *list, const json_t *exact)
{
    uint32_t id = field_get_u32(exact, "incident");
    if (id == 0)
        return false;
    struct incident *incident = incidents_find(list, id);
    bool known = incident != NULL;
    if (!known)
        incident = add_incident(list, id);
    struct alert *first = mem_dup(&incident->alert, sizeof incident->alert);
    record_get_alert(exact, &incident->alert, incident->detector, sizeof incident->detector);
    if (known) {
        incident->alert.time_ns = first->time_ns;
        incident->alert.first_harm_ns = first->first_harm_ns;
        incident->alert.decisive_ns = first->decisive_ns;
    }
    free(first);
    char username[sizeof incident->username];
    field_get_text(exact, "username", username, sizeof username);
    if (*username)
        memcpy(incident->username, username, sizeof username);
    field_get_text(exact, "tree_path", incident->tree_path, sizeof incident->tree_path);
    return true;
}

/* What an action means for the state; one of a dry run means nothing. */
static void apply_action(struct incident *incident, const struct action *action)
{
    bool done = action->result == ACTION_DONE || action->result == ACTION_PARTLY;
    if (!done || action->undo)
        return;
    if (*action->username && !*incident->username)
        memcpy(incident->username, action->username, sizeof incident->username);
    if (action->kind == ORDER_FREEZE || action->kind == ORDER_LOCKOUT) {
        if (action->time_ns > incident->contained_ns && !incident->recovered_ns)
            incident->contained_ns = action->time_ns;
        if (incident->state == INCIDENT_OPEN)
            incident->state = INCIDENT_CONTAINED;
    } else if (action->kind == ORDER_RECOVER) {
        incident->recovered += action->done;
        incident->kept += action->kept;
    }
}

static bool fold_action(struct incidents *list, const json_t *exact)
{
    struct action action;
    record_get_action(exact, &action);
    struct incident *incident = action.incident ? incidents_find(list, action.incident) : NULL;
    if (!incident || !action.kind || !action.result)
        return false;
    incident->actions = mem_resize(incident->actions, incident->action_count + 1, sizeof *incident->actions);
    incident->actions[incident->action_count++] = action;
    apply_action(incident, &action);
    return true;
}

static bool fold_change(struct incidents *list, const json_t *exact)
{
    struct incident *incident = incidents_find(list, field_get_u32(exact, "incident"));
    int state = field_get_word(exact, "state", state_word, INCIDENT_CLOSED + 1);
    if (!incident || !state)
        return false;
    int64_t time_ns = field_get_time(exact, "time");
    incident->state = (enum incident_state)state;
    switch (incident->state) {
    case INCIDENT_OPEN:
        break;
    case INCIDENT_CONTAINED:
        if (!incident->contained_ns)
            incident->contained_ns = time_ns;
        if (field_get_u32(exact, "touched")) {
            incident->alert.touched = field_get_u32(exact, "touched");
            incident->alert.spoiled = field_get_u32(exact, "spoiled");
        }
        break;
    case INCIDENT_RECOVERED:
        incident->recovered_ns = time_ns;
        incident->recovered = field_get_u32(exact, "recovered");
        incident->kept = field_get_u32(exact, "kept");
        incident->lost = field_get_u32(exact, "lost");
        break;
    case INCIDENT_DISMISSED:
        incident->dismissed_ns = time_ns;
        break;
    case INCIDENT_CLOSED:
        incident->closed_ns = time_ns;
        break;
    }
    return true;
}

bool incidents_fold(struct incidents *list, const char *text, size_t length)
{
    json_t *root;
    enum entry_kind kind = entry_parse(text, length, &root);
    const json_t *exact = json_object_get(root, "beffroi");
    bool changed = false;
    if (kind == ENTRY_ALERT)
        changed = fold_alert(list, exact);
    else if (kind == ENTRY_ACTION)
        changed = fold_action(list, exact);
    else if (kind == ENTRY_INCIDENT)
        changed = fold_change(list, exact);
    json_decref(root);
    return changed;
}

static json_t *reasons_to_json(const struct alert *alert)
{
    json_t *list = json_array();
    for (size_t i = 0; i < alert->reason_count; i++)
        json_array_append_new(list, field_lossy(alert->reasons[i]));
    return list;
}

static json_t *actor_to_json(const struct actor *actor, const char *username)
{
    json_t *object = json_object();
    json_object_set_new(object, "pid", actor->pid ? json_integer(actor->pid) : json_null());
    json_object_set_new(object, "exe", *actor->exe ? field_lossy(actor->exe) : json_null());
    json_object_set_new(object, "uid", json_integer(actor->uid));
    json_object_set_new(object, "user",
                        username && *username ? field_lossy(username) : json_sprintf("%u", actor->uid));
    json_object_set_new(object, "client", *actor->client ? field_lossy(actor->client) : json_null());
    return object;
}

static json_t *culprits_to_json(const struct incident *incident)
{
    json_t *list = json_array();
    for (size_t i = 0; i < incident->alert.culprit_count; i++)
        json_array_append_new(list, actor_to_json(&incident->alert.culprits[i], i ? "" : incident->username));
    return list;
}

static json_t *actions_to_json(const struct incident *incident)
{
    json_t *list = json_array();
    for (size_t i = 0; i < incident->action_count; i++) {
        const struct action *action = &incident->actions[i];
        json_t *object = json_object();
        field_put_time(object, "time", action->time_ns);
        json_object_set_new(object, "what", json_string(order_kind_name(action->kind)));
        json_object_set_new(object, "undo", json_boolean(action->undo));
        json_object_set_new(object, "result", json_string(action_result_name(action->result)));
        json_object_set_new(object, "done", json_integer(action->done));
        json_object_set_new(object, "failed", json_integer(action->failed));
        json_object_set_new(object, "kept", json_integer(action->kept));
        json_object_set_new(object, "text", field_lossy(action->text));
        json_array_append_new(list, object);
    }
    return list;
}

json_t *incident_to_json(const struct incident *incident)
{
    static const struct actor nobody;
    const struct alert *alert = &incident->alert;
    json_t *object = json_object();
    json_object_set_new(object, "id", json_integer(incident->id));
    json_object_set_new(object, "state", json_string(incident_state_name(incident->state)));
    json_object_set_new(object, "detector", field_lossy(incident->detector));
    json_object_set_new(object, "severity", json_string(severity_name(alert->severity)));
    json_object_set_new(object, "scope", json_string(scope_name(alert->scope)));
    json_object_set_new(object, "reasons", reasons_to_json(alert));
    json_object_set_new(object, "tree", field_lossy(incident->tree_path));
    json_object_set_new(
        object, "actor",
        actor_to_json(alert->culprit_count ? &alert->culprits[0] : &nobody, incident->username));
    json_object_set_new(object, "culprits", culprits_to_json(incident));
    field_put_time(object, "first_harm", alert->first_harm_ns);
    field_put_time(object, "decisive", alert->decisive_ns);
    field_put_time(object, "detected", alert->time_ns);
    field_put_time(object, "contained", incident->contained_ns);
    field_put_time(object, "recovered", incident->recovered_ns);
    field_put_time(object, "dismissed", incident->dismissed_ns);
    field_put_time(object, "closed", incident->closed_ns);
    json_t *files = json_object();
    json_object_set_new(files, "touched", json_integer(alert->touched));
    json_object_set_new(files, "spoiled", json_integer(alert->spoiled));
    json_object_set_new(files, "recovered", json_integer(incident->recovered));
    json_object_set_new(files, "kept", json_integer(incident->kept));
    json_object_set_new(files, "lost", json_integer(incident->lost));
    json_object_set_new(object, "files", files);
    json_object_set_new(object, "actions", actions_to_json(incident));
    return object;
}
