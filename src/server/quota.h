/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much each account may hold. An account is the first part of a repository's path where each user has one
 * of its own, else the whole served folder. Room is reserved before a byte is taken, so that uploads beside
 * each other never exceed the limit together. All functions may be called from several threads.
 */
#ifndef SERVER_QUOTA_H
#define SERVER_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct quota;
struct quota_account;

struct quota_limit {
    const char *account; /* borrowed */
    uint64_t bytes;      /* 0: no limit */
};

struct quota_options {
    const char *path;                 /* the served folder; borrowed */
    bool per_user;                    /* else one account for all */
    uint64_t limit;                   /* of each account; 0: no limit */
    const struct quota_limit *limits; /* of some, instead; borrowed */
    size_t limit_count;
};

/* Counts what those accounts that are there hold, which takes a while with many files. */
int quota_new(const struct quota_options *options, struct quota **out);
void quota_free(struct quota *quota); /* NULL is fine */

/* The account of a repository; lives as long as the quota. */
struct quota_account *quota_of(struct quota *quota, const char *repository);

/* Takes `bytes` more, on their way in; ERR_NO_SPACE. Given back by quota_release, or turned into what is held
 * by quota_keep. */
int quota_reserve(struct quota_account *account, uint64_t bytes);
void quota_release(struct quota_account *account, uint64_t bytes);
/* `bytes` of what was reserved are held now, `reserved` are reserved no longer. */
void quota_keep(struct quota_account *account, uint64_t reserved, uint64_t bytes);
void quota_removed(struct quota_account *account, uint64_t bytes);

/* Counts anew where that may be needed, because somebody may have pruned in the folder itself: each account
 * that refused something, and each once an hour. Returns when it is done. */
void quota_recount(struct quota *quota, int64_t now_ns);

struct quota_figures {
    const char *account;
    uint64_t held, reserved, limit;
};
/* Those with a limit, one after the other. */
void quota_each(struct quota *quota, void (*visit)(void *context, const struct quota_figures *figures),
                void *context);

#endif
