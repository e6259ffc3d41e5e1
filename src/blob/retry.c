/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/retry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "blob/settings.h"

#define FIRST_PAUSE_NS (500 * NS_PER_MS)
#define MOST_PAUSE_NS  (60 * NS_PER_SECOND)
#define TOLD_AGAIN_NS  (60 * NS_PER_SECOND) /* a server that fails now and then is told of once a minute */

struct retry {
    struct blob_store *inner;
    pthread_mutex_t mutex; /* below */
    bool reached;          /* it has answered once */
    bool told;             /* somebody was told of the incident that goes on */
    int64_t failing_since; /* first failure since the last answer; 0: none */
    int64_t told_at;
};

/* One request, and how it goes. */
struct attempt {
    struct retry *retry;
    int64_t begun;
    unsigned failures;
};

bool retry_may_pass(int err)
{
    return err == ERR_CLOSED || err == ERR_TIMEOUT;
}

int64_t retry_pause_ns(unsigned failures, int64_t waited_ns, int64_t limit_ns, double chance)
{
    if (waited_ns >= limit_ns)
        return -1;
    int64_t pause = FIRST_PAUSE_NS;
    for (unsigned i = 1; i < failures && pause < MOST_PAUSE_NS; i++)
        pause *= 2;
    if (pause > MOST_PAUSE_NS)
        pause = MOST_PAUSE_NS;
    pause = (int64_t)((double)pause * (0.5 + chance / 2));
    /* The last attempt is made at the very end of the time. */
    return pause < limit_ns - waited_ns ? pause : limit_ns - waited_ns;
}

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(clock_system.self);
}

static double random_share(void)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return 0.5;
    return (double)number / (double)UINT32_MAX;
}

static void sleep_ns(int64_t pause)
{
    struct timespec left = {pause / NS_PER_SECOND, pause % NS_PER_SECOND};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* The store has answered, be it with a refusal. */
static void note_answer(struct retry *retry)
{
    pthread_mutex_lock(&retry->mutex);
    retry->reached = true;
    int64_t since = retry->failing_since;
    bool told = retry->told;
    retry->failing_since = 0;
    retry->told = false;
    pthread_mutex_unlock(&retry->mutex);
    if (since && told)
        log_warning(_("%s answers again, after %lld s"), retry->inner->where,
                    (long long)((now_ns() - since) / NS_PER_SECOND));
}

static void tell(int64_t limit)
{
    log_warning(_("%s; trying again, for %lld s at most"), err_text(), (long long)(limit / NS_PER_SECOND));
}

/* How long to wait, or -1. Tells somebody when this is the first that fails. */
static int64_t note_failure(struct attempt *attempt, int64_t limit)
{
    struct retry *retry = attempt->retry;
    int64_t now = now_ns();
    pthread_mutex_lock(&retry->mutex);
    if (!retry->failing_since)
        retry->failing_since = now;
    int64_t since = retry->failing_since < attempt->begun ? retry->failing_since : attempt->begun;
    bool reached = retry->reached;
    bool first = reached && !retry->told && (!retry->told_at || now - retry->told_at > TOLD_AGAIN_NS);
    if (first) {
        retry->told = true;
        retry->told_at = now;
    }
    pthread_mutex_unlock(&retry->mutex);
    int64_t pause = reached ? retry_pause_ns(++attempt->failures, now - since, limit, random_share()) : -1;
    if (first && pause >= 0)
        tell(limit);
    return pause;
}

/* What is to be done with the outcome of an attempt: true after a pause, if it is to be made once more. */
static bool again(struct attempt *attempt, int err)
{
    if (!retry_may_pass(err)) {
        note_answer(attempt->retry);
        return false;
    }
    int64_t pause = note_failure(attempt, blob_settings()->retry_ns);
    if (pause < 0)
        return false;
    sleep_ns(pause);
    return true;
}

static struct attempt begin(void *self)
{
    return (struct attempt){.retry = self, .begun = now_ns()};
}

/* ---- the operations ---- */

struct seen {
    uint8_t name[BLOB_NAME_LENGTH / 2];
    uint64_t size;
};
struct list {
    struct seen *items;
    size_t count, room;
};

static int collect(void *context, const char *name, uint64_t size)
{
    struct list *list = context;
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->items = mem_resize(list->items, list->room, sizeof *list->items);
    }
    struct seen *seen = &list->items[list->count++];
    seen->size = size;
    return hex_decode(name, seen->name, sizeof seen->name);
}

/* A list is read to its end before anybody is told of it: one that breaks off begins anew. */
static int retry_list(void *self, enum blob_kind kind, blob_visit *visit, void *context)
{
    struct attempt attempt = begin(self);
    struct list list = {0};
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do {
        list.count = 0;
        err = inner->ops->list(inner->self, kind, collect, &list);
    } while (again(&attempt, err));
    for (size_t i = 0; i < list.count && !err; i++) {
        char name[BLOB_NAME_LENGTH + 1];
        hex_encode(list.items[i].name, sizeof list.items[i].name, name);
        err = visit(context, name, list.items[i].size);
    }
    free(list.items);
    return err;
}

static int retry_size(void *self, enum blob_kind kind, const char *name, uint64_t *size)
{
    struct attempt attempt = begin(self);
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do
        err = inner->ops->size(inner->self, kind, name, size);
    while (again(&attempt, err));
    return err;
}

static int retry_read(void *self, enum blob_kind kind, const char *name, uint64_t offset, void *out,
                      size_t length)
{
    struct attempt attempt = begin(self);
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do
        err = inner->ops->read(inner->self, kind, name, offset, out, length);
    while (again(&attempt, err));
    return err;
}

static int retry_read_all(void *self, enum blob_kind kind, const char *name, struct buf *out)
{
    struct attempt attempt = begin(self);
    size_t before = out->length;
    int err;
    do {
        out->length = before;
        err = blob_read_all(blob_reader(attempt.retry->inner), kind, name, out);
    } while (again(&attempt, err));
    return err;
}

/* Whether the config that is there is the one that was written, by an attempt whose answer was lost. */
static bool is_ours(const struct blob_store *inner, const void *bytes, size_t length)
{
    uint64_t size;
    if (inner->ops->size(inner->self, BLOB_CONFIG, NULL, &size) != 0 || size != length)
        return false;
    void *there MEM_AUTO = mem_resize(NULL, length + 1, 1);
    return inner->ops->read(inner->self, BLOB_CONFIG, NULL, 0, there, length) == 0 &&
           memcmp(there, bytes, length) == 0;
}

static int retry_write(void *self, enum blob_kind kind, const char *name, const void *bytes, size_t length)
{
    struct attempt attempt = begin(self);
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do
        err = inner->ops->write(inner->self, kind, name, bytes, length);
    while (again(&attempt, err));
    if (err == ERR_EXISTS && kind == BLOB_CONFIG && attempt.failures && is_ours(inner, bytes, length))
        err = 0;
    return err;
}

static int retry_remove(void *self, enum blob_kind kind, const char *name)
{
    struct attempt attempt = begin(self);
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do
        err = inner->ops->remove(inner->self, kind, name);
    while (again(&attempt, err));
    return err;
}

static int retry_sweep(void *self)
{
    struct attempt attempt = begin(self);
    const struct blob_store *inner = attempt.retry->inner;
    int err;
    do
        err = inner->ops->sweep(inner->self);
    while (again(&attempt, err));
    return err;
}

static void retry_free(void *self)
{
    struct retry *retry = self;
    blob_close(retry->inner);
    pthread_mutex_destroy(&retry->mutex);
    free(retry);
}

static const struct blob_ops retry_ops = {.list = retry_list,
                                          .size = retry_size,
                                          .read = retry_read,
                                          .write = retry_write,
                                          .remove = retry_remove,
                                          .sweep = retry_sweep,
                                          .free = retry_free};

static const struct blob_more_ops retry_more = {.read_all = retry_read_all};

struct blob_store *retry_wrap(struct blob_store *inner)
{
    struct retry *retry = mem_zalloc(1, sizeof *retry);
    retry->inner = inner;
    pthread_mutex_init(&retry->mutex, NULL);
    struct blob_store *store = mem_zalloc(1, sizeof *store);
    *store = (struct blob_store){.ops = &retry_ops,
                                 .more = &retry_more,
                                 .self = retry,
                                 .where = mem_strdup(inner->where),
                                 .connections = inner->connections,
                                 .guard_ops = inner->guard_ops,
                                 .guard = inner->guard,
                                 .locks = inner->locks};
    return store;
}
