/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"

/* Parsers of several threads share tables that are made at first. */
static void start_parser(void)
{
    xmlInitParser();
}

static xmlDoc *parse(const void *text, size_t length, int more)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_parser);
    /* Entities could grow without end; none of these answers declares any. */
    if (length > INT_MAX || length == 0 || memmem(text, length, "<!DOCTYPE", 9))
        return NULL;
    xmlDoc *doc =
        xmlReadMemory(text, (int)length, NULL, "UTF-8",
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | more);
    if (doc && (doc->intSubset || doc->extSubset)) {
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

static bool is_named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *child_of(const xmlNode *node, const char *name)
{
    for (const xmlNode *child = node->children; child; child = child->next)
        if (is_named(child, name))
            return child;
    return NULL;
}

/* The text of a child, as far as it is plain text; "" without one. False when it does not fit. */
static bool text_of(const xmlNode *node, const char *name, char *out, size_t size)
{
    size_t length = 0;
    const xmlNode *child = child_of(node, name);
    for (const xmlNode *part = child ? child->children : NULL; part; part = part->next) {
        if (part->type != XML_TEXT_NODE || !part->content)
            continue;
        size_t more = strlen((const char *)part->content);
        if (more >= size - length)
            return false;
        memcpy(out + length, part->content, more);
        length += more;
    }
    out[length] = '\0';
    return true;
}

static bool is_true(const xmlNode *node, const char *name)
{
    char text[16];
    return text_of(node, name, text, sizeof text) && strcmp(text, "true") == 0;
}

static bool size_of(const xmlNode *node, uint64_t *out)
{
    char text[32], *end;
    if (!text_of(node, "Size", text, sizeof text) || text[0] < '0' || text[0] > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return !*end && *out <= INT64_MAX;
}

/* 1 when the node is an entry, 0 when it is something else, ERR_CORRUPT when it is a bad one. */
static int take_entry(const xmlNode *node, struct s3_entry *out)
{
    bool version = is_named(node, "Version"), marker = is_named(node, "DeleteMarker");
    if (!version && !marker && !is_named(node, "Contents"))
        return 0;
    out->is_marker = marker;
    out->is_latest = is_true(node, "IsLatest");
    char modified[64];
    if (!text_of(node, "LastModified", modified, sizeof modified) ||
        time_parse(modified, &out->modified_ns) != 0)
        out->modified_ns = 0;
    out->size = 0;
    bool right = text_of(node, "Key", out->key, sizeof out->key) && out->key[0] &&
                 text_of(node, "VersionId", out->version, sizeof out->version) &&
                 text_of(node, "ETag", out->etag, sizeof out->etag) && (marker || size_of(node, &out->size));
    return right ? 1 : err_set(ERR_CORRUPT, _("a list of the S3 server is malformed"));
}

static bool take_next(const xmlNode *root, struct s3_page *out)
{
    if (!is_true(root, "IsTruncated"))
        return true;
    return text_of(root, "NextContinuationToken", out->token, sizeof out->token) &&
           text_of(root, "NextKeyMarker", out->key_marker, sizeof out->key_marker) &&
           text_of(root, "NextVersionIdMarker", out->version_marker, sizeof out->version_marker) &&
           (out->token[0] || out->key_marker[0]);
}

int s3_xml_list(const void *text, size_t length, s3_visit *visit, void *context, struct s3_page *next)
{
    xmlDoc *doc = parse(text, length, 0);
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    struct s3_page page = {0};
    int err = 0;
    if (!root || (!is_named(root, "ListBucketResult") && !is_named(root, "ListVersionsResult")) ||
        !take_next(root, &page))
        err = err_set(ERR_CORRUPT, _("a list of the S3 server is malformed"));
    struct s3_entry *entry = err ? NULL : malloc(sizeof *entry);
    if (!err && !entry)
        abort();
    for (const xmlNode *node = err ? NULL : root->children; node && !err; node = node->next) {
        err = take_entry(node, entry);
        if (err == 1)
            err = visit(context, entry);
    }
    free(entry);
    xmlFreeDoc(doc);
    if (!err)
        *next = page;
    return err;
}

/* Printable ASCII alone: it is shown on a terminal. */
static void clean(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from >= ' ' && *from < 0x7f)
            *to++ = *from;
    *to = '\0';
}

void s3_xml_error(const void *text, size_t length, char code[static 128], char message[static 256])
{
    xmlDoc *doc = parse(text, length, XML_PARSE_RECOVER); /* a long answer was cut */
    const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    code[0] = message[0] = '\0';
    if (root && is_named(root, "Error")) {
        if (!text_of(root, "Code", code, 128))
            code[0] = '\0';
        if (!text_of(root, "Message", message, 256))
            message[0] = '\0';
    }
    clean(code);
    clean(message);
    xmlFreeDoc(doc);
}
