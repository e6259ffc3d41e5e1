/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/decoys.h"
#include "sensor/watch.h"

#define READ_SIZE   65536
#define EVENT_SIZE  4096 /* two names of 255 bytes, three handles of 128, and their heads are less */
#define VOLUMES_MAX 64
#define TICK_NS     NS_PER_SECOND
#define EXPIRY_NS   (30 * NS_PER_SECOND)

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(clock_system.self);
}

/* ---- events ---- */

struct stamp watch_stamp(const struct notify *n, const struct row *row)
{
    return (struct stamp){.device = n->mounts[row->mount].device,
                          .inode = row->inode,
                          .size = row->size,
                          .mtime_ns = row->mtime_ns,
                          .ctime_ns = row->ctime_ns};
}

struct stamp watch_key(const struct notify *n, const struct row *row)
{
    return row->flags & ROW_FOLDER ? kept_folder_stamp(n->mounts[row->mount].device, row->inode)
                                   : watch_stamp(n, row);
}

bool watch_begin(struct notify *n, enum event_kind kind, uint32_t flags, uint32_t node, const char *name)
{
    struct event *e = &n->event;
    memset(e, 0, offsetof(struct event, path));
    memset(&e->before, 0, sizeof *e - offsetof(struct event, before));
    e->new_path[0] = '\0';
    e->kind = kind;
    e->flags = flags;
    e->tree = catalog_tree_of(n->catalog, node);
    return catalog_path(n->catalog, node, name, e->path, sizeof e->path);
}

static void find_actor(struct notify *n, int32_t pid, const struct before *before, struct actor *out)
{
    procs_look(n->s->procs, pid, out);
    if (before && before->pid != 0) {
        if (out->start == 0 && before->pid != pid) /* closed by somebody who is gone: blame the opener */
            procs_look(n->s->procs, before->pid, out);
        if (out->pid == before->pid)
            out->uid = before->uid;
    }
}

void watch_emit(struct notify *n, int32_t pid, const struct before *before)
{
    struct event *e = &n->event;
    if (pid != 0 && room_is_own(n->s, pid))
        return;
    if (pid != 0)
        find_actor(n, pid, before, &e->actor);
    e->sequence = ++n->sequence;
    e->time_ns = clock_system.wall_ns(clock_system.self);
    e->monotonic_ns = now_ns();
    atomic_store(&n->s->events, e->sequence);
    n->s->ops.event(e, n->s->self);
}

/* ---- file systems ---- */

/* A group that takes marks on this folder. One is not always enough for a file system: a btrfs subvolume has
 * an fsid of its own, and a group that holds marks of one such fsid refuses those of others (EXDEV). */
static int find_volume(struct notify *n, int folder_fd, uint64_t identity)
{
    bool seen = false, whole = false;
    for (size_t i = 0; i < n->volume_count; i++) {
        if (n->volumes[i].identity != identity)
            continue;
        seen = true;
        whole = whole || n->volumes[i].whole;
        if (volume_mark_folder(&n->volumes[i], folder_fd) == 0)
            return (int)i;
    }
    if (n->volume_count == VOLUMES_MAX)
        return err_set(ERR_TOO_LARGE, _("more than %d file systems in the protected folders"), VOLUMES_MAX);
    struct volume v;
    int fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(_("cannot open a folder"));
    enum volume_scope scope = whole ? VOLUME_SIZES : seen ? VOLUME_FOLDERS : VOLUME_WHOLE;
    int rc = volume_open(fd, identity, scope, n->s->small_queue, &v);
    if (rc != 0) {
        fd_close(&fd);
        return rc;
    }
    n->volumes = mem_resize(n->volumes, n->volume_count + 1, sizeof *n->volumes);
    n->volumes[n->volume_count] = v;
    return (int)n->volume_count++;
}

int watch_mount(struct notify *n, int folder_fd, const struct stat *st)
{
    for (size_t i = 0; i < n->mount_count; i++)
        if (n->mounts[i].device == st->st_dev)
            return (int)i;
    int volume = find_volume(n, folder_fd, volume_identity(folder_fd, st));
    if (volume < 0)
        return volume;
    if (n->mount_count == UINT16_MAX)
        return err_set(ERR_TOO_LARGE, _("too many devices in the protected folders"));
    n->mounts = mem_resize(n->mounts, n->mount_count + 1, sizeof *n->mounts);
    n->mounts[n->mount_count] = (struct mount){st->st_dev, (uint16_t)volume};
    return (int)n->mount_count++;
}

static void say_blind(struct sensor *s, const char *text)
{
    size_t length = strlen(s->blind_to);
    snprintf(s->blind_to + length, sizeof s->blind_to - length, "%s%s", length ? "; " : "", text);
}

static int open_trees(struct notify *n)
{
    bool whole = true, targets = true;
    for (size_t i = 0; i < n->s->tree_count; i++) {
        struct stat st;
        uint64_t handle;
        struct room_tree *tree = &n->s->trees[i];
        if (fstat(tree->fd, &st) != 0)
            return err_sys(_("cannot look at %s"), tree->path);
        int mount = watch_mount(n, tree->fd, &st);
        if (mount < 0)
            return err_in(mount, "%s", tree->path);
        struct volume *v = &n->volumes[n->mounts[mount].volume];
        if (!volume_find_handle(v, tree->fd, "", &handle))
            return err_sys(_("%s: this file system has no file handles"), tree->path);
        catalog_add_root(n->catalog, (uint32_t)i, handle);
        whole = whole && (v->whole || v->sizes_only);
        targets = targets && v->has_targets;
    }
    if (!whole)
        say_blind(n->s, _("writes through hard links outside the protected folders"));
    if (!targets)
        say_blind(n->s, _("what a file was when it is renamed again at once (Linux 5.17 can tell)"));
    return 0;
}

/* ---- questions ---- */

static void wake_up(struct notify *n)
{
    uint64_t one = 1;
    if (write(n->wake, &one, sizeof one) < 0)
        abort(); /* cannot be full */
}

void notify_sync(struct notify *n, uint64_t token, const struct actor *actor)
{
    pthread_mutex_lock(&n->lock);
    if (n->question_count == n->question_capacity) {
        n->question_capacity = n->question_capacity ? n->question_capacity * 2 : 16;
        n->questions = mem_resize(n->questions, n->question_capacity, sizeof *n->questions);
    }
    n->questions[n->question_count++] = (struct question){token, *actor};
    pthread_mutex_unlock(&n->lock);
    wake_up(n);
}

void notify_flush(struct notify *n, const struct actor *who)
{
    pthread_mutex_lock(&n->lock);
    uint64_t number = ++n->flushes_asked;
    pthread_mutex_unlock(&n->lock);
    notify_sync(n, 0, who);
    pthread_mutex_lock(&n->lock);
    while (n->flushes_done < number && !atomic_load(&n->ending))
        pthread_cond_wait(&n->flushed, &n->lock);
    pthread_mutex_unlock(&n->lock);
}

static void answer_question(struct notify *n, const struct question *question)
{
    if (question->token != 0) {
        n->s->ops.sync(question->token, n->sequence, &question->actor, n->s->self);
        return;
    }
    contents_flush_open(n, &question->actor);
    pthread_mutex_lock(&n->lock);
    n->flushes_done++;
    pthread_cond_broadcast(&n->flushed);
    pthread_mutex_unlock(&n->lock);
}

/* Takes the questions that are there now; what the kernel has queued must be read after this. */
static size_t take_questions(struct notify *n, struct question **out)
{
    uint64_t count;
    if (read(n->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        return 0;
    pthread_mutex_lock(&n->lock);
    size_t taken = n->question_count;
    *out = n->questions;
    n->questions = NULL;
    n->question_count = n->question_capacity = 0;
    pthread_mutex_unlock(&n->lock);
    return taken;
}

void notify_listed(struct notify *n, uint32_t tree)
{
    if (!atomic_exchange(&n->s->trees[tree].listed, true))
        wake_up(n);
}

/* ---- the loop ---- */

static void take_event(struct notify *n, size_t volume, const struct fanotify_event_metadata *event)
{
    if (event->mask & FAN_Q_OVERFLOW) {
        atomic_fetch_add(&n->s->dropped, 1);
        n->rescan_wanted = true;
    } else {
        changes_handle(n, &n->volumes[volume], event);
    }
}

/* Events lie in the buffer at multiples of four, but are structs of eight: each is moved to a place of its
 * own first. */
static void read_volume(struct notify *n, size_t volume)
{
    static _Thread_local char space[READ_SIZE];
    static _Thread_local char one[EVENT_SIZE] __attribute__((aligned(8)));
    for (ssize_t got; (got = read(n->volumes[volume].fan, space, sizeof space)) > 0;) {
        for (size_t at = 0; (size_t)got - at >= sizeof(struct fanotify_event_metadata);) {
            uint32_t length;
            memcpy(&length, space + at, sizeof length);
            if (length < sizeof(struct fanotify_event_metadata) || length > (size_t)got - at)
                break;
            if (length <= sizeof one) {
                memcpy(one, space + at, length);
                take_event(n, volume, (const void *)one);
            }
            at += length;
        }
    }
}

static void drain(struct notify *n)
{
    struct question *questions = NULL;
    size_t count = take_questions(n, &questions);
    for (size_t i = 0; i < n->volume_count; i++)
        read_volume(n, i);
    changes_flush(n);
    for (size_t i = 0; i < count; i++)
        answer_question(n, &questions[i]);
    free(questions);
    for (uint32_t i = 0; i < n->s->tree_count; i++)
        atomic_store(&n->s->trees[i].files, catalog_files(n->catalog, i));
}

static void scan_done(struct notify *n)
{
    if (!n->first_scan_done) {
        n->first_scan_done = true;
        for (uint32_t i = 0; i < n->s->tree_count; i++)
            if (n->s->trees[i].decoys)
                decoys_place(n->s->trees[i].fd);
        drain(n);
        atomic_store(&n->s->ready, true);
    }
    for (uint32_t i = 0; i < n->s->tree_count; i++)
        if (!n->settled[i] && atomic_load(&n->s->trees[i].listed)) {
            n->settled[i] = true;
            settle_tree(n, i);
        }
    if (n->rescan_wanted) {
        n->rescan_wanted = false;
        atomic_fetch_add(&n->s->rescans, 1);
        scan_trees(n, true);
    }
}

static void tick(struct notify *n, int64_t now)
{
    if (now < n->next_tick_ns)
        return;
    n->next_tick_ns = now + TICK_NS;
    ring_expire(n->s->ring, now);
    hot_expire(n->s->hot, now);
    if (now >= n->next_expiry_ns) {
        n->next_expiry_ns = now + EXPIRY_NS;
        store_expire(n->s->store, clock_system.wall_ns(clock_system.self));
    }
}

static void *run(void *self)
{
    struct notify *n = self;
    struct pollfd polled[VOLUMES_MAX + 1];
    room_enter_thread(n->s, "notify");
    scan_trees(n, false);
    while (!atomic_load(&n->ending)) {
        bool scanning = scan_step(n);
        int64_t now = now_ns(), next;
        tick(n, now);
        next = settle_tick(n, now);
        if (!scanning)
            scan_done(n);
        if (n->next_tick_ns < next)
            next = n->next_tick_ns;
        for (size_t i = 0; i < n->volume_count; i++)
            polled[i] = (struct pollfd){.fd = n->volumes[i].fan, .events = POLLIN};
        polled[n->volume_count] = (struct pollfd){.fd = n->wake, .events = POLLIN};
        int wait = scanning || n->scan_count > 0 || next <= now ? 0 : (int)((next - now) / NS_PER_MS) + 1;
        if (poll(polled, n->volume_count + 1, wait) > 0)
            drain(n);
    }
    return NULL;
}

static void release(struct notify *n)
{
    settle_stop(n->settle);
    for (size_t i = 0; i < n->volume_count; i++) {
        volume_close(&n->volumes[i]);
        close(n->volumes[i].folder_fd);
    }
    fd_close(&n->wake);
    pthread_mutex_destroy(&n->lock);
    pthread_cond_destroy(&n->flushed);
    catalog_free(n->catalog);
    free(n->volumes);
    free(n->mounts);
    free(n->to_scan);
    free(n->questions);
    free(n->settled);
    free(n);
}

int notify_start(struct sensor *s, struct notify **out)
{
    struct notify *n = mem_zalloc(1, sizeof *n);
    *n = (struct notify){.s = s, .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .moved_row = CATALOG_NONE};
    pthread_mutex_init(&n->lock, NULL);
    pthread_cond_init(&n->flushed, NULL);
    n->catalog = catalog_new();
    n->settled = mem_zalloc(s->tree_count, sizeof *n->settled);
    int rc = n->wake < 0 ? err_sys(_("cannot make an event descriptor")) : open_trees(n);
    if (rc == 0 && !(n->settle = settle_start(s)))
        rc = err_sys(_("cannot start a thread"));
    if (rc != 0)
        release(n);
    else
        *out = n;
    return rc;
}

int notify_run(struct notify *n)
{
    errno = pthread_create(&n->thread, NULL, run, n);
    if (errno == 0)
        return 0;
    n->thread = 0;
    return err_sys(_("cannot start a thread"));
}

void notify_stop(struct notify *n)
{
    if (!n)
        return;
    atomic_store(&n->ending, true);
    wake_up(n);
    if (n->thread)
        pthread_join(n->thread, NULL);
    release(n);
}
