/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/field.h"
#include "journal/incidents.h"
#include "journal/record.h"

static struct approval *find(const struct approvals *list, const struct approval *same)
{
    for (size_t i = 0; i < list->count; i++) {
        struct approval *item = &list->items[i];
        if (item->uid == same->uid && strcmp(item->exe, same->exe) == 0 &&
            strcmp(item->client, same->client) == 0 && strcmp(item->tree_path, same->tree_path) == 0)
            return item;
    }
    return NULL;
}

static bool take(struct approvals *list, const struct approval *approval, bool revoked)
{
    struct approval *known = find(list, approval);
    if (revoked) {
        if (known)
            *known = list->items[--list->count];
    } else if (known) {
        *known = *approval;
    } else {
        list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
        list->items[list->count++] = *approval;
    }
    return known || !revoked;
}

bool approvals_fold(struct approvals *list, const char *text, size_t length)
{
    json_t *root;
    bool changed = false;
    if (entry_parse(text, length, &root) == ENTRY_APPROVAL) {
        const json_t *exact = json_object_get(root, "beffroi");
        struct approval *approval MEM_AUTO = mem_zalloc(1, sizeof *approval);
        record_get_approval(exact, approval);
        /* An approval of nobody would approve all whose program is not known. */
        if ((*approval->exe || *approval->client) && *approval->tree_path)
            changed = take(list, approval, field_get_bool(exact, "revoked"));
    }
    json_decref(root);
    return changed;
}

void approvals_free(struct approvals *list)
{
    free(list->items);
    *list = (struct approvals){0};
}
