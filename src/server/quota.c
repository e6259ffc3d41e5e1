/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "server/target.h"

#define RECOUNT_NS (60 * 60 * NS_PER_SECOND)
/* Somebody who is refused all the time must not keep the disk counting: it rests so much, and so many times
 * as long as it took. */
#define REST_NS    (2 * NS_PER_SECOND)
#define REST_TIMES 20
#define DEPTH_MOST 8

struct quota_account {
    struct quota_account *next;
    char *name;
    uint64_t limit;
    pthread_mutex_t lock; /* guards what follows */
    uint64_t held, reserved;
    uint64_t changes; /* whatever happens counts: a count of the files that this overtook is not used */
    bool asked;       /* something was refused since it was counted */
    int64_t counted_ns, took_ns;
};

struct quota {
    struct quota_options options;
    pthread_mutex_t lock; /* guards the list; accounts are only ever added */
    struct quota_account *accounts;
};

/* Sizes of all files below; what is on its way in (tmp-) is reserved already, and ".name" is the server's. */
static int count_folder(int parent, const char *name, unsigned depth, uint64_t *bytes)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        bool gone = errno == ENOENT;
        fd_close(&fd);
        return gone ? 0 : err_sys(_("cannot count what lies in %s"), name);
    }
    int err = 0;
    const struct dirent *entry;
    while (!err && (entry = readdir(entries))) {
        struct stat st;
        if (*entry->d_name == '.' || strncmp(entry->d_name, "tmp-", 4) == 0 ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            *bytes += (uint64_t)st.st_size;
        else if (S_ISDIR(st.st_mode) && depth < DEPTH_MOST)
            err = count_folder(fd, entry->d_name, depth + 1, bytes);
    }
    closedir(entries);
    return err;
}

/* Whoever is not overtaken by uploads gets the new figure. */
static void count(struct quota *quota, struct quota_account *a)
{
    uint64_t bytes = 0;
    char *path MEM_AUTO = path_join(quota->options.path, a->name);
    pthread_mutex_lock(&a->lock);
    uint64_t changes = a->changes;
    a->counted_ns = clock_system.monotonic_ns(clock_system.self);
    pthread_mutex_unlock(&a->lock);
    int err = count_folder(AT_FDCWD, path, 0, &bytes);
    if (err)
        log_warning("%s", err_text());
    pthread_mutex_lock(&a->lock);
    a->took_ns = clock_system.monotonic_ns(clock_system.self) - a->counted_ns;
    if (!err && a->changes == changes && a->reserved == 0) {
        a->held = bytes;
        a->asked = false;
    }
    pthread_mutex_unlock(&a->lock);
}

static struct quota_account *add_account(struct quota *quota, const char *name)
{
    struct quota_account *a = mem_zalloc(1, sizeof *a);
    a->name = mem_strdup(name);
    a->limit = quota->options.limit;
    for (size_t i = 0; i < quota->options.limit_count; i++)
        if (strcmp(quota->options.limits[i].account, name) == 0)
            a->limit = quota->options.limits[i].bytes;
    pthread_mutex_init(&a->lock, NULL);
    if (a->limit)
        count(quota, a);
    a->next = quota->accounts;
    quota->accounts = a;
    return a;
}

struct quota_account *quota_of(struct quota *quota, const char *repository)
{
    size_t length = quota->options.per_user ? strcspn(repository, "/") : 0;
    pthread_mutex_lock(&quota->lock);
    struct quota_account *a = quota->accounts;
    while (a && (strlen(a->name) != length || memcmp(a->name, repository, length) != 0))
        a = a->next;
    if (!a) {
        char *name MEM_AUTO = mem_printf("%.*s", (int)length, repository);
        a = add_account(quota, name);
    }
    pthread_mutex_unlock(&quota->lock);
    return a;
}

static int count_all(struct quota *quota)
{
    if (!quota->options.per_user) {
        quota_of(quota, "");
        return 0;
    }
    DIR *entries = opendir(quota->options.path);
    if (!entries)
        return err_sys(_("cannot read the folder %s"), quota->options.path);
    const struct dirent *entry;
    while ((entry = readdir(entries))) {
        struct stat st;
        if (target_is_part(entry->d_name) && fstatat(dirfd(entries), entry->d_name, &st, 0) == 0 &&
            S_ISDIR(st.st_mode))
            quota_of(quota, entry->d_name);
    }
    closedir(entries);
    return 0;
}

int quota_new(const struct quota_options *options, struct quota **out)
{
    struct quota *quota = mem_zalloc(1, sizeof *quota);
    quota->options = *options;
    pthread_mutex_init(&quota->lock, NULL);
    int err = count_all(quota);
    if (err)
        quota_free(quota);
    else
        *out = quota;
    return err;
}

void quota_free(struct quota *quota)
{
    if (!quota)
        return;
    while (quota->accounts) {
        struct quota_account *a = quota->accounts;
        quota->accounts = a->next;
        pthread_mutex_destroy(&a->lock);
        free(a->name);
        free(a);
    }
    pthread_mutex_destroy(&quota->lock);
    free(quota);
}

int quota_reserve(struct quota_account *a, uint64_t bytes)
{
    pthread_mutex_lock(&a->lock);
    uint64_t taken = a->held + a->reserved;
    bool fits = !a->limit || (taken <= a->limit && bytes <= a->limit - taken);
    a->changes += fits;
    a->reserved += fits ? bytes : 0;
    a->asked = a->asked || !fits;
    pthread_mutex_unlock(&a->lock);
    return fits
               ? 0
               : err_set(ERR_NO_SPACE, _("the quota of %llu bytes is used up"), (unsigned long long)a->limit);
}

void quota_release(struct quota_account *a, uint64_t bytes)
{
    quota_keep(a, bytes, 0);
}

void quota_keep(struct quota_account *a, uint64_t reserved, uint64_t bytes)
{
    pthread_mutex_lock(&a->lock);
    a->changes++;
    a->reserved -= reserved;
    a->held += bytes;
    pthread_mutex_unlock(&a->lock);
}

void quota_removed(struct quota_account *a, uint64_t bytes)
{
    pthread_mutex_lock(&a->lock);
    a->changes++;
    a->held -= bytes < a->held ? bytes : a->held;
    pthread_mutex_unlock(&a->lock);
}

static struct quota_account *next_account(struct quota *quota, const struct quota_account *a)
{
    pthread_mutex_lock(&quota->lock);
    struct quota_account *next = a ? a->next : quota->accounts;
    pthread_mutex_unlock(&quota->lock);
    return next;
}

void quota_recount(struct quota *quota, int64_t now_ns)
{
    for (struct quota_account *a = NULL; (a = next_account(quota, a));) {
        pthread_mutex_lock(&a->lock);
        int64_t rest_ns = a->asked ? REST_NS + REST_TIMES * a->took_ns : RECOUNT_NS;
        bool wanted = a->limit && a->reserved == 0 && now_ns - a->counted_ns > rest_ns;
        pthread_mutex_unlock(&a->lock);
        if (wanted)
            count(quota, a);
    }
}

void quota_each(struct quota *quota, void (*visit)(void *context, const struct quota_figures *figures),
                void *context)
{
    for (struct quota_account *a = NULL; (a = next_account(quota, a));) {
        if (!a->limit)
            continue;
        pthread_mutex_lock(&a->lock);
        struct quota_figures figures = {a->name, a->held, a->reserved, a->limit};
        pthread_mutex_unlock(&a->lock);
        visit(context, &figures);
    }
}
