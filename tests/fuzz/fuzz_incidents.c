/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto model journal */
/* The projections: each line of the input is an entry; the list they make must print as JSON. */
#include <stdlib.h>
#include <string.h>

#include "journal/incidents.h"
#include "journal/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(const char *text, size_t length)
{
    json_t *root;
    enum entry_kind kind = entry_parse(text, length, &root);
    const json_t *exact = json_object_get(root, "beffroi");
    static struct step step;
    struct order order;
    if (kind == ENTRY_ORDER)
        record_get_order(exact, &order);
    if (kind == ENTRY_STEP)
        record_get_step(exact, &step);
    json_decref(root);
}

static void check(struct incidents *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct alert *alert = &list->items[i]->alert;
        if (alert->reason_count > ALERT_REASONS || alert->culprit_count > ALERT_CULPRITS)
            abort();
        json_t *object = incident_to_json(list->items[i]);
        char *text = json_dumps(object, JSON_COMPACT);
        if (!text)
            abort();
        /* The same alert, written again, must be an entry that fits. */
        struct entry_context context = {"host", 1, 1};
        char *entry = entry_alert(&context, 1, alert, list->items[i]->tree_path, list->items[i]->username);
        if (strlen(entry) > 65535)
            abort();
        free(entry);
        free(text);
        json_decref(object);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct incidents list = {0};
    struct approvals approvals = {0};
    for (const uint8_t *at = data, *end = data + size; at < end;) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);
        char *text = malloc(length ? length : 1);
        memcpy(text, at, length);
        incidents_fold(&list, text, length);
        approvals_fold(&approvals, text, length);
        read_back(text, length);
        free(text);
        at += length + 1;
    }
    check(&list);
    incidents_free(&list);
    approvals_free(&approvals);
    return 0;
}
