/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where an S3 repository is, as restic writes it, after "s3:"
 *
 *     HOST[:PORT]/BUCKET[/PREFIX]              over TLS
 *     https://HOST[:PORT]/BUCKET[/PREFIX]      the same; http:// without TLS
 *
 * and what the options say of it: s3.bucket-lookup (auto, dns, path), s3.region, s3.storage-class,
 * s3.object-lock.
 */
#ifndef BLOB_S3_PLACE_H
#define BLOB_S3_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/* What s3.object-lock asks for: "30d", "compliance:30d", "governance:30d". */
struct s3_lock {
    const char *mode;    /* "COMPLIANCE" or "GOVERNANCE"; NULL: no locks */
    int64_t duration_ns; /* how long what is needed stays locked, at least */
};

struct s3_place {
    char *base;   /* URL of the bucket, without a slash at its end: "https://host/bucket" */
    char *bucket; /* its name */
    char *prefix; /* "" or "backup/mairie/": what stands before the names of objects */
    char *region;
    const char *storage_class; /* or NULL; borrowed from the settings, as is the mode of the lock */
    struct s3_lock lock;
};

/* `rest` is what follows "s3:". ERR_INVALID. s3_place_free it also then. */
int s3_place_parse(const char *rest, struct s3_place *out);
void s3_place_free(struct s3_place *place);

/* The value of s3.object-lock. ERR_INVALID. */
int s3_lock_parse(const char *text, struct s3_lock *out);

#endif
