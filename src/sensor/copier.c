/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/copier.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/draw.h"
#include "sensor/notify.h"
#include "sensor/room.h"

struct copiers {
    struct sensor *s;
    struct jobs *jobs;
    size_t count;
    pthread_t threads[];
};

/* The thread group of a waiting thread. */
static int32_t group_of(int32_t tid)
{
    char text[1024];
    struct proc_status status;
    ssize_t got = procs_read(tid, "status", text, sizeof text);
    return got > 0 && procs_parse_status(text, (size_t)got, &status) ? status.tgid : tid;
}

/* Makes sure that the file's bytes exist a second time and draws them. */
static void keep(struct sensor *s, struct job *job, const struct stat *st, uint32_t tree, const char *path,
                 struct before *before)
{
    struct stamp stamp = kept_stamp(st);
    if (!kept_find(s->kept, &stamp, &before->version) && stamp.size > 0) {
        struct store_source source = {.fd = job->fd, .tree = tree, .path = path};
        struct version copied;
        int rc = store_copy(s->store, &source, &job->answered, &copied);
        if (rc == 0)
            before->version = copied;
        else if (rc == ERR_CHANGED)
            store_count_unkept(s->store);
    }
    __atomic_store_n(&job->in_copy, false, __ATOMIC_RELAXED);
    before->version.inode = stamp.inode;
    draw_sketch(job->fd, before->version.size, false, &before->sketch);
}

static void serve(struct copiers *c, struct job *job)
{
    struct sensor *s = c->s;
    struct stat st;
    struct actor actor;
    struct before before = {0};
    char path[PATH_MAX];
    uint32_t tree = 0;
    int32_t pid = group_of(job->tid);
    if (room_is_own(s, pid) || fstat(job->fd, &st) != 0) {
        jobs_done(c->jobs, job, true);
        return;
    }
    bool located = room_locate(s, job->fd, st.st_dev, &tree, path);
    procs_look(s->procs, pid, &actor);
    enum verdict verdict = suspects_ask(s->suspects, &actor, located ? tree : UINT32_MAX);
    job->stoppable = !actor.client[0];
    if (verdict == VERDICT_CONDEMNED && s->may_hold && !job->stoppable) {
        jobs_done(c->jobs, job, false);
        return;
    }
    before.pid = actor.pid;
    before.uid = actor.uid;
    keep(s, job, &st, tree, path, &before);
    writers_open(s->writers, st.st_dev, &before);
    uint64_t token = 0;
    if (verdict == VERDICT_QUIET || !s->may_hold)
        jobs_done(c->jobs, job, true);
    else if (verdict == VERDICT_CONDEMNED)
        jobs_hold_stopped(c->jobs, job, clock_system.monotonic_ns(clock_system.self));
    else
        token = jobs_hold(c->jobs, job, clock_system.monotonic_ns(clock_system.self));
    if (token != 0)
        notify_sync(s->notify, token, &actor);
}

static void *run(void *self)
{
    struct copiers *c = self;
    room_enter_thread(c->s, "copier");
    for (struct job *job; (job = jobs_next(c->jobs));)
        serve(c, job);
    return NULL;
}

int copiers_start(struct sensor *s, struct jobs *jobs, size_t count, struct copiers **out)
{
    struct copiers *c = mem_zalloc(1, sizeof *c + count * sizeof *c->threads);
    *c = (struct copiers){.s = s, .jobs = jobs};
    *out = c;
    for (; c->count < count; c->count++) {
        errno = pthread_create(&c->threads[c->count], NULL, run, c);
        if (errno != 0)
            return err_sys(_("cannot start a thread"));
    }
    return 0;
}

void copiers_join(struct copiers *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        pthread_join(c->threads[i], NULL);
    free(c);
}
