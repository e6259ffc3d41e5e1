/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of entries, written and read so that every value comes back exactly; see journal/entry.h for how
 * text that is not UTF-8 and large numbers stand in JSON. Reading never fails: what is absent or of another
 * type gives 0 or "", and what is too long is cut.
 */
#ifndef JOURNAL_FIELD_H
#define JOURNAL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A JSON string of `text`, with U+FFFD for what is not UTF-8. */
json_t *field_lossy(const char *text);

void field_put_text(json_t *object, const char *key, const char *text);
void field_put_u64(json_t *object, const char *key, uint64_t value);
/* RFC 3339; 0 is null. */
void field_put_time(json_t *object, const char *key, int64_t time_ns);

void field_get_text(const json_t *object, const char *key, char *out, size_t size);
uint64_t field_get_u64(const json_t *object, const char *key);
uint32_t field_get_u32(const json_t *object, const char *key);
int32_t field_get_i32(const json_t *object, const char *key);
int64_t field_get_time(const json_t *object, const char *key);
bool field_get_bool(const json_t *object, const char *key);
/* The index of the field's word among names[1] .. names[count - 1] as name(i) gives them; 0: unknown. */
int field_get_word(const json_t *object, const char *key, const char *(*name)(int), int count);

#endif
