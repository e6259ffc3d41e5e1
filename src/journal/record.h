/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The structs of the model as the fields of an entry's "beffroi" object, and back. Reading takes hostile
 * bytes: it never fails, bounds every count, and gives 0, "" or an unknown word for what is not there.
 */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include <jansson.h>
#include <stddef.h>

#include "journal/entry.h"

void record_put_alert(json_t *object, const struct alert *alert);
void record_put_order(json_t *object, const struct order *order);
void record_put_action(json_t *object, const struct action *action);
void record_put_step(json_t *object, const struct step *step);
void record_put_approval(json_t *object, const struct approval *approval);

/* alert.detector is pointed at `detector`, which gets the name. */
void record_get_alert(const json_t *object, struct alert *out, char *detector, size_t detector_size);
void record_get_order(const json_t *object, struct order *out);
void record_get_action(const json_t *object, struct action *out);
void record_get_step(const json_t *object, struct step *out);
void record_get_approval(const json_t *object, struct approval *out);

/* Cuts long texts and lists of an entry until it is sure to fit into ENTRY_MAX_BYTES. */
void record_shorten(json_t *entry);

#endif
