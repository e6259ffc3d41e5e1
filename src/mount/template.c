/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mount/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mount/gotime.h"

struct growing {
    struct buf *items;
    size_t count;
};

static void put_all(struct growing *paths, const char *text, size_t length)
{
    for (size_t i = 0; i < paths->count; i++)
        buf_put(&paths->items[i], text, length);
}

/* One name of it, whatever it holds. */
static void put_name(struct buf *out, const char *text)
{
    if (strcmp(text, "..") == 0)
        buf_put(out, "__", 2);
    else if (!*text || strcmp(text, ".") == 0)
        buf_put_u8(out, '_');
    else
        for (; *text; text++)
            buf_put_u8(out, *text == '/' ? '_' : (uint8_t)*text);
}

static void put_name_all(struct growing *paths, const char *text)
{
    for (size_t i = 0; i < paths->count; i++)
        put_name(&paths->items[i], text);
}

static void clear(struct growing *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        buf_free(&paths->items[i]);
    free(paths->items);
    *paths = (struct growing){0};
}

/* Every path once for every tag. */
static void put_tags(struct growing *paths, const struct snapshot_list_of_text *tags)
{
    size_t most = paths->count ? TEMPLATE_MOST_PATHS / paths->count : 0;
    size_t count = tags->count < most ? tags->count : most;
    struct growing all = {mem_zalloc(count * paths->count + 1, sizeof *all.items), count * paths->count};
    for (size_t i = 0; i < all.count; i++) {
        const struct buf *before = &paths->items[i % paths->count];
        buf_init(&all.items[i], TEMPLATE_MOST_PATH);
        buf_put(&all.items[i], before->data, before->length);
        put_name(&all.items[i], tags->items[i / paths->count]);
    }
    clear(paths);
    *paths = all;
}

static void put_verb(struct growing *paths, char verb, const struct snapshot *snapshot)
{
    switch (verb) {
    case 't':
        put_tags(paths, &snapshot->tags);
        break;
    case 'i':
        put_all(paths, snapshot->id, strnlen(snapshot->id, 8));
        break;
    case 'I':
        put_all(paths, snapshot->id, strlen(snapshot->id));
        break;
    case 'u':
        put_name_all(paths, snapshot->username);
        break;
    case 'h':
        put_name_all(paths, snapshot->hostname);
        break;
    default:
        put_all(paths, &verb, 1);
    }
}

static void finish(struct growing *paths, struct template_paths *out)
{
    out->items = mem_zalloc(paths->count + 1, sizeof *out->items);
    for (size_t i = 0; i < paths->count; i++)
        if (!paths->items[i].overflowed)
            out->items[out->count++] = mem_strdup(buf_string(&paths->items[i]));
    clear(paths);
}

void template_expand(const char *template, const char *time_sample, const struct snapshot *snapshot,
                     struct template_paths *out)
{
    struct growing paths = {mem_zalloc(1, sizeof *paths.items), 1};
    struct buf time BUF_AUTO;
    *out = (struct template_paths){0};
    buf_init(&paths.items[0], TEMPLATE_MOST_PATH);
    buf_init(&time, TEMPLATE_MOST_PATH);
    gotime_put(&time, time_sample, snapshot->time_ns, snapshot->time_zone_s);
    const char *last = "";
    for (const char *at = template; *at; at++) {
        if (*at != '%')
            put_all(&paths, at, 1);
        else if (!*++at)
            break;
        else if (*at != 'T')
            put_verb(&paths, *at, snapshot);
        else if (at[1])
            put_all(&paths, buf_string(&time), time.length);
        else
            last = buf_string(&time);
    }
    out->time = mem_strdup(last);
    finish(&paths, out);
}

void template_paths_free(struct template_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i]);
    free(paths->items);
    free(paths->time);
    *paths = (struct template_paths){0};
}

char *template_fixed(const char *template)
{
    const char *at = template;
    while (*at && !(at[0] == '%' && at[1] && strchr("iIuhtT", at[1])))
        at += at[0] == '%' && at[1] ? 2 : 1;
    char *fixed = mem_strdup(*at ? template : "");
    fixed[*at ? at - template : 0] = '\0';
    char *slash = strrchr(fixed, '/');
    fixed[slash ? slash - fixed : 0] = '\0';
    return fixed;
}
