/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/utf8.h"

/* The length a first byte announces and the bits it carries; 0 for a byte that begins nothing. */
static size_t announced(uint8_t first, uint32_t *bits)
{
    if (first >= 0xc2 && first <= 0xdf) {
        *bits = first & 0x1f;
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        *bits = first & 0x0f;
        return 3;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        *bits = first & 0x07;
        return 4;
    }
    return 0;
}

size_t utf8_get(const uint8_t *bytes, size_t length, uint32_t *rune)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (bytes[0] < 0x80) {
        *rune = bytes[0];
        return 1;
    }
    uint32_t value;
    size_t size = announced(bytes[0], &value);
    if (size == 0 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *rune = value;
    return size;
}

void utf8_put(struct buf *out, uint32_t rune)
{
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        rune = 0xfffd;
    if (rune < 0x80) {
        buf_put_u8(out, (uint8_t)rune);
        return;
    }
    unsigned more = rune < 0x800 ? 1 : rune < 0x10000 ? 2 : 3;
    static const uint8_t lead[4] = {0, 0xc0, 0xe0, 0xf0};
    buf_put_u8(out, (uint8_t)(lead[more] | rune >> (6 * more)));
    while (more-- > 0)
        buf_put_u8(out, (uint8_t)(0x80 | (rune >> (6 * more) & 0x3f)));
}

bool utf8_is_valid(const uint8_t *bytes, size_t length)
{
    uint32_t rune;
    for (size_t at = 0; at < length;) {
        size_t size = utf8_get(bytes + at, length - at, &rune);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}
