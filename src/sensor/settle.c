/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Part of watch.h: copies of what was created or changed, soon after it was closed, because deleting and
 * cutting by path ask nobody. The notification thread decides what is due (smallest first, so many bytes per
 * second); one background thread copies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "sensor/watch.h"

#define DELAY_NS         (250 * NS_PER_MS) /* a file that is written again at once is copied once */
#define META_DELAY_NS    (2 * DELAY_NS)    /* behind the copy, which has the metadata too */
#define RETRY_NS         (50 * NS_PER_MS)
#define BYTES_PER_SECOND ((uint64_t)200 << 20)
#define WAITING_MAX      65536 /* files that are due later; beyond, a change is only counted */
#define HANDED_MAX       64

struct due {
    uint32_t row;
    uint64_t device, inode, size;
    int64_t at_ns;
    enum what {
        COPY,  /* unless a copy is there */
        AGAIN, /* even then */
        META,  /* the metadata alone */
    } what;
};

struct handed {
    int fd;
    enum what what;
    uint32_t tree;
    char *path;
};

struct settle {
    struct sensor *s;
    /* Notification thread: */
    struct due *waiting;
    size_t count, capacity;
    int64_t second_ns; /* when the budget was last filled */
    uint64_t budget;
    /* Both threads: */
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t arrived;
    struct handed handed[HANDED_MAX];
    size_t first, handed_count;
    bool ending;
    pthread_t thread;
};

/* ---- background thread ---- */

static void copy(struct settle *t, struct handed *job)
{
    struct version version;
    struct store_source source = {.fd = job->fd, .tree = job->tree, .path = job->path};
    if (job->what == META)
        store_keep_meta(t->s->store, &source);
    else
        store_copy(t->s->store, &source, &t->ending, &version);
    /* Keeps the descriptor a little longer: the file may be deleted and its version looked for while the
     * deletion is on its way to us. */
    close(job->fd);
    free(job->path);
}

static void *run(void *self)
{
    struct settle *t = self;
    room_enter_thread(t->s, "settle");
    pthread_mutex_lock(&t->lock);
    while (!t->ending) {
        if (t->handed_count == 0) {
            pthread_cond_wait(&t->arrived, &t->lock);
            continue;
        }
        struct handed job = t->handed[t->first];
        t->first = (t->first + 1) % HANDED_MAX;
        t->handed_count--;
        pthread_mutex_unlock(&t->lock);
        copy(t, &job);
        pthread_mutex_lock(&t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

struct settle *settle_start(struct sensor *s)
{
    struct settle *t = mem_zalloc(1, sizeof *t);
    t->s = s;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->arrived, NULL);
    errno = pthread_create(&t->thread, NULL, run, t);
    if (errno == 0)
        return t;
    free(t);
    return NULL;
}

void settle_stop(struct settle *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    __atomic_store_n(&t->ending, true, __ATOMIC_RELAXED);
    pthread_cond_signal(&t->arrived);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    for (; t->handed_count > 0; t->handed_count--) {
        close(t->handed[t->first].fd);
        free(t->handed[t->first].path);
        t->first = (t->first + 1) % HANDED_MAX;
    }
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->arrived);
    free(t->waiting);
    free(t);
}

/* Takes fd and path over; false when the background thread has enough to do. */
static bool hand_over(struct settle *t, int fd, enum what what, uint32_t tree, const char *path)
{
    pthread_mutex_lock(&t->lock);
    bool room = t->handed_count < HANDED_MAX;
    if (room) {
        t->handed[(t->first + t->handed_count++) % HANDED_MAX] =
            (struct handed){.fd = fd, .what = what, .tree = tree, .path = mem_strdup(path)};
        pthread_cond_signal(&t->arrived);
    }
    pthread_mutex_unlock(&t->lock);
    return room;
}

/* ---- notification thread ---- */

static void add(struct notify *n, uint32_t number, int fd, int64_t delay_ns, enum what what)
{
    struct settle *t = n->settle;
    const struct row *row = catalog_row(n->catalog, number);
    struct stamp stamp = watch_key(n, row);
    struct version known;
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    if (row->flags & (ROW_SYMLINK | ROW_SPECIAL | ROW_DECOY) ||
        (what == COPY && kept_find(n->s->kept, &stamp, &known))) {
        fd_close(&fd);
        return;
    }
    if (fd >= 0)
        ring_put(n->s->ring, fd, &stamp, now);
    if (t->count == WAITING_MAX) {
        store_count_unkept(n->s->store);
        return;
    }
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 64;
        t->waiting = mem_resize(t->waiting, t->capacity, sizeof *t->waiting);
    }
    t->waiting[t->count++] =
        (struct due){number, stamp.device, stamp.inode, stamp.size, now + delay_ns, what};
}

void settle_add(struct notify *n, uint32_t number, int fd)
{
    add(n, number, fd, DELAY_NS, COPY);
}

void settle_folder(struct notify *n, uint32_t number)
{
    add(n, number, -1, DELAY_NS, AGAIN);
}

void settle_meta(struct notify *n, uint32_t number)
{
    struct settle *t = n->settle;
    const struct due *last = t->count > 0 ? &t->waiting[t->count - 1] : NULL;
    /* chmod, chown, setfacl: one after the other on one file. */
    if (!last || last->row != number || last->what != META)
        add(n, number, -1, META_DELAY_NS, META);
}

void settle_tree(struct notify *n, uint32_t tree)
{
    for (uint32_t i = 0; i < catalog_row_end(n->catalog); i++) {
        const struct row *row = catalog_row(n->catalog, i);
        if (row->name && catalog_tree_of(n->catalog, row->parent) == tree)
            add(n, i, -1, 0, COPY);
    }
}

void settle_link(struct notify *n, uint32_t number, int fd)
{
    const struct row *row = catalog_row(n->catalog, number);
    struct version version;
    char path[PATH_MAX];
    if (!catalog_path(n->catalog, row->parent, row->name, path, sizeof path))
        return;
    struct store_source source = {
        .fd = fd, .link = "", .tree = catalog_tree_of(n->catalog, row->parent), .path = path};
    store_copy(n->s->store, &source, NULL, &version);
}

/* Opens the file that is due, by its present name. */
static int open_due(struct notify *n, const struct due *due, char *path)
{
    struct stat st;
    const struct row *row = catalog_row(n->catalog, due->row);
    if (!row->name || row->inode != due->inode ||
        !catalog_path(n->catalog, row->parent, row->name, path, PATH_MAX))
        return -1;
    int tree = n->s->trees[catalog_tree_of(n->catalog, row->parent)].fd;
    int fd FD_AUTO =
        path_open_beneath(tree, path, O_RDONLY | O_NONBLOCK | O_NOATIME | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_ino != due->inode || st.st_dev != due->device ||
        !(row->flags & ROW_FOLDER ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode)))
        return -1;
    struct stamp stamp = row->flags & ROW_FOLDER ? watch_key(n, row) : kept_stamp(&st);
    struct version known;
    return due->what == COPY && kept_find(n->s->kept, &stamp, &known) ? -1 : fd_take(&fd);
}

/* False when it has to wait (nobody to do it, or the second's bytes are spent). */
static bool do_due(struct notify *n, const struct due *due)
{
    struct settle *t = n->settle;
    char path[PATH_MAX];
    if (due->what != META && due->size > t->budget && t->budget < BYTES_PER_SECOND)
        return false;
    int fd = open_due(n, due, path);
    if (fd < 0)
        return true;
    uint32_t tree = catalog_tree_of(n->catalog, catalog_row(n->catalog, due->row)->parent);
    if (!hand_over(t, fd, due->what, tree, path)) {
        close(fd);
        return false;
    }
    if (due->what != META)
        t->budget -= due->size < t->budget ? due->size : t->budget;
    return true;
}

static int by_size(const void *a, const void *b)
{
    const struct due *left = a, *right = b;
    return left->size < right->size ? -1 : left->size > right->size;
}

int64_t settle_tick(struct notify *n, int64_t now_ns)
{
    struct settle *t = n->settle;
    size_t left = 0;
    int64_t next = INT64_MAX;
    bool busy = false;
    if (t->count == 0)
        return next;
    if (now_ns - t->second_ns >= NS_PER_SECOND) {
        t->second_ns = now_ns;
        t->budget = BYTES_PER_SECOND;
    }
    qsort(t->waiting, t->count, sizeof *t->waiting, by_size);
    for (size_t i = 0; i < t->count; i++) {
        struct due *due = &t->waiting[i];
        bool ripe = due->at_ns <= now_ns;
        if (ripe && !busy && do_due(n, due))
            continue;
        busy = busy || ripe;
        if (!ripe && due->at_ns < next)
            next = due->at_ns;
        t->waiting[left++] = *due;
    }
    t->count = left;
    return busy ? now_ns + RETRY_NS : next;
}
