/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/gojson.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "vault/utf8.h"

static const char hex_digits[] = "0123456789abcdef";

#define PUT(out, literal) buf_put(out, literal, sizeof(literal) - 1)

static void put_ascii(struct buf *out, uint8_t c)
{
    switch (c) {
    case '"':
        PUT(out, "\\\"");
        return;
    case '\\':
        PUT(out, "\\\\");
        return;
    case '\n':
        PUT(out, "\\n");
        return;
    case '\r':
        PUT(out, "\\r");
        return;
    case '\t':
        PUT(out, "\\t");
        return;
    default:
        break;
    }
    if (c < 0x20 || c == '<' || c == '>' || c == '&') {
        const char escaped[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
        buf_put(out, escaped, sizeof escaped);
    } else {
        buf_put_u8(out, c);
    }
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void gojson_put_string(struct buf *out, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    buf_put_u8(out, '"');
    for (size_t at = 0; at < length;) {
        size_t run = at;
        while (run < length && is_plain(from[run]))
            run++;
        buf_put(out, from + at, run - at);
        at = run;
        if (at == length)
            break;
        uint32_t rune;
        size_t size = utf8_get(from + at, length - at, &rune);
        if (size == 0)
            PUT(out, "\\ufffd");
        else if (size == 1)
            put_ascii(out, from[at]);
        else if (rune == 0x2028 || rune == 0x2029)
            buf_printf(out, "\\u%04x", rune);
        else
            buf_put(out, from + at, size);
        at += size ? size : 1;
    }
    buf_put_u8(out, '"');
}

void gojson_put_text(struct buf *out, const char *text)
{
    gojson_put_string(out, text, strlen(text));
}

/* One character as strconv.Quote writes it. */
static void quote_rune(struct buf *out, uint32_t rune, const uint8_t *bytes, size_t size)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    if (rune == '"' || rune == '\\')
        buf_printf(out, "\\%c", (char)rune);
    else if (utf8_is_printable(rune))
        buf_put(out, bytes, size);
    else if (rune >= 7 && rune <= 13)
        buf_printf(out, "\\%c", letters[rune - 7]);
    else if (rune < 0x20 || rune == 0x7f)
        buf_printf(out, "\\x%02x", rune);
    else if (rune < 0x10000)
        buf_printf(out, "\\u%04x", rune);
    else
        buf_printf(out, "\\U%08x", rune);
}

void gojson_put_name(struct buf *out, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;
    size_t plain = 0;
    while (plain < length && is_plain(from[plain]))
        plain++;
    if (plain == length) {
        buf_put_u8(out, '"');
        buf_put(out, bytes, length);
        buf_put_u8(out, '"');
        return;
    }
    struct buf quoted BUF_AUTO;
    buf_init(&quoted, 10 * length + 16);
    for (size_t at = 0; at < length;) {
        uint32_t rune;
        size_t size = utf8_get(from + at, length - at, &rune);
        if (size == 0)
            buf_printf(&quoted, "\\x%02x", from[at]);
        else
            quote_rune(&quoted, rune, from + at, size);
        at += size ? size : 1;
    }
    gojson_put_string(out, quoted.data, quoted.length);
}

/* `count` hexadecimal digits; false when they are not there. */
static bool hex_number(const char *from, size_t left, size_t count, uint32_t *value)
{
    uint8_t bytes[4];
    if (left < count || hex_decode(from, bytes, count / 2) != 0)
        return false;
    *value = 0;
    for (size_t i = 0; i < count / 2; i++)
        *value = *value << 8 | bytes[i];
    return true;
}

static bool octal_number(const char *from, size_t left, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= left || from[i] < '0' || from[i] > '7')
            return false;
        *value = *value * 8 + (uint32_t)(from[i] - '0');
    }
    return *value <= 255;
}

/* The escape after a backslash: appends what it stands for and returns how many bytes it took, 0 if wrong. */
static size_t unescape(const char *from, size_t left, struct buf *out)
{
    static const char letters[] = "abtnvfr";
    if (left == 0)
        return 0;
    char c = from[0];
    uint32_t value;
    const char *found = c ? strchr(letters, c) : NULL;
    if (found) {
        buf_put_u8(out, (uint8_t)(7 + (found - letters)));
        return 1;
    }
    if (c == '\\' || c == '"') {
        buf_put_u8(out, (uint8_t)c);
        return 1;
    }
    if (c == 'x' && hex_number(from + 1, left - 1, 2, &value)) {
        buf_put_u8(out, (uint8_t)value);
        return 3;
    }
    size_t count = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (count && hex_number(from + 1, left - 1, count, &value) && value <= 0x10ffff) {
        utf8_put(out, value);
        return 1 + count;
    }
    if (octal_number(from, left, &value)) {
        buf_put_u8(out, (uint8_t)value);
        return 3;
    }
    return 0;
}

long gojson_unquote(char *bytes, size_t length)
{
    if (!memchr(bytes, '\\', length))
        return memchr(bytes, '"', length) || memchr(bytes, '\n', length) ? -1 : (long)length;
    struct buf plain BUF_AUTO;
    buf_init(&plain, length + 1);
    for (size_t at = 0; at < length;) {
        if (bytes[at] == '"' || bytes[at] == '\n')
            return -1;
        if (bytes[at] != '\\') {
            buf_put_u8(&plain, (uint8_t)bytes[at++]);
            continue;
        }
        size_t used = unescape(bytes + at + 1, length - at - 1, &plain);
        if (used == 0)
            return -1;
        at += 1 + used;
    }
    /* Every escape is at least as long as what it stands for. */
    memcpy(bytes, plain.data ? (const char *)plain.data : "", plain.length);
    return (long)plain.length;
}

/* The zone's offset in seconds at a time, remembered per quarter of an hour, which is as often as zones
 * change. */
static long zone_offset(int64_t seconds)
{
    static _Thread_local struct {
        int64_t quarter;
        long offset;
        bool known;
    } table[64];
    int64_t quarter = seconds / 900 - (seconds < 0);
    size_t slot = (size_t)quarter & 63;
    if (!table[slot].known || table[slot].quarter != quarter) {
        time_t whole = (time_t)seconds;
        struct tm parts;
        localtime_r(&whole, &parts);
        table[slot].quarter = quarter;
        table[slot].offset = parts.tm_gmtoff;
        table[slot].known = true;
    }
    return table[slot].offset;
}

/* Days since 1970 to a date (proleptic Gregorian), with years that begin in March. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)of_era - 719468;
}

void gojson_put_time_text(struct buf *out, int64_t wall_ns)
{
    int64_t seconds = wall_ns / NS_PER_SECOND;
    int64_t nanoseconds = wall_ns % NS_PER_SECOND;
    if (nanoseconds < 0) {
        nanoseconds += NS_PER_SECOND;
        seconds--;
    }
    long offset = zone_offset(seconds);
    int64_t local = seconds + offset;
    int64_t days = local / 86400 - (local % 86400 < 0), year;
    unsigned rest = (unsigned)(local - days * 86400), month, day;
    civil(days, &year, &month, &day);
    char text[64];
    int length = snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02u", (int)year, month, day,
                          rest / 3600, rest / 60 % 60, rest % 60);
    if (nanoseconds) {
        length += snprintf(text + length, sizeof text - (size_t)length, ".%09d", (int)nanoseconds);
        while (text[length - 1] == '0')
            length--;
    }
    buf_put(out, text, (size_t)length);
    long minutes = offset / 60; /* Go's format has no seconds in an offset either */
    if (offset == 0)
        PUT(out, "Z");
    else
        buf_printf(out, "%c%02ld:%02ld", minutes < 0 ? '-' : '+', (minutes < 0 ? -minutes : minutes) / 60,
                   (minutes < 0 ? -minutes : minutes) % 60);
}

void gojson_put_time(struct buf *out, int64_t wall_ns)
{
    buf_put_u8(out, '"');
    gojson_put_time_text(out, wall_ns);
    buf_put_u8(out, '"');
}

static bool number(const char **at, const char *end, int count, unsigned *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || **at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (unsigned)(**at - '0');
    }
    return true;
}

static bool literal(const char **at, const char *end, char wanted)
{
    if (*at >= end || **at != wanted)
        return false;
    (*at)++;
    return true;
}

static int64_t fraction(const char **at, const char *end)
{
    int64_t unit = NS_PER_SECOND / 10, sum = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        sum += (**at - '0') * unit;
    return sum;
}

static bool zone(const char **at, const char *end, int64_t *offset)
{
    *offset = 0;
    if (literal(at, end, 'Z'))
        return true;
    bool west = *at < end && **at == '-';
    unsigned hours, minutes;
    if (!literal(at, end, west ? '-' : '+') || !number(at, end, 2, &hours) || !literal(at, end, ':') ||
        !number(at, end, 2, &minutes))
        return false;
    *offset = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

bool gojson_time(const char *text, size_t length, int64_t *wall_ns)
{
    const char *at = text, *end = text + length;
    unsigned year, month, day, hour, minute, second;
    int64_t nanoseconds = 0, offset;
    if (!number(&at, end, 4, &year) || !literal(&at, end, '-') || !number(&at, end, 2, &month) ||
        !literal(&at, end, '-') || !number(&at, end, 2, &day) || !literal(&at, end, 'T') ||
        !number(&at, end, 2, &hour) || !literal(&at, end, ':') || !number(&at, end, 2, &minute) ||
        !literal(&at, end, ':') || !number(&at, end, 2, &second))
        return false;
    if (literal(&at, end, '.'))
        nanoseconds = fraction(&at, end);
    if (!zone(&at, end, &offset) || at != end || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t whole = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    if (whole > INT64_MAX / NS_PER_SECOND - 1)
        whole = INT64_MAX / NS_PER_SECOND - 1;
    if (whole < INT64_MIN / NS_PER_SECOND + 1)
        whole = INT64_MIN / NS_PER_SECOND + 1;
    *wall_ns = whole * NS_PER_SECOND + nanoseconds;
    return true;
}

void gojson_put_u64(struct buf *out, uint64_t value)
{
    char text[24];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    buf_put(out, text + at, sizeof text - at);
}

void gojson_put_hex(struct buf *out, const uint8_t *bytes, size_t length)
{
    buf_put_u8(out, '"');
    char *place = buf_reserve(out, 2 * length);
    if (place) {
        hex_encode(bytes, length, place);
        out->length += 2 * length;
    }
    buf_put_u8(out, '"');
}
