/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/guard.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"
#include "drill/process.h"

#define ANSWER_LIMIT (16u << 20)
#define MAX_WORDS    8

/* Runs "beffroi WORDS... --json" and parses what it prints. NULL on failure, with the error set.
 */
static json_t *ask(const struct stage *s, const char *const *words)
{
    const char *argv[MAX_WORDS + 3] = {s->beffroi};
    size_t count = 1;
    while (*words && count <= MAX_WORDS)
        argv[count++] = *words++;
    argv[count] = "--json";
    struct buf out BUF_AUTO;
    buf_init(&out, ANSWER_LIMIT);
    char *log MEM_AUTO = path_join(s->yard->path, "ask.log");
    const struct process p = {.argv = argv, .netns = -1, .log = log, .out = &out};
    int status = process_run(&p);
    json_error_t error;
    json_t *json = status < 0 ? NULL : json_loadb((const char *)out.data, out.length, 0, &error);
    if (!json && status >= 0)
        err_set(ERR_CORRUPT, _("'beffroi %s' ended with status %d and said nothing readable"), argv[1],
                status);
    return json;
}

#define ASK(stage, ...) ask((stage), (const char *const[]){__VA_ARGS__, NULL})

bool guard_is_ready(const struct stage *s)
{
    json_t *status = ASK(s, "status", "-c", s->guard_conf);
    json_t *protected = json_object_get(status, "protected"), *row;
    bool ready = json_is_true(json_object_get(json_object_get(status, "guard"), "running")) &&
                 json_array_size(protected) > 0;
    size_t i;
    json_array_foreach(protected, i, row)
    {
        json_t *snapshot = json_object_get(row, "snapshot");
        ready = ready && snapshot && !json_is_null(snapshot);
    }
    json_decref(status);
    return ready;
}

static int64_t to_id(const json_t *value)
{
    if (json_is_string(value))
        return atoll(json_string_value(value));
    return json_integer_value(value);
}

int guard_list(const struct stage *s, int64_t *ids, size_t most)
{
    json_t *answer = ASK(s, "incident", "list", "-c", s->guard_conf), *row;
    if (!answer)
        return ERR_CORRUPT;
    const json_t *list = json_is_object(answer) ? json_object_get(answer, "incidents") : answer;
    size_t i, count = 0;
    json_array_foreach(list, i, row) if (count < most) ids[count++] = to_id(json_object_get(row, "id"));
    json_decref(answer);
    return (int)count;
}

static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return mem_strdup(text ? text : "");
}

static int64_t time_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    int64_t ns = 0;
    return text && time_parse(text, &ns) == 0 ? ns : 0;
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int by_time(const void *a, const void *b)
{
    int64_t x = ((const struct guard_action *)a)->time_ns, y = ((const struct guard_action *)b)->time_ns;
    return (x > y) - (x < y);
}

static void read_lists(struct guard_incident *in, const json_t *json)
{
    json_t *row, *reasons = json_object_get(json, "reasons"), *actions = json_object_get(json, "actions");
    size_t i;
    in->reasons = mem_zalloc(json_array_size(reasons) + 1, sizeof *in->reasons);
    json_array_foreach(reasons, i, row)
    {
        const char *text =
            json_is_object(row) ? json_string_value(json_object_get(row, "text")) : json_string_value(row);
        in->reasons[in->reason_count++] = mem_strdup(text ? text : "");
    }
    in->actions = mem_zalloc(json_array_size(actions) + 1, sizeof *in->actions);
    json_array_foreach(actions, i, row) in->actions[in->action_count++] = (struct guard_action){
        time_of(row, "time"), text_of(row, "kind"), text_of(row, "result"), text_of(row, "text")};
    qsort(in->actions, in->action_count, sizeof *in->actions, by_time);
}

int guard_show(const struct stage *s, int64_t id, struct guard_incident **out)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)id);
    json_t *json = ASK(s, "incident", "show", number, "-c", s->guard_conf);
    if (!json)
        return ERR_CORRUPT;
    const json_t *actor = json_object_get(json, "actor"), *files = json_object_get(json, "files");
    struct guard_incident *in = mem_zalloc(1, sizeof *in);
    in->id = id;
    in->state = text_of(json, "state");
    in->detector = text_of(json, "detector");
    in->client = text_of(actor, "client");
    in->user = text_of(actor, "user");
    in->exe = text_of(actor, "exe");
    in->actor_pid = number_of(actor, "pid");
    in->first_harm_ns = time_of(json, "first_harm");
    in->detected_ns = time_of(json, "detected");
    in->contained_ns = time_of(json, "contained");
    in->recovered_ns = time_of(json, "recovered");
    in->touched = number_of(files, "touched");
    in->spoiled = number_of(files, "spoiled");
    in->recovered = number_of(files, "recovered");
    in->lost = number_of(files, "lost");
    read_lists(in, json);
    json_decref(json);
    *out = in;
    return 0;
}

void guard_incident_free(struct guard_incident *in)
{
    if (!in)
        return;
    for (size_t i = 0; i < in->reason_count; i++)
        free(in->reasons[i]);
    for (size_t i = 0; i < in->action_count; i++) {
        free(in->actions[i].kind);
        free(in->actions[i].result);
        free(in->actions[i].text);
    }
    free(in->reasons);
    free(in->actions);
    free(in->state);
    free(in->detector);
    free(in->client);
    free(in->user);
    free(in->exe);
    free(in);
}

int guard_verify_journal(const struct stage *s)
{
    char *state MEM_AUTO = path_join(s->yard->path, "state");
    /* What verify remembers from one time to the next belongs to this drill, not to the person's home. */
    char *seen MEM_AUTO = path_join(s->yard->path, "checkpoint");
    json_t *answer = ASK(s, "journal", "verify", "--state", state, "--remember", seen);
    if (!answer)
        return ERR_CORRUPT;
    bool intact = json_is_true(json_object_get(answer, "intact"));
    int entries = intact ? (int)number_of(answer, "entries") : ERR_CORRUPT;
    json_decref(answer);
    return entries;
}
