/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/s3_lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/layout.h"
#include "blob/s3_list.h"
#include "blob/s3_undelete.h"

#define CANARY_NS     (3600 * NS_PER_SECOND)
#define CANARY_SAYS   "This object shows that the server refuses to delete it."
#define MAX_ID        1024
#define CLOCKS_DIFFER (1 * NS_PER_SECOND) /* times are cut to seconds */

static int64_t now_ns(void)
{
    return clock_system.wall_ns(clock_system.self);
}

void s3_time_text(int64_t wall_ns, char out[static S3_TIME_TEXT])
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(out, S3_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* A quarter more than is asked for, so that an extension lasts. */
static int64_t full_until_ns(const struct s3_lock *lock)
{
    return now_ns() + lock->duration_ns + lock->duration_ns / 4;
}

static void lock_headers(const char *mode_word, int64_t until_ns, char *mode, size_t mode_size, char *until,
                         size_t until_size)
{
    char text[S3_TIME_TEXT];
    s3_time_text(until_ns, text);
    snprintf(mode, mode_size, "x-amz-object-lock-mode: %s", mode_word);
    snprintf(until, until_size, "x-amz-object-lock-retain-until-date: %s", text);
}

void s3_lock_headers(const struct s3 *s3, char *mode, size_t mode_size, char *until, size_t until_size)
{
    lock_headers(s3->place.lock.mode, full_until_ns(&s3->place.lock), mode, mode_size, until, until_size);
}

/* "versionId=...", with what stands before and after it in the order of names; malloc'd. */
static char *version_query(const char *before, const char *version)
{
    struct buf query BUF_AUTO;
    buf_init(&query, 8192);
    buf_printf(&query, "%sversionId=", before);
    http_put_escaped(&query, version, false);
    return mem_strdup(buf_string(&query));
}

/* One request without a body, about a version (NULL: the current one). */
static int ask(struct s3 *s3, const char *method, const char *path, const char *version, const char *header,
               struct http_answer *answer)
{
    char *query MEM_AUTO = version ? version_query("", version) : NULL;
    struct s3_request request = {.method = method, .path = path, .query = query, .headers = {header}};
    return s3_do(s3, &request, answer);
}

static int ask_only(struct s3 *s3, const char *method, const char *path, const char *version,
                    const char *header)
{
    struct http_answer answer;
    int err = ask(s3, method, path, version, header, &answer);
    http_answer_free(&answer);
    return err;
}

int s3_lock_remove_version(struct s3 *s3, const char *path)
{
    struct http_answer answer;
    char version[MAX_ID];
    int err = ask(s3, "HEAD", path, NULL, NULL, &answer);
    bool known = !err && http_answer_header(&answer, "x-amz-version-id", version, sizeof version);
    http_answer_free(&answer);
    if (err)
        return err == ERR_NOT_FOUND ? 0 : err;
    err = ask_only(s3, "DELETE", path, known ? version : NULL, NULL);
    if (err == ERR_PERMISSION && known) /* a retention that the bucket gives to all: hide it */
        err = ask_only(s3, "DELETE", path, NULL, NULL);
    return err == ERR_NOT_FOUND ? 0 : err;
}

/* ---- the proof ---- */

static int does_not_hold(const struct s3 *s3, const char *why)
{
    return err_hint(
        err_set(ERR_UNSUPPORTED, _("%s does not hold Object Lock: %s"), s3->where, why),
        _("what is saved there can be deleted by whoever has its keys; use a bucket that was made "
          "with Object Lock (beffroi vault init -o s3.object-lock=... makes one), on a server "
          "that holds it"));
}

/* Sends it, and gives back the version. */
static int write_canary(struct s3 *s3, int64_t until_ns, char version[static MAX_ID])
{
    char mode[64], until[96];
    lock_headers(s3->place.lock.mode, until_ns, mode, sizeof mode, until, sizeof until);
    struct s3_request request = {.method = "PUT",
                                 .path = S3_CANARY,
                                 .body = CANARY_SAYS,
                                 .body_length = strlen(CANARY_SAYS),
                                 .md5 = true,
                                 .headers = {mode, until}};
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    bool known = !err && http_answer_header(&answer, "x-amz-version-id", version, MAX_ID) && *version &&
                 strcmp(version, "null") != 0;
    bool refused =
        err && answer.status >= 400 && answer.status < 500 && answer.status != 401 && answer.status != 403;
    http_answer_free(&answer);
    if (refused) {
        char *said MEM_AUTO = mem_strdup(err_text());
        return does_not_hold(s3, said);
    }
    return err || known ? err : does_not_hold(s3, _("it keeps no versions"));
}

/* Mode and end of a version as the server tells them; *until_ns is 0 without a retention. */
static int read_retention(struct s3 *s3, const char *path, char mode[static 32], int64_t *until_ns,
                          char version[static MAX_ID])
{
    struct http_answer answer;
    char until[64];
    int err = ask(s3, "HEAD", path, *version ? version : NULL, NULL, &answer);
    *until_ns = 0;
    mode[0] = '\0';
    if (!err && !*version && !http_answer_header(&answer, "x-amz-version-id", version, MAX_ID))
        version[0] = '\0';
    if (!err && http_answer_header(&answer, "x-amz-object-lock-mode", mode, 32) &&
        http_answer_header(&answer, "x-amz-object-lock-retain-until-date", until, sizeof until) &&
        time_parse(until, until_ns) != 0)
        *until_ns = 0;
    http_answer_free(&answer);
    return err;
}

/* The account's own key must not get through; with COMPLIANCE not even with the right to bypass. */
static int try_to_delete(struct s3 *s3, const char *version)
{
    bool compliance = strcmp(s3->place.lock.mode, "COMPLIANCE") == 0;
    int err = ask_only(s3, "DELETE", S3_CANARY, version,
                       compliance ? "x-amz-bypass-governance-retention: true" : NULL);
    if (!err)
        return does_not_hold(s3, _("it let a locked version be deleted"));
    if (err != ERR_PERMISSION)
        return err;
    char canary[sizeof CANARY_SAYS] = "";
    char *query MEM_AUTO = version_query("", version);
    struct s3_request request = {.method = "GET",
                                 .path = S3_CANARY,
                                 .query = query,
                                 .into = canary,
                                 .into_length = strlen(CANARY_SAYS)};
    struct http_answer answer;
    err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    if (err == ERR_NOT_FOUND || (!err && strcmp(canary, CANARY_SAYS) != 0))
        return does_not_hold(s3, _("it refused to delete a locked version, which is gone all the same"));
    return err;
}

struct sweep {
    struct s3 *s3;
    const char *keep; /* a version */
    size_t skip;      /* the prefix */
};

/* What is still locked is refused, and goes the next time. */
static int remove_canary(void *context, const struct s3_entry *entry)
{
    const struct sweep *sweep = context;
    if (strcmp(entry->key + sweep->skip, S3_CANARY) == 0 && strcmp(entry->version, sweep->keep) != 0)
        (void)ask_only(sweep->s3, "DELETE", S3_CANARY, entry->version, NULL);
    return 0;
}

static int prove(void *guard)
{
    struct s3 *s3 = guard;
    char version[MAX_ID] = "", mode[32];
    int64_t until_ns = now_ns() + CANARY_NS, held_ns;
    int err = write_canary(s3, until_ns, version);
    if (!err)
        err = read_retention(s3, S3_CANARY, mode, &held_ns, version);
    if (!err && (strcmp(mode, s3->place.lock.mode) != 0 || held_ns < until_ns - CLOCKS_DIFFER))
        err = does_not_hold(s3, _("it does not tell of the retention that it was given"));
    if (!err)
        err = try_to_delete(s3, version);
    if (err)
        return err;
    char *key MEM_AUTO = mem_printf("%s%s", s3->place.prefix, S3_CANARY);
    struct sweep sweep = {s3, version, strlen(s3->place.prefix)};
    (void)s3_list_versions(s3, key, remove_canary, &sweep);
    return 0;
}

/* ---- extending ---- */

static int set_retention(struct s3 *s3, const char *path, const char *version, const char *mode,
                         int64_t until_ns)
{
    char text[S3_TIME_TEXT];
    s3_time_text(until_ns, text);
    char *body MEM_AUTO =
        mem_printf("<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>%s</Mode>"
                   "<RetainUntilDate>%s</RetainUntilDate></Retention>",
                   mode, text);
    char *query MEM_AUTO = *version ? version_query("retention=&", version) : mem_strdup("retention=");
    struct s3_request request = {.method = "PUT",
                                 .path = path,
                                 .query = query,
                                 .body = body,
                                 .body_length = strlen(body),
                                 .md5 = true};
    struct http_answer answer;
    int err = s3_do(s3, &request, &answer);
    http_answer_free(&answer);
    return err;
}

static int extend(void *guard, enum blob_kind kind, const char *name, bool *extended)
{
    struct s3 *s3 = guard;
    char path[LAYOUT_PATH_SIZE], mode[32], version[MAX_ID] = "";
    int64_t held_ns;
    *extended = false;
    int err = layout_path(kind, name, path);
    if (!err)
        err = read_retention(s3, path, mode, &held_ns, version);
    if (err)
        return err;
    /* Nobody may make a lock weaker, and nobody needs to. */
    const char *wanted = strcmp(mode, "COMPLIANCE") == 0 ? mode : s3->place.lock.mode;
    if (strcmp(mode, wanted) == 0 && held_ns >= now_ns() + s3->place.lock.duration_ns)
        return 0;
    err = set_retention(s3, path, version, wanted, full_until_ns(&s3->place.lock));
    *extended = !err;
    return err;
}

const struct blob_guard_ops s3_lock_ops = {prove, extend, s3_undelete};
