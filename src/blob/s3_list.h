/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All objects of a bucket whose keys begin with a prefix, or all their versions, page by page.
 */
#ifndef BLOB_S3_LIST_H
#define BLOB_S3_LIST_H

#include "blob/s3_ask.h"
#include "blob/s3_xml.h"

/* In the order of the keys; a non-zero return of the visitor ends it and is returned. */
int s3_list(struct s3 *s3, const char *prefix, s3_visit *visit, void *context);
/* All versions and delete markers, of each key the newest first. */
int s3_list_versions(struct s3 *s3, const char *prefix, s3_visit *visit, void *context);

#endif
