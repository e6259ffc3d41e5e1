/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of the model's enumerations, for JSON and the journal. Not translated: programs read them.
 */
#include <stdlib.h>

#include "model/alert.h"
#include "model/incident.h"
#include "model/order.h"

static const char *pick(const char *const *names, size_t count, int value)
{
    return value >= 0 && (size_t)value < count && names[value] ? names[value] : "unknown";
}

#define PICK(names, value) pick(names, sizeof(names) / sizeof(names)[0], (int)(value))

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {NULL, "low", "medium", "high", "critical"};
    return PICK(names, severity);
}

const char *scope_name(enum scope scope)
{
    static const char *const names[] = {NULL, "process-tree", "user", "client", "tree"};
    return PICK(names, scope);
}

const char *order_kind_name(enum order_kind kind)
{
    static const char *const names[] = {NULL,      "freeze",   "lockout", "recover",
                                        "restage", "snapshot", "put-back"};
    return PICK(names, kind);
}

const char *action_result_name(enum action_result result)
{
    static const char *const names[] = {NULL, "done", "partly", "failed", "would", "no-plan"};
    return PICK(names, result);
}

const char *incident_state_name(enum incident_state state)
{
    static const char *const names[] = {NULL, "open", "contained", "recovered", "dismissed", "closed"};
    return PICK(names, state);
}

void incident_free(struct incident *incident)
{
    if (!incident)
        return;
    free(incident->actions);
    incident->actions = NULL;
    incident->action_count = 0;
}
