/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/record.h"

#include <string.h>

#include "journal/field.h"

static const char *severity_word(int value)
{
    return severity_name((enum severity)value);
}

static const char *scope_word(int value)
{
    return scope_name((enum scope)value);
}

static const char *order_word(int value)
{
    return order_kind_name((enum order_kind)value);
}

static const char *result_word(int value)
{
    return action_result_name((enum action_result)value);
}

static const char *step_word(int value)
{
    return step_kind_name((enum step_kind)value);
}

static json_t *actor_new(const struct actor *actor)
{
    json_t *object = json_object();
    json_object_set_new(object, "pid", json_integer(actor->pid));
    field_put_u64(object, "start", actor->start);
    json_object_set_new(object, "root_pid", json_integer(actor->root_pid));
    field_put_u64(object, "root_start", actor->root_start);
    field_put_u64(object, "uid", actor->uid);
    field_put_text(object, "exe", actor->exe);
    field_put_text(object, "client", actor->client);
    return object;
}

static void get_actor(const json_t *object, struct actor *out)
{
    *out = (struct actor){0};
    out->pid = field_get_i32(object, "pid");
    out->start = field_get_u64(object, "start");
    out->root_pid = field_get_i32(object, "root_pid");
    out->root_start = field_get_u64(object, "root_start");
    out->uid = field_get_u32(object, "uid");
    field_get_text(object, "exe", out->exe, sizeof out->exe);
    field_get_text(object, "client", out->client, sizeof out->client);
}

void record_put_alert(json_t *object, const struct alert *alert)
{
    field_put_text(object, "detector", alert->detector ? alert->detector : "");
    json_object_set_new(object, "severity", json_string(severity_name(alert->severity)));
    json_object_set_new(object, "scope", json_string(scope_name(alert->scope)));
    field_put_time(object, "detected", alert->time_ns);
    field_put_time(object, "first_harm", alert->first_harm_ns);
    field_put_time(object, "decisive", alert->decisive_ns);
    field_put_u64(object, "last_sequence", alert->last_sequence);
    field_put_u64(object, "tree", alert->tree);
    field_put_u64(object, "touched", alert->touched);
    field_put_u64(object, "spoiled", alert->spoiled);
    json_t *reasons = json_array(), *culprits = json_array();
    for (size_t i = 0; i < alert->reason_count && i < ALERT_REASONS; i++)
        json_array_append_new(reasons, field_lossy(alert->reasons[i]));
    for (size_t i = 0; i < alert->culprit_count && i < ALERT_CULPRITS; i++)
        json_array_append_new(culprits, actor_new(&alert->culprits[i]));
    json_object_set_new(object, "reasons", reasons);
    json_object_set_new(object, "culprits", culprits);
}

static void get_reasons(const json_t *reasons, struct alert *out)
{
    for (size_t i = 0; i < json_array_size(reasons) && out->reason_count < ALERT_REASONS; i++) {
        const char *text = json_string_value(json_array_get(reasons, i));
        if (!text)
            continue;
        /* Cut at a whole character. */
        size_t length = strnlen(text, ALERT_REASON_SIZE);
        if (length == ALERT_REASON_SIZE)
            for (length--; length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
                length--;
        memcpy(out->reasons[out->reason_count++], text, length);
    }
}

void record_get_alert(const json_t *object, struct alert *out, char *detector, size_t detector_size)
{
    *out = (struct alert){0};
    field_get_text(object, "detector", detector, detector_size);
    out->detector = detector;
    out->severity = (enum severity)field_get_word(object, "severity", severity_word, SEVERITY_CRITICAL + 1);
    out->scope = (enum scope)field_get_word(object, "scope", scope_word, SCOPE_TREE + 1);
    out->time_ns = field_get_time(object, "detected");
    out->first_harm_ns = field_get_time(object, "first_harm");
    out->decisive_ns = field_get_time(object, "decisive");
    out->last_sequence = field_get_u64(object, "last_sequence");
    out->tree = field_get_u32(object, "tree");
    out->touched = field_get_u32(object, "touched");
    out->spoiled = field_get_u32(object, "spoiled");
    get_reasons(json_object_get(object, "reasons"), out);
    const json_t *culprits = json_object_get(object, "culprits");
    for (size_t i = 0; i < json_array_size(culprits) && i < ALERT_CULPRITS; i++)
        get_actor(json_array_get(culprits, i), &out->culprits[out->culprit_count++]);
}

void record_put_order(json_t *object, const struct order *order)
{
    field_put_u64(object, "order", order->id);
    field_put_u64(object, "incident", order->incident);
    json_object_set_new(object, "what", json_string(order_kind_name(order->kind)));
    json_object_set_new(object, "undo", json_boolean(order->undo));
    json_object_set_new(object, "dry", json_boolean(order->dry));
    field_put_u64(object, "tree", order->tree);
    json_object_set_new(object, "culprit", actor_new(&order->culprit));
}

void record_get_order(const json_t *object, struct order *out)
{
    *out = (struct order){0};
    out->id = field_get_u64(object, "order");
    out->incident = field_get_u32(object, "incident");
    out->kind = (enum order_kind)field_get_word(object, "what", order_word, ORDER_KIND_COUNT);
    out->undo = field_get_bool(object, "undo");
    out->dry = field_get_bool(object, "dry");
    out->tree = field_get_u32(object, "tree");
    get_actor(json_object_get(object, "culprit"), &out->culprit);
}

void record_put_action(json_t *object, const struct action *action)
{
    field_put_u64(object, "order", action->order);
    field_put_u64(object, "incident", action->incident);
    json_object_set_new(object, "what", json_string(order_kind_name(action->kind)));
    json_object_set_new(object, "undo", json_boolean(action->undo));
    json_object_set_new(object, "result", json_string(action_result_name(action->result)));
    field_put_time(object, "time", action->time_ns);
    field_put_u64(object, "tree", action->tree);
    field_put_u64(object, "done", action->done);
    field_put_u64(object, "failed", action->failed);
    field_put_u64(object, "kept", action->kept);
    field_put_text(object, "username", action->username);
    field_put_text(object, "text", action->text);
}

void record_get_action(const json_t *object, struct action *out)
{
    *out = (struct action){0};
    out->order = field_get_u64(object, "order");
    out->incident = field_get_u32(object, "incident");
    out->kind = (enum order_kind)field_get_word(object, "what", order_word, ORDER_KIND_COUNT);
    out->undo = field_get_bool(object, "undo");
    out->result = (enum action_result)field_get_word(object, "result", result_word, ACTION_NO_PLAN + 1);
    out->time_ns = field_get_time(object, "time");
    out->tree = field_get_u32(object, "tree");
    out->done = field_get_u32(object, "done");
    out->failed = field_get_u32(object, "failed");
    out->kept = field_get_u32(object, "kept");
    field_get_text(object, "username", out->username, sizeof out->username);
    field_get_text(object, "text", out->text, sizeof out->text);
}

static json_t *version_new(const struct version *version)
{
    json_t *object = json_pack("{s:i}", "kind", (int)version->kind);
    field_put_u64(object, "id", version->id);
    field_put_u64(object, "inode", version->inode);
    field_put_u64(object, "size", version->size);
    field_put_time(object, "mtime", version->mtime_ns);
    field_put_time(object, "ctime", version->ctime_ns);
    return object;
}

static void get_version(const json_t *object, struct version *out)
{
    *out = (struct version){0};
    uint32_t kind = field_get_u32(object, "kind");
    out->kind = kind <= VERSION_VAULT ? (enum version_kind)kind : VERSION_NONE;
    out->id = field_get_u64(object, "id");
    out->inode = field_get_u64(object, "inode");
    out->size = field_get_u64(object, "size");
    out->mtime_ns = field_get_time(object, "mtime");
    out->ctime_ns = field_get_time(object, "ctime");
}

void record_put_step(json_t *object, const struct step *step)
{
    field_put_u64(object, "number", step->number);
    json_object_set_new(object, "what", json_string(step_kind_name(step->kind)));
    field_put_u64(object, "tree", step->tree);
    field_put_text(object, "path", step->path);
    field_put_text(object, "from", step->from);
    json_object_set_new(object, "version", version_new(&step->version));
    json_t *expected = json_object();
    field_put_u64(expected, "inode", step->expected.inode);
    field_put_u64(expected, "size", step->expected.size);
    field_put_time(expected, "ctime", step->expected.ctime_ns);
    json_object_set_new(object, "expected", expected);
}

void record_get_step(const json_t *object, struct step *out)
{
    *out = (struct step){0};
    out->number = field_get_u32(object, "number");
    out->kind = (enum step_kind)field_get_word(object, "what", step_word, STEP_REMOVE_FOLDER + 1);
    out->tree = field_get_u32(object, "tree");
    field_get_text(object, "path", out->path, sizeof out->path);
    field_get_text(object, "from", out->from, sizeof out->from);
    get_version(json_object_get(object, "version"), &out->version);
    const json_t *expected = json_object_get(object, "expected");
    out->expected.inode = field_get_u64(expected, "inode");
    out->expected.size = field_get_u64(expected, "size");
    out->expected.ctime_ns = field_get_time(expected, "ctime");
}

void record_put_approval(json_t *object, const struct approval *approval)
{
    field_put_text(object, "exe", approval->exe);
    field_put_text(object, "client", approval->client);
    field_put_u64(object, "uid", approval->uid);
    field_put_text(object, "tree_path", approval->tree_path);
    field_put_u64(object, "incident", approval->incident);
    field_put_time(object, "time", approval->time_ns);
}

void record_get_approval(const json_t *object, struct approval *out)
{
    *out = (struct approval){0};
    field_get_text(object, "exe", out->exe, sizeof out->exe);
    field_get_text(object, "client", out->client, sizeof out->client);
    out->uid = field_get_u32(object, "uid");
    field_get_text(object, "tree_path", out->tree_path, sizeof out->tree_path);
    out->incident = field_get_u32(object, "incident");
    out->time_ns = field_get_time(object, "time");
}

/* Cuts every text of one object to so few bytes that six bytes per character still fit. */
static void shorten_object(json_t *object)
{
    static const char *const texts[] = {"reason", "text", "path", "from", "tree_path", "executable"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = json_string_value(json_object_get(object, texts[i]));
        if (!text || strlen(text) <= 1000)
            continue;
        size_t length = 1000;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
        json_object_set_new(object, texts[i], json_stringn(text, length));
    }
}

void record_shorten(json_t *entry)
{
    shorten_object(json_object_get(entry, "event"));
    shorten_object(json_object_get(entry, "file"));
    shorten_object(json_object_get(entry, "process"));
    json_t *exact = json_object_get(entry, "beffroi");
    shorten_object(exact);
    json_t *culprits = json_object_get(exact, "culprits");
    while (json_array_size(culprits) > 8)
        json_array_remove(culprits, json_array_size(culprits) - 1);
}
