/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an S3 server says in XML:
 *
 *     ListBucketResult     Contents (Key, Size), IsTruncated, NextContinuationToken
 *     ListVersionsResult   Version (Key, VersionId, IsLatest, LastModified, Size, ETag), DeleteMarker (Key,
 *                          VersionId, IsLatest, LastModified), IsTruncated, NextKeyMarker,
 * NextVersionIdMarker Error                Code, Message
 *
 * No document type is taken, and nothing outside of the text is looked at.
 */
#ifndef BLOB_S3_XML_H
#define BLOB_S3_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_XML_TEXT 2048 /* keys have at most 1024 bytes */

struct s3_entry {
    char key[S3_XML_TEXT];
    uint64_t size;
    /* of lists of versions alone: */
    char version[S3_XML_TEXT], etag[128];
    bool is_marker, is_latest;
    int64_t modified_ns; /* 0: not told */
};

/* Where the next page begins; all "" at the end. */
struct s3_page {
    char token[S3_XML_TEXT];                                   /* ListBucketResult */
    char key_marker[S3_XML_TEXT], version_marker[S3_XML_TEXT]; /* ListVersionsResult */
};

/* A non-zero return ends the reading and is returned. */
typedef int s3_visit(void *context, const struct s3_entry *entry);

/* One page of either list: its entries in order, then *next is set. ERR_CORRUPT when it is none. */
int s3_xml_list(const void *text, size_t length, s3_visit *visit, void *context, struct s3_page *next);
/* Code and message of an error; "" for what is not there. */
void s3_xml_error(const void *text, size_t length, char code[static 128], char message[static 256]);

#endif
