/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/lock.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/gojson.h"
#include "vault/jsonread.h"

#define MAX_LOCK_FILE ((size_t)1 << 20)
#define RETRY_NS      (2 * NS_PER_SECOND)
#define SHOWN_LATE_NS (200 * NS_PER_MS)

struct lock {
    const struct vault *vault;
    bool exclusive;
    char name[VAULT_ID_TEXT];
    pthread_t refresher;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ending;
};

static void copy_text(struct buf *scratch, char *out, size_t size)
{
    size_t length = scratch->length < size - 1 ? scratch->length : size - 1;
    if (length)
        memcpy(out, scratch->data, length);
    out[length] = '\0';
}

int lock_decode(const void *bytes, size_t length, struct lock_file *out)
{
    struct buf scratch BUF_AUTO;
    struct jsonread j;
    struct jsonread_key key;
    buf_init(&scratch, 65536);
    *out = (struct lock_file){0};
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (jsonread_is(key, "time")) {
            jsonread_string(&j, &scratch);
            if (!gojson_time(buf_string(&scratch), scratch.length, &out->time_ns))
                j.failed = true;
        } else if (jsonread_is(key, "exclusive"))
            out->exclusive = jsonread_bool(&j);
        else if (jsonread_is(key, "pid"))
            out->pid = jsonread_i64(&j);
        else if (jsonread_is(key, "hostname")) {
            jsonread_string(&j, &scratch);
            copy_text(&scratch, out->hostname, sizeof out->hostname);
        } else if (jsonread_is(key, "username")) {
            jsonread_string(&j, &scratch);
            copy_text(&scratch, out->username, sizeof out->username);
        } else
            jsonread_skip(&j);
    }
    return jsonread_done(&j) ? 0 : err_set(ERR_CORRUPT, _("the lock file is malformed"));
}

bool lock_is_stale(const struct lock_file *file, int64_t now_ns, const char *hostname)
{
    if (now_ns - file->time_ns > LOCK_STALE_SECONDS * NS_PER_SECOND)
        return true;
    if (strcmp(file->hostname, hostname) != 0 || file->pid <= 0 || file->pid > INT_MAX)
        return false;
    return kill((pid_t)file->pid, 0) != 0 && errno == ESRCH;
}

static void own_hostname(char out[static HOST_NAME_MAX + 1])
{
    out[0] = out[HOST_NAME_MAX] = '\0';
    gethostname(out, HOST_NAME_MAX);
}

bool lock_is_stale_here(const struct lock_file *file)
{
    char host[HOST_NAME_MAX + 1];
    own_hostname(host);
    return lock_is_stale(file, clock_system.wall_ns(clock_system.self), host);
}

int lock_read(const struct vault *vault, const char *name, struct lock_file *out)
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_LOCK_FILE);
    int err = vault_load_file(vault, BLOB_LOCK, name, &plain);
    return err ? err : lock_decode(plain.data, plain.length, out);
}

static void encode(bool exclusive, struct buf *out)
{
    char host[HOST_NAME_MAX + 1];
    own_hostname(host);
    const struct passwd *user = getpwuid(geteuid());
    buf_printf(out, "{\"time\":");
    gojson_put_time(out, clock_system.wall_ns(clock_system.self));
    buf_printf(out, ",\"exclusive\":%s,\"hostname\":", exclusive ? "true" : "false");
    gojson_put_text(out, host);
    buf_printf(out, ",\"username\":");
    gojson_put_text(out, user ? user->pw_name : "");
    buf_printf(out, ",\"pid\":%d", (int)getpid());
    if (geteuid())
        buf_printf(out, ",\"uid\":%u", geteuid());
    if (getegid())
        buf_printf(out, ",\"gid\":%u", getegid());
    buf_printf(out, "}");
}

static int write_lock(const struct vault *vault, bool exclusive, char name[static VAULT_ID_TEXT])
{
    struct buf plain BUF_AUTO;
    buf_init(&plain, MAX_LOCK_FILE);
    encode(exclusive, &plain);
    return vault_save_file(vault, BLOB_LOCK, plain.data, plain.length, name);
}

struct look {
    const struct vault *vault;
    bool exclusive; /* what is wanted */
    const char *own;
};

static int refuse(const struct vault *vault, const struct lock_file *file)
{
    struct buf since BUF_AUTO;
    buf_init(&since, 64);
    gojson_put_time_text(&since, file->time_ns);
    return err_hint(err_set(ERR_LOCKED,
                            _("the repository %s is locked by %s on %s (process %lld, %s, since %s)"),
                            vault_path(vault), file->username, file->hostname, (long long)file->pid,
                            file->exclusive ? _("exclusively") : _("for sharing"), buf_string(&since)),
                    _("wait until that is done; if that program is dead, the lock ends %d minutes after its "
                      "last sign of life, or "
                      "at once with: beffroi vault unlock -r %s --remove-all"),
                    LOCK_STALE_SECONDS / 60, vault_path(vault));
}

static int look_at(void *context, const char *name, uint64_t size)
{
    const struct look *look = context;
    if (size == 0 || (look->own && strcmp(name, look->own) == 0))
        return 0;
    struct lock_file file;
    int err = lock_read(look->vault, name, &file);
    if (err == ERR_NOT_FOUND)
        return 0; /* released meanwhile */
    if (err)
        return err_in(err, _("cannot tell who holds the lock %.10s"), name);
    if (lock_is_stale_here(&file)) {
        blob_remove_lock(vault_remover(look->vault), name);
        return 0;
    }
    return look->exclusive || file.exclusive ? refuse(look->vault, &file) : 0;
}

/* A refreshed lock is a new file; the old one goes once the new one stands. A failed refresh is tried again
 * at the next turn: the old lock holds for 30 minutes. */
static void refresh(struct lock *lock)
{
    char fresh[VAULT_ID_TEXT];
    if (write_lock(lock->vault, lock->exclusive, fresh) != 0)
        return;
    blob_remove_lock(vault_remover(lock->vault), lock->name);
    memcpy(lock->name, fresh, sizeof fresh);
}

static void *keep_fresh(void *context)
{
    struct lock *lock = context;
    pthread_mutex_lock(&lock->mutex);
    while (!lock->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOCK_REFRESH_SECONDS;
        int waited = 0;
        while (!lock->ending && waited != ETIMEDOUT)
            waited = pthread_cond_timedwait(&lock->wake, &lock->mutex, &until);
        if (!lock->ending)
            refresh(lock);
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

/* The thread takes no signals: they belong to whoever started the work. */
static int start_refresher(struct lock *lock)
{
    sigset_t all, before;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_cond_init(&lock->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&lock->refresher, NULL, keep_fresh, lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = failed;
    return failed ? err_sys(_("cannot start a thread")) : 0;
}

/* Look, write, look again: of two that write at the same time at least one sees the other. Restic pauses
 * before the second look, for stores that show a new file late; a local folder never does. */
static int try_once(const struct vault *vault, bool exclusive, struct lock **out)
{
    struct lock *lock = mem_zalloc(1, sizeof *lock);
    lock->vault = vault;
    lock->exclusive = exclusive;
    struct look look = {.vault = vault, .exclusive = exclusive};
    int err = blob_list(vault_reader(vault), BLOB_LOCK, look_at, &look);
    if (!err)
        err = write_lock(vault, exclusive, lock->name);
    if (err) {
        free(lock);
        return err_in(err, _("cannot lock the repository"));
    }
    look.own = lock->name;
    if (vault_connections(vault))
        nanosleep(&(struct timespec){.tv_nsec = SHOWN_LATE_NS}, NULL);
    err = blob_list(vault_reader(vault), BLOB_LOCK, look_at, &look);
    if (!err)
        err = start_refresher(lock);
    if (err) {
        blob_remove_lock(vault_remover(vault), lock->name);
        free(lock);
        return err_in(err, _("cannot lock the repository"));
    }
    *out = lock;
    return 0;
}

int lock_take(const struct vault *vault, bool exclusive, struct lock **out)
{
    int64_t end = clock_system.monotonic_ns(clock_system.self) + vault_patience(vault);
    int err;
    while ((err = try_once(vault, exclusive, out)) == ERR_LOCKED) {
        int64_t left = end - clock_system.monotonic_ns(clock_system.self);
        if (left <= 0)
            break;
        int64_t rest = left < RETRY_NS ? left : RETRY_NS;
        nanosleep(&(struct timespec){.tv_sec = rest / NS_PER_SECOND, .tv_nsec = rest % NS_PER_SECOND}, NULL);
    }
    return err;
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    pthread_mutex_lock(&lock->mutex);
    lock->ending = true;
    pthread_cond_signal(&lock->wake);
    pthread_mutex_unlock(&lock->mutex);
    pthread_join(lock->refresher, NULL);
    /* When the store is gone this fails as what was done before did, whose text matters. */
    char *text MEM_AUTO = mem_strdup(err_text()), *hint MEM_AUTO = mem_strdup(err_hint_text());
    if (blob_remove_lock(vault_remover(lock->vault), lock->name) != 0)
        err_hint(err_set(ERR_SYSTEM, "%s", text), "%s", hint);
    pthread_cond_destroy(&lock->wake);
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}
