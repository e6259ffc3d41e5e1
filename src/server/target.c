/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

#define PART_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-"
#define PARTS_MAX    (TARGET_DEPTH + 2)

struct part {
    const char *text;
    size_t length;
};

static bool is_word(const struct part *part, const char *word)
{
    return strlen(word) == part->length && memcmp(part->text, word, part->length) == 0;
}

/* The type that a part names; BLOB_KIND_COUNT: none. */
static enum blob_kind type_of(const struct part *part)
{
    int kind = BLOB_CONFIG;
    while (kind < BLOB_KIND_COUNT && !is_word(part, blob_kind_folder((enum blob_kind)kind)))
        kind++;
    return (enum blob_kind)kind;
}

static int no_path(void)
{
    return err_set(ERR_INVALID, "%s", _("this is not the path of a repository or of a part of one"));
}

/* The parts between the slashes; a slash may stand at the end. */
static int split(const char *url, struct part parts[static PARTS_MAX], size_t *count)
{
    *count = 0;
    if (*url != '/' || strnlen(url, TARGET_URL_MAX + 1) > TARGET_URL_MAX)
        return no_path();
    for (url++; *url;) {
        size_t length = strspn(url, PART_LETTERS);
        bool ends = url[length] == '/' || !url[length];
        if (length == 0 || !ends || *url == '.' || length > TARGET_PART_MAX || *count == PARTS_MAX)
            return no_path();
        parts[(*count)++] = (struct part){url, length};
        url += length + (url[length] == '/');
    }
    return 0;
}

static int join(const struct part *parts, size_t count, struct target *out)
{
    size_t at = 0;
    if (count > TARGET_DEPTH)
        return no_path();
    for (size_t i = 0; i < count; i++) {
        if (type_of(&parts[i]) != BLOB_KIND_COUNT || (i == 0 && is_word(&parts[i], "metrics")))
            return no_path();
        if (i)
            out->repository[at++] = '/';
        memcpy(out->repository + at, parts[i].text, parts[i].length);
        at += parts[i].length;
    }
    out->repository[at] = '\0';
    return 0;
}

static int take_name(const struct part *part, struct target *out)
{
    if (part->length != BLOB_NAME_LENGTH || strspn(part->text, "0123456789abcdef") < BLOB_NAME_LENGTH)
        return err_set(ERR_INVALID, "%s", _("this is not the name of an object"));
    memcpy(out->name, part->text, BLOB_NAME_LENGTH);
    out->name[BLOB_NAME_LENGTH] = '\0';
    return 0;
}

int target_parse(const char *url, struct target *out)
{
    struct part parts[PARTS_MAX];
    size_t count;
    memset(out, 0, sizeof *out);
    int err = split(url, parts, &count);
    if (err)
        return err;
    bool slash = url[strlen(url) - 1] == '/';
    if (count == 1 && !slash && is_word(&parts[0], "metrics")) {
        out->kind = TARGET_METRICS;
        return 0;
    }
    enum blob_kind last = count ? type_of(&parts[count - 1]) : BLOB_KIND_COUNT;
    enum blob_kind before = count > 1 ? type_of(&parts[count - 2]) : BLOB_KIND_COUNT;
    if (before != BLOB_KIND_COUNT && before != BLOB_CONFIG && !slash) {
        out->kind = TARGET_OBJECT;
        out->type = before;
        err = take_name(&parts[count - 1], out);
        return err ? err : join(parts, count - 2, out);
    }
    if (last == BLOB_KIND_COUNT)
        return join(parts, count, out);
    out->kind = last == BLOB_CONFIG ? TARGET_OBJECT : TARGET_LIST;
    out->type = last;
    return last == BLOB_CONFIG && slash ? no_path() : join(parts, count - 1, out);
}

bool target_is_part(const char *name)
{
    const struct part part = {name, strlen(name)};
    return part.length > 0 && part.length <= TARGET_PART_MAX && *name != '.' &&
           strspn(name, PART_LETTERS) == part.length && type_of(&part) == BLOB_KIND_COUNT &&
           strcmp(name, "metrics") != 0;
}

bool target_is_of(const struct target *target, const char *user)
{
    size_t length = strlen(user);
    return length > 0 && strncmp(target->repository, user, length) == 0 &&
           (target->repository[length] == '/' || !target->repository[length]);
}

/* A decimal number in front of *at, which is moved behind it; what does not fit is as large as can be. */
static bool take_number(const char **at, uint64_t *number)
{
    size_t digits = strspn(*at, "0123456789");
    *number = digits > 18 ? UINT64_MAX : strtoull(*at, NULL, 10);
    *at += digits;
    return digits > 0;
}

enum target_range target_range(const char *header, uint64_t size, uint64_t *from, uint64_t *length)
{
    uint64_t first = 0, last = UINT64_MAX;
    /* An empty object has no range at all, but clients ask for one of everything. */
    if (!header || size == 0 || strncmp(header, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    const char *at = header + 6;
    bool has_first = take_number(&at, &first);
    if (*at++ != '-')
        return RANGE_WHOLE;
    bool has_last = take_number(&at, &last);
    if (*at || (!has_first && !has_last) || (has_first && has_last && last < first))
        return RANGE_WHOLE;
    if (!has_first) { /* the last so many */
        first = last < size ? size - last : 0;
        if (last == 0)
            return RANGE_OUTSIDE;
        last = size - 1;
    }
    if (first >= size)
        return RANGE_OUTSIDE;
    if (!has_last || last >= size)
        last = size - 1;
    *from = first;
    *length = last - first + 1;
    return RANGE_PART;
}
