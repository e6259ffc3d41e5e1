/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/nodetext.h"

#include <string.h>

#include "vault/gojson.h"

#define PUT(out, literal) buf_put(out, literal, sizeof(literal) - 1)

/* The object that is being written. */
struct writing {
    struct buf *out;
    const struct nodetext_change *change;
    bool has_members, has_size, has_content, has_subtree;
};

static void member(struct writing *w, const char *text, size_t length)
{
    if (w->has_members)
        PUT(w->out, ",");
    w->has_members = true;
    buf_put(w->out, text, length);
}

static void put_size(struct writing *w)
{
    if (w->has_size)
        return;
    w->has_size = true;
    if (w->change->size == 0)
        return; /* left out when zero, as restic does */
    member(w, "\"size\":", 7);
    gojson_put_u64(w->out, w->change->size);
}

static void put_content(struct writing *w)
{
    if (w->has_content)
        return;
    w->has_content = true;
    member(w, "\"content\":[", 11);
    for (size_t i = 0; i < w->change->content_count; i++) {
        if (i)
            PUT(w->out, ",");
        gojson_put_hex(w->out, w->change->content[i], SHA256_SIZE);
    }
    PUT(w->out, "]");
}

static void put_subtree(struct writing *w)
{
    if (w->has_subtree)
        return;
    w->has_subtree = true;
    member(w, "\"subtree\":", 10);
    gojson_put_hex(w->out, w->change->subtree, SHA256_SIZE);
}

/* What restic writes behind the size: a size that was left out comes before the first of them. */
static bool is_behind_size(struct jsonread_key key)
{
    static const char *const behind[] = {
        "links", "extended_attributes", "generic_attributes", "device", "content", "subtree"};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        if (jsonread_is(key, behind[i]))
            return true;
    return false;
}

void nodetext_put(struct buf *out, const struct node *node, const struct nodetext_change *change)
{
    struct writing w = {.out = out, .change = change};
    struct jsonread j;
    struct jsonread_key key;
    jsonread_init(&j, node->text, node->text_length);
    jsonread_object(&j);
    PUT(out, "{");
    while (jsonread_key(&j, &key)) {
        jsonread_skip(&j);
        if (change->new_content && is_behind_size(key))
            put_size(&w);
        if (change->new_content && jsonread_is(key, "size"))
            put_size(&w);
        else if (change->new_content && jsonread_is(key, "content"))
            put_content(&w);
        else if (change->subtree && jsonread_is(key, "subtree"))
            put_subtree(&w);
        else
            member(&w, key.text - 1, (size_t)(j.at - (key.text - 1)));
    }
    if (change->new_content) {
        put_size(&w);
        put_content(&w);
    }
    if (change->subtree)
        put_subtree(&w);
    PUT(out, "}");
}
