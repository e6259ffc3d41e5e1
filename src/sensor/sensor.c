/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/gate.h"
#include "sensor/held.h"
#include "sensor/notify.h"
#include "sensor/room.h"

#define HELD_FOLDER "held"
#define RING_MOST   8192

/* As many descriptors as we may have: each kept file and each waiting opener needs one, and when there is
 * none the kernel refuses the opener. Returns how many. */
static size_t raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    struct rlimit wanted = {.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        limit = wanted;
    return limit.rlim_cur > 1u << 20 ? 1u << 20 : (size_t)limit.rlim_cur;
}

static int open_tree(const struct sensor_tree *from, struct room_tree *tree)
{
    struct stat st;
    tree->path = mem_strdup(from->path);
    tree->path_length = strlen(from->path);
    while (tree->path_length > 1 && tree->path[tree->path_length - 1] == '/')
        tree->path[--tree->path_length] = '\0';
    if (strcmp(tree->path, "/") == 0)
        tree->path_length = 0;
    tree->decoys = from->decoys;
    tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree->fd < 0 || fstat(tree->fd, &st) != 0)
        return err_sys(_("cannot open the protected folder %s"), tree->path);
    tree->device = st.st_dev;
    return 0;
}

static int open_held(int state_fd)
{
    if (mkdirat(state_fd, HELD_FOLDER, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), HELD_FOLDER);
    int fd = openat(state_fd, HELD_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), HELD_FOLDER) : fd;
}

static void release(struct sensor *s)
{
    store_close(s->store);
    ring_free(s->ring);
    writers_free(s->writers);
    hot_free(s->hot);
    suspects_free(s->suspects);
    procs_free(s->procs);
    kept_free(s->kept);
    fd_close(&s->held_fd);
    for (size_t i = 0; i < s->tree_count; i++) {
        fd_close(&s->trees[i].fd);
        free(s->trees[i].path);
    }
    free(s->trees);
    free(s);
}

static int open_parts(struct sensor *s, const struct sensor_options *options)
{
    struct store_options store = {.state_fd = options->state_fd,
                                  .quota = options->shadow_quota,
                                  .largest = options->shadow_largest,
                                  .keep_ns = options->shadow_keep_ns};
    size_t descriptors = raise_limit();
    for (size_t i = 0; i < options->tree_count; i++) {
        int rc = open_tree(&options->trees[i], &s->trees[i]);
        if (rc != 0)
            return rc;
    }
    s->held_fd = open_held(options->state_fd);
    if (s->held_fd < 0)
        return s->held_fd;
    s->kept = kept_new(options->tree_count);
    s->ring = ring_new(descriptors / 3 < RING_MOST ? descriptors / 3 : RING_MOST);
    s->writers = writers_new();
    s->suspects = suspects_new();
    s->hot = hot_new(s->suspects);
    s->procs = procs_new();
    return store_open(&store, s->kept, &s->store);
}

static int start_parts(struct sensor *s)
{
    int rc = notify_start(s, &s->notify);
    if (rc != 0)
        return rc;
    rc = gate_start(s, &s->gate);
    if (rc == ERR_UNSUPPORTED) {
        size_t length = strlen(s->blind_to);
        snprintf(s->blind_to + length, sizeof s->blind_to - length, "%s%s", length ? "; " : "",
                 _("the opening of files: nothing is copied before it is changed, and nobody is held"));
        rc = 0;
    }
    return rc == 0 ? notify_run(s->notify) : rc;
}

int sensor_start(const struct sensor_options *options, const struct sensor_ops *ops, void *self,
                 struct sensor **out)
{
    if (options->tree_count == 0)
        return err_set(ERR_INVALID, _("no folder to protect"));
    struct sensor *s = mem_zalloc(1, sizeof *s);
    s->ops = *ops;
    s->self = self;
    s->may_hold = options->may_hold;
    s->small_queue = options->small_queue;
    s->pulse = options->pulse;
    s->held_fd = -1;
    s->trees = mem_zalloc(options->tree_count, sizeof *s->trees);
    s->tree_count = options->tree_count;
    for (size_t i = 0; i < options->tree_count; i++)
        s->trees[i].fd = -1;
    sensor_own_pid(s, (int32_t)getpid(), true);
    for (size_t i = 0; i < options->own_pid_count; i++)
        sensor_own_pid(s, options->own_pids[i], true);
    int rc = open_parts(s, options);
    if (rc == 0)
        rc = start_parts(s);
    if (rc != 0) {
        gate_stop(s->gate);
        notify_stop(s->notify);
        gate_free(s->gate);
        release(s);
        return rc;
    }
    *out = s;
    return 0;
}

void sensor_stop(struct sensor *s)
{
    if (!s)
        return;
    gate_stop(s->gate);
    notify_stop(s->notify); /* it may still mark folders */
    gate_free(s->gate);
    release(s);
}

void sensor_own_pid(struct sensor *s, int32_t pid, bool own)
{
    for (size_t i = 0; own && i < ROOM_OWN_MAX; i++)
        if (atomic_load(&s->own[i]) == pid)
            return;
    for (size_t i = 0; i < ROOM_OWN_MAX; i++) {
        int expected = own ? 0 : pid;
        if (atomic_compare_exchange_strong(&s->own[i], &expected, own ? pid : 0))
            return;
    }
}

void sensor_synced(struct sensor *s, uint64_t token, bool deny)
{
    gate_synced(s->gate, token, deny);
}

void sensor_watch(struct sensor *s, enum scope scope, const struct actor *who, uint32_t tree, bool on)
{
    suspects_watch(s->suspects, scope, who, tree, on);
    if (on)
        hot_cool(s->hot);
}

void sensor_condemn(struct sensor *s, const struct actor *who, bool on)
{
    suspects_condemn(s->suspects, who, on);
    if (on)
        hot_cool(s->hot);
}

void sensor_flush(struct sensor *s, const struct actor *who)
{
    notify_flush(s->notify, who);
}

struct held_target {
    struct sensor *s;
    uint32_t tree;
};

static void add_held(const struct held_record *record, void *self)
{
    const struct held_target *target = self;
    struct stamp stamp = {record->device, record->inode, record->size, record->mtime_ns, record->ctime_ns};
    kept_add_held(target->s->kept, target->tree, &stamp);
}

static void ignore_record(const struct held_record *record, void *self)
{
    (void)record;
    (void)self;
}

int sensor_held(struct sensor *s, uint32_t tree, uint64_t snapshot, const char *name)
{
    struct held_target target = {s, tree};
    uint64_t written;
    if (tree >= s->tree_count)
        return err_set(ERR_INVALID, _("no protected folder has the number %u"), tree);
    /* Read twice: only a whole list may push out what is known. */
    int rc = held_read(s->held_fd, name, tree, &written, ignore_record, NULL);
    if (rc == 0 && written != snapshot)
        rc = err_set(ERR_CORRUPT, _("the list of held files %s is of another snapshot"), name);
    if (rc != 0)
        return rc;
    kept_begin_snapshot(s->kept, tree, snapshot);
    rc = held_read(s->held_fd, name, tree, &written, add_held, &target);
    if (rc != 0)
        return rc;
    store_snapshot(s->store, tree, clock_system.wall_ns(clock_system.self));
    notify_listed(s->notify, tree);
    return 0;
}

uint32_t sensor_files(struct sensor *s, uint32_t tree)
{
    return tree < s->tree_count ? atomic_load(&s->trees[tree].files) : 0;
}

void sensor_get_state(struct sensor *s, struct sensor_state *out)
{
    struct store_state store;
    store_get_state(s->store, &store);
    *out = (struct sensor_state){
        .events = atomic_load(&s->events),
        .dropped = atomic_load(&s->dropped),
        .rescans = atomic_load(&s->rescans),
        .gate_p99_ns = s->gate ? gate_p99_ns(s->gate) : 0,
        .shadow_bytes = store.bytes,
        .shadow_files = store.files,
        .unkept = store.unkept,
        .ready = atomic_load(&s->ready),
        .gate = s->gate != NULL,
    };
    for (size_t i = 0; i < s->tree_count; i++)
        out->files += atomic_load(&s->trees[i].files);
    const char *full = store.full ? _("older versions: the disk of the state folder is full") : "";
    memcpy(out->blind_to, s->blind_to, sizeof out->blind_to);
    size_t length = strlen(out->blind_to), more = strlen(full);
    if (more > 0 && length + more + 3 <= sizeof out->blind_to) {
        memcpy(out->blind_to + length, length ? "; " : "", length ? 2 : 0);
        memcpy(out->blind_to + length + (length ? 2 : 0), full, more + 1);
    }
}
