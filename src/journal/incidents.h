/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Projections of the journal: the incidents, and the approvals in force. Fold every entry in order, from the
 * first one, and the list is what it was when the last one was written. Entries of other kinds change
 * nothing, and entries that make no sense (unknown incident, wrong types) are passed over.
 *
 *     alert      opens the incident; a later one for the same id brings the newest counts, reasons and
 *                culprits, but the first times stay
 *     action     is added to its incident; the latest freeze or lockout before the recovery is when it was
 *                contained; a recovery adds to recovered and kept
 *     incident   sets the state; with "contained" also the files touched, with "recovered" the totals
 */
#ifndef JOURNAL_INCIDENTS_H
#define JOURNAL_INCIDENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "journal/entry.h"
#include "model/incident.h"

struct incidents {
    struct incident **items; /* owned, in the order of the journal; an item keeps its address */
    size_t count;
};

/* Takes in one entry's text. True when it changed something. */
bool incidents_fold(struct incidents *list, const char *text, size_t length);
/* NULL when there is none. Borrowed until incidents_free. */
struct incident *incidents_find(const struct incidents *list, uint32_t id);
/* The greatest id so far; the next incident gets one more. */
uint32_t incidents_last_id(const struct incidents *list);
/* Those that are open or contained. */
size_t incidents_open_count(const struct incidents *list);
void incidents_free(struct incidents *list); /* empties it */

/* The incident as `beffroi incident list --json` shows it: id, state, detector, severity, reasons[], tree,
 * actor{pid, exe, user, client}, first_harm, detected, decisive, contained, recovered, dismissed, closed
 * (null when not), files{touched, spoiled, recovered, kept, lost}, actions[{time, what, undo, result, done,
 * failed, kept, text}], culprits[]. The caller decrefs it. */
json_t *incident_to_json(const struct incident *incident);

struct approvals {
    struct approval *items; /* owned */
    size_t count;
};

bool approvals_fold(struct approvals *list, const char *text, size_t length);
void approvals_free(struct approvals *list); /* empties it */

/* Takes an entry apart: its kind, and in *root the whole object, which the caller decrefs. ENTRY 0 and *root
 * NULL when it is no entry of ours. */
enum entry_kind entry_parse(const char *text, size_t length, json_t **root);

#endif
