/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/jsonread.h"

#include <string.h>

#include "base/hex.h"
#include "vault/utf8.h"

void jsonread_init(struct jsonread *j, const void *bytes, size_t length)
{
    *j = (struct jsonread){.at = bytes, .end = (const char *)bytes + length};
}

static void fail(struct jsonread *j)
{
    j->failed = true;
    j->at = j->end;
}

static void space(struct jsonread *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\n' || *j->at == '\t' || *j->at == '\r'))
        j->at++;
}

/* The next character that matters, or NUL at the end. */
static char peek(struct jsonread *j)
{
    space(j);
    return j->at < j->end ? *j->at : '\0';
}

static bool take(struct jsonread *j, char wanted)
{
    if (peek(j) != wanted)
        return false;
    j->at++;
    return true;
}

static bool take_word(struct jsonread *j, const char *word)
{
    size_t length = strlen(word);
    space(j);
    if ((size_t)(j->end - j->at) < length || memcmp(j->at, word, length) != 0)
        return false;
    j->at += length;
    return true;
}

bool jsonread_null(struct jsonread *j)
{
    return !j->failed && take_word(j, "null");
}

void jsonread_object(struct jsonread *j)
{
    if (j->failed || !take(j, '{'))
        fail(j);
    j->first = true;
}

void jsonread_array(struct jsonread *j)
{
    if (j->failed || !take(j, '['))
        fail(j);
    j->first = true;
}

/* Whether another member or element follows before `closing`, which is read when not. */
static bool more(struct jsonread *j, char closing)
{
    if (j->failed)
        return false;
    bool first = j->first;
    j->first = false;
    if (take(j, closing))
        return false;
    if (first || take(j, ','))
        return true;
    fail(j);
    return false;
}

bool jsonread_key(struct jsonread *j, struct jsonread_key *key)
{
    if (!more(j, '}'))
        return false;
    if (!take(j, '"')) {
        fail(j);
        return false;
    }
    const char *start = j->at;
    while (j->at < j->end && *j->at != '"') {
        if (*j->at == '\\' && j->end - j->at > 1)
            j->at++;
        j->at++;
    }
    if (j->at >= j->end) {
        fail(j);
        return false;
    }
    *key = (struct jsonread_key){start, (size_t)(j->at - start)};
    j->at++;
    if (!take(j, ':'))
        fail(j);
    return !j->failed;
}

bool jsonread_element(struct jsonread *j)
{
    return more(j, ']');
}

bool jsonread_is(struct jsonread_key key, const char *name)
{
    return strlen(name) == key.length && memcmp(name, key.text, key.length) == 0;
}

/* The digits of a whole number; anything that would make it a fraction fails. */
static uint64_t digits(struct jsonread *j)
{
    const char *start = j->at;
    uint64_t value = 0;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9') {
        uint64_t digit = (uint64_t)(*j->at++ - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            fail(j);
            return 0;
        }
        value = value * 10 + digit;
    }
    if (j->at == start || (j->at < j->end && strchr(".eE", *j->at) && *j->at))
        fail(j);
    return j->failed ? 0 : value;
}

uint64_t jsonread_u64(struct jsonread *j)
{
    if (j->failed || jsonread_null(j))
        return 0;
    space(j);
    return digits(j);
}

int64_t jsonread_i64(struct jsonread *j)
{
    if (j->failed || jsonread_null(j))
        return 0;
    bool negative = take(j, '-');
    uint64_t value = digits(j);
    if (value > (uint64_t)INT64_MAX) {
        fail(j);
        return 0;
    }
    return negative ? -(int64_t)value : (int64_t)value;
}

bool jsonread_bool(struct jsonread *j)
{
    if (j->failed || take_word(j, "false") || take_word(j, "null"))
        return false;
    if (!take_word(j, "true"))
        fail(j);
    return !j->failed;
}

static bool four_digits(struct jsonread *j, uint32_t *value)
{
    uint8_t bytes[2];
    if (j->end - j->at < 4 || hex_decode(j->at, bytes, 2) != 0)
        return false;
    j->at += 4;
    *value = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

/* What follows "\u"; a surrogate pair makes one character. */
static bool unicode_escape(struct jsonread *j, struct buf *out)
{
    uint32_t rune, low;
    if (!four_digits(j, &rune))
        return false;
    if (rune >= 0xd800 && rune < 0xdc00 && j->end - j->at >= 6 && j->at[0] == '\\' && j->at[1] == 'u') {
        const char *back = j->at;
        j->at += 2;
        if (!four_digits(j, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
        else
            j->at = back;
    }
    utf8_put(out, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune);
    return true;
}

static bool escape(struct jsonread *j, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (j->at >= j->end)
        return false;
    char letter = *j->at++;
    if (letter == 'u')
        return unicode_escape(j, out);
    const char *found = letter ? strchr(from, letter) : NULL;
    if (!found)
        return false;
    buf_put_u8(out, (uint8_t)to[found - from]);
    return true;
}

void jsonread_string(struct jsonread *j, struct buf *out)
{
    buf_clear(out);
    if (j->failed || jsonread_null(j))
        return;
    if (!take(j, '"')) {
        fail(j);
        return;
    }
    for (;;) {
        const char *start = j->at;
        while (j->at < j->end && *j->at != '"' && *j->at != '\\' && (unsigned char)*j->at >= 0x20)
            j->at++;
        buf_put(out, start, (size_t)(j->at - start));
        if (j->at >= j->end || (*j->at != '"' && *j->at != '\\') || out->overflowed)
            break;
        if (*j->at++ == '"')
            return;
        if (!escape(j, out))
            break;
    }
    buf_clear(out);
    fail(j);
}

void jsonread_hex(struct jsonread *j, void *out, size_t length)
{
    if (j->failed || !take(j, '"') || (size_t)(j->end - j->at) < 2 * length + 1 ||
        hex_decode(j->at, out, length) != 0 || j->at[2 * length] != '"') {
        memset(out, 0, length);
        fail(j);
        return;
    }
    j->at += 2 * length + 1;
}

static void skip_string(struct jsonread *j)
{
    while (j->at < j->end && *j->at != '"')
        j->at += *j->at == '\\' && j->end - j->at > 1 ? 2 : 1;
    if (j->at >= j->end)
        fail(j);
    else
        j->at++;
}

static void skip_scalar(struct jsonread *j)
{
    const char *start = j->at;
    while (j->at < j->end && !strchr(",]}\" \n\t\r:", *j->at))
        j->at++;
    if (j->at == start)
        fail(j);
}

/* Brackets are counted, not matched by kind: what is passed over needs no meaning, only an end. */
void jsonread_skip(struct jsonread *j)
{
    unsigned depth = 0;
    do {
        char next = peek(j);
        if (j->failed || next == '\0') {
            fail(j);
            return;
        }
        if (next == '{' || next == '[') {
            j->at++;
            if (++depth > JSONREAD_MAX_DEPTH)
                fail(j);
        } else if ((next == '}' || next == ']') && depth > 0) {
            j->at++;
            depth--;
        } else if (next == '"') {
            j->at++;
            skip_string(j);
        } else if ((next == ',' || next == ':') && depth > 0) {
            j->at++;
        } else {
            skip_scalar(j);
        }
    } while (depth > 0 && !j->failed);
}

bool jsonread_done(struct jsonread *j)
{
    space(j);
    return !j->failed && j->at == j->end;
}
