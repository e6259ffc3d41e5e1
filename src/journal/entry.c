/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/entry.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "journal/field.h"
#include "journal/record.h"
#include "journal/tile.h"

#define ECS_VERSION "8.11.0"

/* What event says: ECS allows only its own words in kind, category and type. */
struct ecs_event {
    const char *kind;     /* "alert" or "event" */
    const char *category; /* "malware", "intrusion_detection", "file", "process", "configuration"... */
    const char *type;     /* "start", "end", "info", "change", "error", "denied", "allowed"... */
    const char *outcome;  /* "success", "failure", "unknown", or NULL */
    int severity;         /* 0 to 4 */
};

static void set_text(json_t *root, const char *group, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    json_t *object = json_object_get(root, group);
    if (!object) {
        object = json_object();
        json_object_set_new(root, group, object);
    }
    json_object_set_new(object, key, field_lossy(text));
}

/* Starts an entry; *exact is its "beffroi" object, borrowed. */
static json_t *begin(const struct entry_context *context, enum entry_kind kind, const struct ecs_event *ecs,
                     const char *action, const char *reason, json_t **exact)
{
    json_t *root = json_object();
    field_put_time(root, "@timestamp", context->time_ns ? context->time_ns : 1);
    json_object_set_new(root, "ecs", json_pack("{s:s}", "version", ECS_VERSION));
    json_t *event = json_pack("{s:s, s:[s], s:[s], s:i}", "kind", ecs->kind, "category", ecs->category,
                              "type", ecs->type, "severity", ecs->severity * 25);
    json_object_set_new(event, "action", field_lossy(action));
    if (ecs->outcome)
        json_object_set_new(event, "outcome", json_string(ecs->outcome));
    if (reason && *reason)
        json_object_set_new(event, "reason", field_lossy(reason));
    field_put_u64(event, "sequence", context->sequence);
    json_object_set_new(root, "event", event);
    set_text(root, "host", "name", context->host);
    *exact = json_pack("{s:s}", "kind", entry_kind_name(kind));
    json_object_set_new(root, "beffroi", *exact);
    return root;
}

static void set_actor(json_t *root, const struct actor *actor, const char *username)
{
    if (actor->pid) {
        json_t *process = json_pack("{s:i}", "pid", (int)actor->pid);
        if (*actor->exe)
            json_object_set_new(process, "executable", field_lossy(actor->exe));
        json_object_set_new(root, "process", process);
        json_object_set_new(root, "user", json_pack("{s:o}", "id", json_sprintf("%u", actor->uid)));
    }
    set_text(root, "user", "name", username);
    set_text(root, "source", "ip", actor->client);
}

/* The text of the entry; frees the object. */
static char *finish(json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);
    if (!text)
        abort();
    /* The structs are bounded, but control characters take six bytes each: an entry that is still too long
     * loses its longest free texts, never its numbers. */
    if (strlen(text) > ENTRY_MAX_BYTES) {
        free(text);
        record_shorten(root);
        text = json_dumps(root, JSON_COMPACT);
    }
    json_decref(root);
    return text;
}

char *entry_alert(const struct entry_context *context, uint32_t incident, const struct alert *alert,
                  const char *tree_path, const char *username)
{
    struct ecs_event ecs = {"alert", "malware", "info", NULL, (int)alert->severity};
    json_t *exact;
    json_t *root = begin(context, ENTRY_ALERT, &ecs, alert->detector ? alert->detector : "",
                         alert->reason_count ? alert->reasons[0] : "", &exact);
    if (alert->culprit_count)
        set_actor(root, &alert->culprits[0], username);
    set_text(root, "file", "path", tree_path);
    field_put_u64(exact, "incident", incident);
    field_put_text(exact, "tree_path", tree_path);
    field_put_text(exact, "username", username ? username : "");
    record_put_alert(exact, alert);
    return finish(root);
}

char *entry_order(const struct entry_context *context, const struct order *order, const char *tree_path)
{
    struct ecs_event ecs = {"event", "intrusion_detection", "info", NULL, 1};
    json_t *exact;
    char *action MEM_AUTO = mem_printf("%s%s", order->undo ? "undo-" : "", order_kind_name(order->kind));
    json_t *root = begin(context, ENTRY_ORDER, &ecs, action, "", &exact);
    set_actor(root, &order->culprit, "");
    set_text(root, "file", "path", tree_path);
    field_put_text(exact, "tree_path", tree_path ? tree_path : "");
    record_put_order(exact, order);
    return finish(root);
}

char *entry_action(const struct entry_context *context, const struct action *action, const char *tree_path)
{
    bool bad = action->result == ACTION_FAILED || action->result == ACTION_PARTLY;
    struct ecs_event ecs = {"event", "intrusion_detection", bad ? "error" : "change",
                            action->result == ACTION_WOULD || action->result == ACTION_NO_PLAN ? "unknown"
                            : bad                                                              ? "failure"
                                                                                               : "success",
                            bad ? 3 : 1};
    json_t *exact;
    char *word MEM_AUTO = mem_printf("%s%s", action->undo ? "undo-" : "", order_kind_name(action->kind));
    json_t *root = begin(context, ENTRY_ACTION, &ecs, word, action->text, &exact);
    set_text(root, "file", "path", tree_path);
    field_put_text(exact, "tree_path", tree_path ? tree_path : "");
    record_put_action(exact, action);
    return finish(root);
}

char *entry_incident(const struct entry_context *context, uint32_t incident,
                     const struct incident_change *change)
{
    struct ecs_event ecs = {"event", "intrusion_detection", "change", NULL, change->lost ? 3 : 1};
    json_t *exact;
    json_t *root =
        begin(context, ENTRY_INCIDENT, &ecs, incident_state_name(change->state), change->text, &exact);
    set_text(root, "user", "name", change->who);
    field_put_u64(exact, "incident", incident);
    json_object_set_new(exact, "state", json_string(incident_state_name(change->state)));
    field_put_time(exact, "time", change->time_ns);
    field_put_u64(exact, "touched", change->touched);
    field_put_u64(exact, "spoiled", change->spoiled);
    field_put_u64(exact, "recovered", change->recovered);
    field_put_u64(exact, "kept", change->kept);
    field_put_u64(exact, "lost", change->lost);
    field_put_text(exact, "who", change->who ? change->who : "");
    return finish(root);
}

char *entry_step(const struct entry_context *context, uint32_t incident, const char *tree_path,
                 const struct step *step, enum step_result result, const char *text)
{
    bool bad = result == STEP_LOST || result == STEP_FAILED;
    struct ecs_event ecs = {"event", "file", bad ? "error" : "change", bad ? "failure" : "success",
                            bad ? 3 : 0};
    json_t *exact;
    json_t *root = begin(context, ENTRY_STEP, &ecs, step_kind_name(step->kind), text, &exact);
    char *path MEM_AUTO = mem_printf("%s/%s", tree_path ? tree_path : "", step->path);
    set_text(root, "file", "path", path);
    field_put_u64(exact, "incident", incident);
    json_object_set_new(exact, "result", json_string(step_result_name(result)));
    record_put_step(exact, step);
    return finish(root);
}

char *entry_approval(const struct entry_context *context, const struct approval *approval, bool revoked)
{
    struct ecs_event ecs = {"event", "configuration", revoked ? "deletion" : "allowed", NULL, 1};
    json_t *exact;
    json_t *root = begin(context, ENTRY_APPROVAL, &ecs, revoked ? "revoke" : "approve", "", &exact);
    set_text(root, "process", "executable", approval->exe);
    json_object_set_new(root, "user", json_pack("{s:o}", "id", json_sprintf("%u", approval->uid)));
    set_text(root, "file", "path", approval->tree_path);
    record_put_approval(exact, approval);
    json_object_set_new(exact, "revoked", json_boolean(revoked));
    return finish(root);
}

char *entry_snapshot(const struct entry_context *context, const struct snapshot_result *result)
{
    struct ecs_event ecs = {"event", "file", result->error ? "error" : "creation",
                            result->error ? "failure" : "success", result->error ? 3 : 0};
    json_t *exact;
    json_t *root = begin(context, ENTRY_SNAPSHOT, &ecs, "snapshot", result->text, &exact);
    set_text(root, "file", "path", result->tree_path);
    field_put_text(exact, "tree_path", result->tree_path);
    field_put_text(exact, "snapshot", result->id);
    field_put_time(exact, "started", result->started_ns);
    field_put_u64(exact, "files", result->files);
    field_put_u64(exact, "new_bytes", result->new_bytes);
    json_object_set_new(exact, "error", json_string(err_name(result->error)));
    return finish(root);
}

char *entry_role(const struct entry_context *context, const char *role, int32_t pid, bool lost,
                 const char *text)
{
    struct ecs_event ecs = {"event", "process", lost ? "end" : "start", lost ? "failure" : "success",
                            lost ? 3 : 0};
    json_t *exact;
    json_t *root = begin(context, ENTRY_ROLE, &ecs, lost ? "lost" : "started", text, &exact);
    json_object_set_new(root, "process", json_pack("{s:i}", "pid", (int)pid));
    field_put_text(exact, "role", role);
    json_object_set_new(exact, "pid", json_integer(pid));
    json_object_set_new(exact, "lost", json_boolean(lost));
    return finish(root);
}

char *entry_guard(const struct entry_context *context, bool started, const char *mode, const char *text)
{
    struct ecs_event ecs = {"event", "process", started ? "start" : "end", "success", 1};
    json_t *exact;
    json_t *root =
        begin(context, ENTRY_GUARD, &ecs, started ? "guard-started" : "guard-stopped", text, &exact);
    json_object_set_new(exact, "started", json_boolean(started));
    field_put_text(exact, "mode", mode);
    json_object_set_new(exact, "version", json_string(BEFFROI_VERSION));
    return finish(root);
}

char *entry_note(const struct entry_context *context, int severity, const char *action, const char *text)
{
    struct ecs_event ecs = {"event", "host", "info", NULL, severity};
    json_t *exact;
    return finish(begin(context, ENTRY_NOTE, &ecs, action, text, &exact));
}

char *entry_server(const struct entry_context *context, const struct server_event *event)
{
    bool refused = *event->reason != '\0';
    char *reason MEM_AUTO = event->times > 0
                                ? mem_printf("%s%s%llu times more", event->reason, refused ? ", " : "",
                                             (unsigned long long)event->times)
                                : mem_strdup(event->reason);
    struct ecs_event ecs = {"event", "file", refused ? "denied" : "change", refused ? "failure" : "success",
                            event->severity};
    json_t *exact;
    json_t *root = begin(context, ENTRY_SERVER, &ecs, event->action, reason, &exact);
    char *path MEM_AUTO = mem_printf("%s%s%s", event->repository,
                                     *event->repository && *event->object ? "/" : "", event->object);
    set_text(root, "file", "path", path);
    set_text(root, "user", "name", event->user);
    set_text(root, "source", "ip", event->address);
    field_put_text(exact, "reason", event->reason);
    field_put_text(exact, "repository", event->repository);
    field_put_text(exact, "object", event->object);
    field_put_u64(exact, "bytes", event->bytes);
    field_put_u64(exact, "times", event->times ? event->times : 1);
    return finish(root);
}

const char *entry_kind_name(enum entry_kind kind)
{
    static const char *const names[] = {"unknown",  "alert",    "order", "action", "incident", "step",
                                        "approval", "snapshot", "role",  "guard",  "note",     "server"};
    return kind > 0 && kind < ENTRY_KIND_COUNT ? names[kind] : names[0];
}

const char *step_kind_name(enum step_kind kind)
{
    static const char *const names[] = {"unknown",    "restore",     "rename",
                                        "quarantine", "make-folder", "remove-folder"};
    return kind > 0 && kind <= STEP_REMOVE_FOLDER ? names[kind] : names[0];
}

const char *step_result_name(enum step_result result)
{
    static const char *const names[] = {"unknown", "done", "kept-both", "needless", "lost", "failed"};
    return result > 0 && result <= STEP_FAILED ? names[result] : names[0];
}
