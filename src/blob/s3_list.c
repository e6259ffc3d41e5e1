/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_PAGE  ((size_t)16 << 20) /* 1000 entries have some 500 KiB */
#define MAX_PAGES 1000000

static void add(struct buf *query, const char *name, const char *value)
{
    buf_printf(query, "%s%s=", query->length ? "&" : "", name);
    http_put_escaped(query, value, false);
}

/* The parameters of a page, in the order of their names. */
static void make_query(const char *prefix, bool versions, const struct s3_page *page, struct buf *query)
{
    buf_clear(query);
    if (versions) {
        if (page->key_marker[0])
            add(query, "key-marker", page->key_marker);
        add(query, "prefix", prefix);
        if (page->version_marker[0])
            add(query, "version-id-marker", page->version_marker);
        add(query, "versions", "");
        return;
    }
    if (page->token[0])
        add(query, "continuation-token", page->token);
    add(query, "list-type", "2");
    add(query, "prefix", prefix);
}

static int take_page(struct s3 *s3, const char *query, s3_visit *visit, void *context, struct s3_page *page)
{
    struct s3_request request = {.method = "GET", .query = query, .limit = MAX_PAGE};
    struct http_answer answer;
    struct s3_page next;
    int err = s3_do(s3, &request, &answer);
    if (!err)
        err = s3_xml_list(answer.body.data, answer.body.length, visit, context, &next);
    http_answer_free(&answer);
    if (err)
        return err;
    /* The same page again would go on for ever. */
    bool more = next.token[0] || next.key_marker[0];
    if (more && strcmp(next.token, page->token) == 0 && strcmp(next.key_marker, page->key_marker) == 0 &&
        strcmp(next.version_marker, page->version_marker) == 0)
        return err_set(ERR_CORRUPT, _("the S3 server %s lists the same again and again"), s3->where);
    *page = next;
    return 0;
}

static int list(struct s3 *s3, const char *prefix, bool versions, s3_visit *visit, void *context)
{
    struct buf query BUF_AUTO;
    struct s3_page *page = mem_zalloc(1, sizeof *page);
    buf_init(&query, 65536);
    int err = 0, pages = 0;
    do {
        make_query(prefix, versions, page, &query);
        err = take_page(s3, buf_string(&query), visit, context, page);
        if (!err && ++pages == MAX_PAGES)
            err = err_set(ERR_TOO_LARGE, _("the list of %s has no end"), s3->where);
    } while (!err && (page->token[0] || page->key_marker[0]));
    free(page);
    return err;
}

int s3_list(struct s3 *s3, const char *prefix, s3_visit *visit, void *context)
{
    return list(s3, prefix, false, visit, context);
}

int s3_list_versions(struct s3 *s3, const char *prefix, s3_visit *visit, void *context)
{
    return list(s3, prefix, true, visit, context);
}
