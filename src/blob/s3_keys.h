/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which keys open an S3 account: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or else what
 * the file AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) says for AWS_PROFILE ("default"):
 *
 *     [default]
 *     aws_access_key_id = AKIA...
 *     aws_secret_access_key = ...
 */
#ifndef BLOB_S3_KEYS_H
#define BLOB_S3_KEYS_H

#include <stddef.h>

struct s3_keys {
    char *access, *secret;
    char *token; /* or NULL */
};

/* ERR_INVALID, with a hint, when there are none. s3_keys_free wipes them, also then. */
int s3_keys_find(struct s3_keys *out);
void s3_keys_free(struct s3_keys *keys);

/* What such a file says for a profile; what it does not name stays as it is. `text` is changed. */
void s3_keys_read(char *text, const char *profile, struct s3_keys *out);

#endif
