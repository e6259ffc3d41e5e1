/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/indent.h"

#include <stdbool.h>
#include <string.h>

#define MAX_DEPTH                                                                                            \
    64 /* deeper is not moved further in: hostile brackets must not fill the memory with spaces */

static void new_line(struct buf *out, size_t depth)
{
    buf_put_u8(out, '\n');
    for (size_t i = 0; i < depth && i < MAX_DEPTH; i++)
        buf_put(out, "  ", 2);
}

static bool is_space(char letter)
{
    return letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
}

/* Copies a string with its quotes; returns what follows. */
static const char *copy_string(const char *at, const char *end, struct buf *out)
{
    const char *start = at++;
    while (at < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    if (at < end)
        at++;
    buf_put(out, start, (size_t)(at - start));
    return at;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

void indent_json(const void *bytes, size_t length, struct buf *out)
{
    const char *at = bytes, *end = at + length;
    size_t depth = 0;
    while ((at = skip_space(at, end)) < end) {
        char letter = *at;
        if (letter == '"') {
            at = copy_string(at, end, out);
            continue;
        }
        at++;
        if (letter == '}' || letter == ']') {
            depth -= depth > 0;
            new_line(out, depth);
        }
        buf_put_u8(out, (uint8_t)letter);
        if (letter == '{' || letter == '[') {
            const char *next = skip_space(at, end);
            if (next < end && *next == (letter == '{' ? '}' : ']')) { /* empty ones stay on their line */
                buf_put_u8(out, (uint8_t)*next);
                at = next + 1;
            } else {
                new_line(out, ++depth);
            }
        } else if (letter == ',') {
            new_line(out, depth);
        } else if (letter == ':') {
            buf_put_u8(out, ' ');
        }
    }
}
