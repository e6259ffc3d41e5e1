/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/http.h"
#include "blob/settings.h"

#define DAY_NS       (24 * 3600 * NS_PER_SECOND)
#define LONGEST_LOCK (36500 * DAY_NS)
#define USUAL_REGION "us-east-1"

static int not_a_place(const char *rest)
{
    return err_hint(err_set(ERR_INVALID, _("\"s3:%s\" is not a place"), rest),
                    _("for example: s3:https://s3.example.org/bucket/prefix"));
}

int s3_lock_parse(const char *text, struct s3_lock *out)
{
    static const struct {
        const char *word, *mode;
    } modes[] = {{"compliance:", "COMPLIANCE"}, {"governance:", "GOVERNANCE"}};
    const char *duration = text;
    *out = (struct s3_lock){.mode = "COMPLIANCE"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strncmp(text, modes[i].word, strlen(modes[i].word)) == 0) {
            out->mode = modes[i].mode;
            duration = text + strlen(modes[i].word);
        }
    if (duration_parse(duration, &out->duration_ns) == 0 && out->duration_ns >= 60 * NS_PER_SECOND &&
        out->duration_ns <= LONGEST_LOCK)
        return 0;
    out->mode = NULL;
    return err_set(ERR_INVALID,
                   _("s3.object-lock wants a duration such as 30d, compliance:30d or governance:30d, "
                     "not \"%s\""),
                   text);
}

/* s3.eu-west-1.amazonaws.com says where it is. */
static char *region_of(const char *host)
{
    const char *set = blob_settings_option("s3.region");
    if (!set || !*set)
        set = getenv("AWS_DEFAULT_REGION");
    if (!set || !*set)
        set = getenv("AWS_REGION");
    if (set && *set)
        return mem_strdup(set);
    const char *amazon = strstr(host, ".amazonaws.com");
    const char *from = strncmp(host, "s3.", 3) == 0 || strncmp(host, "s3-", 3) == 0 ? host + 3 : NULL;
    if (amazon && from && from < amazon && !memchr(from, '.', (size_t)(amazon - from)))
        return mem_printf("%.*s", (int)(amazon - from), from);
    return mem_strdup(USUAL_REGION);
}

/* Whether the bucket stands in the host's name. */
static int choose_lookup(const char *host, const char *bucket, bool *dns)
{
    const char *how = blob_settings_option("s3.bucket-lookup");
    bool amazon = strstr(host, ".amazonaws.com") || strstr(host, "storage.googleapis.com");
    *dns = amazon && !strchr(bucket, '.'); /* a name with dots does not fit the certificate */
    if (!how || strcmp(how, "auto") == 0)
        return 0;
    *dns = strcmp(how, "dns") == 0;
    return *dns || strcmp(how, "path") == 0
               ? 0
               : err_set(ERR_INVALID, _("s3.bucket-lookup wants auto, dns or path, not \"%s\""), how);
}

static bool is_host(const char *host)
{
    return *host && strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_") ==
                        strlen(host);
}

/* The names that S3 allows, and the old ones of some servers. */
static bool is_bucket(const char *bucket)
{
    return isalnum((unsigned char)*bucket) &&
           strspn(bucket, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               strlen(bucket) &&
           !strstr(bucket, "..");
}

/* Slashes at the ends and doubled ones do not count; "." and ".." would not survive the way to the server. */
static bool make_prefix(const char *rest, struct s3_place *out)
{
    struct buf prefix BUF_AUTO;
    buf_init(&prefix, 4096);
    while (*rest) {
        size_t length = strcspn(rest, "/");
        if ((length == 1 && *rest == '.') || (length == 2 && strncmp(rest, "..", 2) == 0))
            return false;
        if (length > 0) {
            buf_put(&prefix, rest, length);
            buf_put_u8(&prefix, '/');
        }
        rest += length;
        rest += *rest == '/';
    }
    out->prefix = mem_strdup(buf_string(&prefix));
    return !prefix.overflowed && prefix.length < 900; /* a key has at most 1024 bytes */
}

static int read_options(struct s3_place *out)
{
    const char *lock = blob_settings_option("s3.object-lock");
    out->storage_class = blob_settings_option("s3.storage-class");
    if (out->storage_class &&
        strspn(out->storage_class, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(out->storage_class))
        return err_set(ERR_INVALID, _("s3.storage-class wants a name such as STANDARD_IA, not \"%s\""),
                       out->storage_class);
    return lock ? s3_lock_parse(lock, &out->lock) : 0;
}

int s3_place_parse(const char *rest, struct s3_place *out)
{
    *out = (struct s3_place){0};
    const char *scheme = "https", *from = rest;
    if (strncmp(from, "http://", 7) == 0)
        scheme = "http";
    if (strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0)
        from = strstr(from, "//") + 2;
    else if (strncmp(from, "//", 2) == 0) /* s3://HOST/BUCKET */
        from += 2;
    size_t host_length = strcspn(from, "/");
    if (!from[host_length])
        return not_a_place(rest);
    char *host MEM_AUTO = mem_printf("%.*s", (int)host_length, from);
    const char *path = from + host_length + 1;
    size_t bucket_length = strcspn(path, "/");
    out->bucket = mem_printf("%.*s", (int)bucket_length, path);
    if (!is_host(host) || !is_bucket(out->bucket) || !make_prefix(path + bucket_length, out))
        return not_a_place(rest);
    bool dns;
    int err = choose_lookup(host, out->bucket, &dns);
    if (err)
        return err;
    out->base = dns ? mem_printf("%s://%s.%s", scheme, out->bucket, host)
                    : mem_printf("%s://%s/%s", scheme, host, out->bucket);
    out->region = region_of(host);
    return read_options(out);
}

void s3_place_free(struct s3_place *place)
{
    free(place->base);
    free(place->bucket);
    free(place->prefix);
    free(place->region);
    *place = (struct s3_place){0};
}
