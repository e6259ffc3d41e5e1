/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "journal/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The length of the UTF-8 sequence at `at` that jansson accepts, or 0. Asking jansson itself keeps the two
 * from disagreeing about surrogates and overlong forms. */
static size_t utf8_length(const char *at)
{
    for (size_t length = 1; length <= 4 && at[length - 1]; length++) {
        json_t *one = json_stringn(at, length);
        if (one) {
            json_decref(one);
            return length;
        }
    }
    return 0;
}

json_t *field_lossy(const char *text)
{
    json_t *whole = json_string(text);
    if (whole)
        return whole;
    struct buf clean BUF_AUTO;
    buf_init(&clean, 0);
    while (*text) {
        size_t length = utf8_length(text);
        if (length)
            buf_put(&clean, text, length);
        else
            buf_put(&clean, REPLACEMENT, strlen(REPLACEMENT));
        text += length ? length : 1;
    }
    return json_string(buf_string(&clean));
}

void field_put_text(json_t *object, const char *key, const char *text)
{
    json_t *whole = json_string(text);
    json_object_set_new(object, key, whole ? whole : field_lossy(text));
    if (whole)
        return;
    char *exact_key MEM_AUTO = mem_printf("%s_b64", key);
    struct buf exact BUF_AUTO;
    buf_init(&exact, 0);
    base64_encode(text, strlen(text), &exact);
    json_object_set_new(object, exact_key, json_string(buf_string(&exact)));
}

void field_put_u64(json_t *object, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    json_object_set_new(object, key,
                        value <= INT64_MAX ? json_integer((json_int_t)value) : json_string(text));
}

void field_put_time(json_t *object, const char *key, int64_t time_ns)
{
    char text[TIME_TEXT_SIZE];
    if (time_ns)
        time_format_utc(time_ns, text);
    json_object_set_new(object, key, time_ns ? json_string(text) : json_null());
}

void field_get_text(const json_t *object, const char *key, char *out, size_t size)
{
    char *exact_key MEM_AUTO = mem_printf("%s_b64", key);
    const json_t *exact = json_object_get(object, exact_key), *plain = json_object_get(object, key);
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, 0);
    const char *text = json_string_value(plain);
    if (json_is_string(exact) &&
        base64_decode(json_string_value(exact), json_string_length(exact), &bytes) == 0)
        text = buf_string(&bytes);
    snprintf(out, size, "%s", text ? text : "");
}

uint64_t field_get_u64(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_string(value))
        return strtoull(json_string_value(value), NULL, 10);
    json_int_t number = json_integer_value(value);
    return number > 0 ? (uint64_t)number : 0;
}

uint32_t field_get_u32(const json_t *object, const char *key)
{
    uint64_t value = field_get_u64(object, key);
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

int32_t field_get_i32(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value >= INT32_MIN && value <= INT32_MAX ? (int32_t)value : 0;
}

int64_t field_get_time(const json_t *object, const char *key)
{
    int64_t time_ns;
    const char *text = json_string_value(json_object_get(object, key));
    return text && strlen(text) < TIME_TEXT_SIZE && time_parse(text, &time_ns) == 0 ? time_ns : 0;
}

bool field_get_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

int field_get_word(const json_t *object, const char *key, const char *(*name)(int), int count)
{
    const char *word = json_string_value(json_object_get(object, key));
    for (int i = 1; word && i < count; i++)
        if (strcmp(word, name(i)) == 0)
            return i;
    return 0;
}
