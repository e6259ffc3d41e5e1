/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/copier.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "sensor/draw.h"
#include "sensor/notify.h"
#include "sensor/opener.h"
#include "sensor/room.h"

#define REST_LOOKS 20
#define REST_NS    (100 * 1000)

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

/* Who was not yet at rest when the gate looked is by now, unless the machine is very busy. What is seen
 * counts only while nobody has answered: then the opener is still in that call. */
static bool is_reader(const struct job *job)
{
    char path[64];
    int gone;
    enum intent intent = INTENT_WRITE;
    snprintf(path, sizeof path, "/proc/%d/syscall", (int)job->tid);
    int fd FD_AUTO = open(path, O_RDONLY | O_CLOEXEC);
    for (int looks = 0; fd >= 0 && looks < REST_LOOKS; looks++) {
        intent = opener_ask(fd, job->tid, &gone);
        if (intent != INTENT_RUNNING)
            break;
        nanosleep(&(struct timespec){.tv_nsec = REST_NS}, NULL);
    }
    return intent == INTENT_READ && !__atomic_load_n(&job->answered, __ATOMIC_ACQUIRE);
}

/* As the gate does it: the descriptor is kept when no copy exists. */
static void pass_reader(struct copiers *c, struct job *job, const struct stat *st)
{
    struct stamp stamp = kept_stamp(st);
    struct version version;
    if (stamp.size > 0 && !kept_find(c->s->kept, &stamp, &version)) {
        int kept = fcntl(job->fd, F_DUPFD_CLOEXEC, 0);
        if (kept >= 0)
            ring_put(c->s->ring, kept, &stamp, job->began_ns);
    }
    jobs_done(c->jobs, job, true);
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
    if (is_reader(job)) {
        pass_reader(c, job, &st);
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
