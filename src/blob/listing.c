/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/listing.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

#define MAX_DEPTH 16 /* of what is passed over */

struct text {
    const char *at, *end;
};

struct entry {
    char name[BLOB_NAME_LENGTH + 1]; /* "" when there is none, or a longer one */
    uint64_t size;
};

static void skip_space(struct text *text)
{
    while (text->at < text->end && strchr(" \t\r\n", *text->at) && *text->at)
        text->at++;
}

/* Takes the character if it comes next, after white space. */
static bool take(struct text *text, char wanted)
{
    skip_space(text);
    if (text->at == text->end || *text->at != wanted)
        return false;
    text->at++;
    return true;
}

/* The characters of a string, up to `room`; one with an escape or too long gives "": no name that is looked
 * for has such. */
static bool read_string(struct text *text, char *out, size_t room)
{
    if (!take(text, '"'))
        return false;
    const char *start = text->at;
    bool escaped = false;
    while (text->at < text->end && *text->at != '"') {
        escaped |= *text->at == '\\';
        text->at += *text->at == '\\' && text->end - text->at > 1 ? 2 : 1;
    }
    if (text->at == text->end)
        return false;
    size_t length = (size_t)(text->at++ - start);
    bool fits = !escaped && length < room;
    memcpy(out, start, fits ? length : 0);
    out[fits ? length : 0] = '\0';
    return true;
}

static bool read_size(struct text *text, uint64_t *size)
{
    skip_space(text);
    const char *start = text->at;
    for (*size = 0; text->at < text->end && isdigit((unsigned char)*text->at); text->at++) {
        unsigned digit = (unsigned)(*text->at - '0');
        if (*size > (INT64_MAX - (uint64_t)digit) / 10)
            return false;
        *size = *size * 10 + digit;
    }
    return text->at > start;
}

/* A number, true, false or null. */
static bool skip_word(struct text *text)
{
    const char *start = text->at;
    while (text->at < text->end && (isalnum((unsigned char)*text->at) || strchr("+-.", *text->at)) &&
           *text->at)
        text->at++;
    return text->at > start;
}

/* Any value. An array or object is passed over by counting its brackets. */
static bool skip_value(struct text *text)
{
    char ignored[1];
    unsigned depth = 0;
    do {
        skip_space(text);
        if (text->at == text->end)
            return false;
        char c = *text->at;
        if (c == '"') {
            if (!read_string(text, ignored, sizeof ignored))
                return false;
        } else if (c == '[' || c == '{') {
            text->at++;
            if (++depth > MAX_DEPTH)
                return false;
        } else if (depth && (c == ']' || c == '}' || c == ',' || c == ':')) {
            text->at++;
            depth -= c == ']' || c == '}';
        } else if (!skip_word(text)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

static bool read_member(struct text *text, struct entry *entry)
{
    char key[8];
    if (!read_string(text, key, sizeof key) || !take(text, ':'))
        return false;
    if (strcmp(key, "name") == 0)
        return read_string(text, entry->name, sizeof entry->name);
    if (strcmp(key, "size") == 0)
        return read_size(text, &entry->size);
    return skip_value(text);
}

static bool read_entry(struct text *text, struct entry *entry)
{
    *entry = (struct entry){.size = LISTING_NO_SIZE};
    if (!take(text, '{'))
        return read_string(text, entry->name, sizeof entry->name);
    if (take(text, '}'))
        return true;
    do {
        if (!read_member(text, entry))
            return false;
    } while (take(text, ','));
    return take(text, '}');
}

int listing_read(const char *bytes, size_t length, blob_visit *visit, void *context)
{
    bytes = length ? bytes : ""; /* an empty answer may be nowhere */
    struct text text = {bytes, bytes + length};
    struct entry entry;
    bool good = take(&text, '[');
    if (good && !take(&text, ']')) {
        do {
            good = read_entry(&text, &entry);
            int err = good && blob_is_name(entry.name) ? visit(context, entry.name, entry.size) : 0;
            if (err)
                return err;
        } while (good && take(&text, ','));
        good = good && take(&text, ']');
    }
    skip_space(&text);
    if (!good || text.at != text.end)
        return err_set(ERR_CORRUPT, _("the list of objects is damaged at byte %zu of %zu"),
                       (size_t)(text.at - bytes), length);
    return 0;
}
