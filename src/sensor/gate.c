/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "ipc/pulse.h"
#include "sensor/copier.h"
#include "sensor/draw.h"
#include "sensor/jobs.h"
#include "sensor/room.h"
#include "sensor/tasks.h"

#define COPIERS     2
#define JOBS_MAX    2048
#define BATCH       64                  /* events read at once */
#define STUCK_NS    (1 * NS_PER_SECOND) /* a batch that takes longer is answered by the deadline thread */
#define TICK_NS     (2 * NS_PER_MS)     /* how exactly deadlines are kept and a stop is seen */
#define IDLE_NS     (500 * NS_PER_MS)
#define BUCKETS     256 /* of the histogram: four per doubling */
#define EVENT_FLAGS (O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NOATIME)

/* One event of the batch in work. Whoever sets `answered` first writes the answer. */
struct waiting {
    int fd;
    atomic_bool answered;
};

struct gate {
    struct sensor *s;
    int fan;
    timer_t beat; /* interrupts the gate thread's reading; gate thread only */
    bool has_tid;
    sem_t turning; /* posted by the gate thread once its pulse beats, or cannot */
    bool beating;  /* valid after that */
    pthread_t thread, deadline;
    struct copiers *copiers;
    struct jobs *jobs;
    struct tasks *tasks; /* gate thread only */
    atomic_bool ending;
    atomic_llong busy_since; /* monotonic; 0: no batch in work */
    atomic_uint batch_size;
    struct waiting batch[BATCH];
    atomic_ullong latency[BUCKETS];
};

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(clock_system.self);
}

/* ---- answers ---- */

static void count_latency(struct gate *g, int64_t took_ns)
{
    uint64_t took = took_ns > 0 ? (uint64_t)took_ns : 1;
    unsigned log = 63u - (unsigned)__builtin_clzll(took);
    unsigned part = log >= 2 ? (unsigned)(took >> (log - 2)) & 3 : 0;
    atomic_fetch_add_explicit(&g->latency[(log * 4 + part) % BUCKETS], 1, memory_order_relaxed);
}

uint64_t gate_p99_ns(const struct gate *g)
{
    uint64_t total = 0, seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++)
        total += atomic_load_explicit(&g->latency[i], memory_order_relaxed);
    for (unsigned i = 0; i < BUCKETS && total > 0; i++) {
        seen += atomic_load_explicit(&g->latency[i], memory_order_relaxed);
        if (seen * 100 >= total * 99)
            return i / 4 >= 2 ? (uint64_t)(5 + i % 4) << (i / 4 - 2) : UINT64_C(1) << (i / 4 + 1);
    }
    return 0;
}

static void answer(int fd, bool allow, int64_t began_ns, void *self)
{
    struct gate *g = self;
    struct fanotify_response response = {.fd = fd, .response = allow ? FAN_ALLOW : FAN_DENY};
    ssize_t rc;
    do
        rc = write(g->fan, &response, sizeof response);
    while (rc < 0 && errno == EINTR);
    count_latency(g, now_ns() - began_ns);
}

static bool is_stopped(int32_t tid, void *self)
{
    (void)self;
    return procs_is_stopped(tid);
}

static bool claim(struct waiting *w)
{
    return !atomic_exchange(&w->answered, true);
}

/* ---- the gate thread ---- */

static void let_pass(struct gate *g, struct waiting *w, bool allow, int64_t began_ns)
{
    if (claim(w))
        answer(w->fd, allow, began_ns, g);
}

/* Opened again and again: the kernel is told not to ask for a while. Not for a file server, whose process has
 * another user each time. True when the descriptor is not ours any more. */
static bool make_hot(struct gate *g, const struct waiting *w, struct task *task, const struct stamp *stamp,
                     const struct version *version, int64_t now)
{
    struct proc_status status;
    struct actor actor;
    struct before before = {.version = *version};
    if (suspects_any(g->s->suspects) || !task || !tasks_status(task, &status) ||
        strncmp(status.name, "smbd", 4) == 0 ||
        writers_is_open_indeed(g->s->writers, stamp->device, stamp->inode, 0) ||
        !draw_sketch(w->fd, stamp->size, true, &before.sketch))
        return false;
    procs_look(g->s->procs, status.tgid, &actor);
    before.pid = actor.pid;
    before.uid = actor.uid;
    return hot_keep(g->s->hot, w->fd, stamp->device, &before, now);
}

/* Answered first, looked at afterwards: the descriptor keeps the bytes whatever the opener does next. */
static void pass_reader(struct gate *g, struct waiting *w, struct task *task, int64_t began_ns)
{
    struct stat st;
    let_pass(g, w, true, began_ns);
    if (fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        struct stamp stamp = kept_stamp(&st);
        struct version version;
        if (!kept_find(g->s->kept, &stamp, &version)) {
            ring_put(g->s->ring, w->fd, &stamp, began_ns);
            return;
        }
        if (hot_count(g->s->hot, &stamp, began_ns) && make_hot(g, w, task, &stamp, &version, began_ns))
            return;
    }
    close(w->fd);
}

/* True when the writer could be answered here: known, quiet, his file's bytes safe and in memory. */
static bool pass_quiet_writer(struct gate *g, struct waiting *w, struct task *task, const struct stat *st,
                              int64_t began_ns)
{
    struct proc_status status;
    struct actor actor;
    struct stamp stamp = kept_stamp(st);
    if (!task || !tasks_status(task, &status))
        return false;
    if (room_is_own(g->s, status.tgid)) {
        let_pass(g, w, true, began_ns);
        return true;
    }
    if (!procs_recall(g->s->procs, task->tgid, task->start, status.name, status.uid, &actor))
        return false;
    struct before before = {.pid = actor.pid, .uid = actor.uid};
    if (suspects_any(g->s->suspects)) {
        enum verdict verdict = suspects_ask(g->s->suspects, &actor, UINT32_MAX);
        if (verdict == VERDICT_CONDEMNED && g->s->may_hold && actor.client[0]) {
            let_pass(g, w, false, began_ns);
            return true;
        }
        if (verdict != VERDICT_QUIET)
            return false;
    }
    if ((!kept_find(g->s->kept, &stamp, &before.version) && stamp.size > 0) ||
        !draw_sketch(w->fd, stamp.size, true, &before.sketch))
        return false;
    writers_open(g->s->writers, stamp.device, &before);
    let_pass(g, w, true, began_ns);
    return true;
}

static void handle(struct gate *g, struct waiting *w, int32_t tid, int64_t began_ns)
{
    struct task *task = NULL;
    struct stat st;
    if (room_is_own(g->s, tid)) {
        let_pass(g, w, true, began_ns);
        close(w->fd);
        return;
    }
    enum intent intent = g->has_tid ? tasks_ask(g->tasks, tid, &task) : INTENT_WRITE;
    if (intent == INTENT_READ) {
        pass_reader(g, w, task, began_ns);
        return;
    }
    if (fstat(w->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        let_pass(g, w, true, began_ns);
    } else if (intent == INTENT_RUNNING || !pass_quiet_writer(g, w, task, &st, began_ns)) {
        if (claim(w)) { /* from here on the jobs' deadline holds */
            if (jobs_add(g->jobs, w->fd, tid, began_ns))
                return;
            store_count_unkept(g->s->store);
            answer(w->fd, true, began_ns, g);
        }
    }
    close(w->fd);
}

static void handle_batch(struct gate *g, struct fanotify_event_metadata *event, ssize_t length)
{
    int32_t tids[BATCH];
    unsigned count = 0;
    int64_t began = now_ns();
    for (; FAN_EVENT_OK(event, length) && count < BATCH; event = FAN_EVENT_NEXT(event, length)) {
        if (event->fd < 0 || event->vers != FANOTIFY_METADATA_VERSION)
            continue;
        tids[count] = event->pid;
        g->batch[count].fd = event->fd;
        atomic_store(&g->batch[count++].answered, false);
    }
    atomic_store(&g->batch_size, count);
    atomic_store(&g->busy_since, began);
    for (unsigned i = 0; i < count; i++)
        handle(g, &g->batch[i], tids[i], i == 0 ? began : now_ns());
    atomic_store(&g->busy_since, 0);
    atomic_store(&g->batch_size, 0);
}

static void ignore_signal(int signal)
{
    (void)signal;
}

/* A system call less per open than a poll with a timeout: the thread reads and sleeps in that, and a timer's
 * signal, which is for this thread alone, ends the reading (EINTR) so that the pulse beats. A signal that
 * comes between two readings is lost; the next comes early enough. */
static bool start_beat(struct gate *g)
{
    struct sigaction action = {.sa_handler = ignore_signal}; /* without SA_RESTART */
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    struct itimerspec every = {{0, PULSE_BEAT_MS * NS_PER_MS}, {0, PULSE_BEAT_MS * NS_PER_MS}};
    sigset_t alarm;
    event._sigev_un._tid = gettid();
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    return sigaction(SIGALRM, &action, NULL) == 0 && pthread_sigmask(SIG_UNBLOCK, &alarm, NULL) == 0 &&
           timer_create(CLOCK_MONOTONIC, &event, &g->beat) == 0 &&
           timer_settime(g->beat, 0, &every, NULL) == 0;
}

static void *run_gate(void *self)
{
    struct gate *g = self;
    struct fanotify_event_metadata events[BATCH];
    struct gate_pulse *pulse = g->s->pulse;
    int64_t oldest = 0;
    room_enter_thread(g->s, "gate");
    g->beating = start_beat(g);
    if (!g->beating) {
        sem_post(&g->turning);
        return NULL;
    }
    pulse_open(pulse, (int32_t)gettid());
    sem_post(&g->turning);
    while (!atomic_load(&g->ending)) {
        pulse_beat(pulse);
        pulse_waiting(pulse, (uint32_t)jobs_waiting(g->jobs, &oldest), oldest);
        ssize_t got = read(g->fan, events, sizeof events);
        if (got > 0)
            handle_batch(g, events, got);
        else if (got < 0 && errno == EMFILE) /* the kernel refused this opener: make room for the next */
            ring_expire(g->s->ring, INT64_MAX);
    }
    timer_delete(g->beat);
    return NULL;
}

/* ---- the deadline thread ---- */

/* The gate thread hangs (a dead network disk behind a protected folder, say): answers its batch and whatever
 * comes meanwhile. */
static void relieve(struct gate *g)
{
    struct fanotify_event_metadata events[BATCH], *event = events;
    unsigned count = atomic_load(&g->batch_size);
    int64_t began = now_ns();
    for (unsigned i = 0; i < count && i < BATCH; i++)
        if (claim(&g->batch[i])) {
            answer(g->batch[i].fd, true, began, g);
            store_count_unkept(g->s->store);
        }
    /* The group blocks; two threads may be reading now. */
    int flags = fcntl(g->fan, F_GETFL);
    fcntl(g->fan, F_SETFL, flags | O_NONBLOCK);
    ssize_t got = read(g->fan, events, sizeof events);
    fcntl(g->fan, F_SETFL, flags);
    for (; got > 0 && FAN_EVENT_OK(event, got); event = FAN_EVENT_NEXT(event, got)) {
        if (event->fd < 0)
            continue;
        answer(event->fd, true, began, g);
        store_count_unkept(g->s->store);
        close(event->fd);
    }
}

static void *run_deadline(void *self)
{
    struct gate *g = self;
    bool waiting = false;
    room_enter_thread(g->s, "deadline");
    while (!atomic_load(&g->ending)) {
        int64_t now = now_ns(), since = atomic_load(&g->busy_since);
        if (since != 0 && now - since > STUCK_NS)
            relieve(g);
        for (size_t lost = jobs_expire(g->jobs, now, &waiting); lost > 0; lost--)
            store_count_unkept(g->s->store);
        if (waiting || since != 0) {
            struct timespec tick = {.tv_nsec = TICK_NS};
            nanosleep(&tick, NULL);
        } else {
            jobs_sleep(g->jobs, IDLE_NS);
        }
    }
    return NULL;
}

/* ---- start and stop ---- */

static int open_group(struct gate *g)
{
    unsigned flags = FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS;
    g->has_tid = true;
    g->fan = fanotify_init(flags | FAN_REPORT_TID, EVENT_FLAGS);
    if (g->fan < 0 && errno == EINVAL) {
        g->has_tid = false; /* Linux before 4.20: every open counts as one for writing */
        g->fan = fanotify_init(flags, EVENT_FLAGS);
    }
    if (g->fan >= 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS)
        return err_set(ERR_UNSUPPORTED, _("this kernel has no permission events for files"));
    return err_sys(_("cannot watch the opening of files"));
}

int gate_mark(struct gate *g, int folder_fd)
{
    if (fanotify_mark(g->fan, FAN_MARK_ADD, FAN_OPEN_PERM | FAN_EVENT_ON_CHILD, folder_fd, NULL) == 0)
        return 0;
    if (errno == EINVAL)
        return err_set(ERR_UNSUPPORTED, _("this kernel has no permission events for files"));
    return err_sys(_("cannot gate a folder"));
}

/* Whether the kernel was built with permission events shows only when a mark asks for one. */
static int probe(struct gate *g)
{
    int rc = gate_mark(g, g->s->held_fd);
    if (rc == 0)
        fanotify_mark(g->fan, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
    return rc;
}

static int open_gate(struct gate *g)
{
    struct rlimit limit = {0};
    int rc = open_group(g);
    if (rc == 0)
        rc = probe(g);
    if (rc != 0)
        return rc;
    getrlimit(RLIMIT_NOFILE, &limit);
    g->tasks = tasks_new((size_t)limit.rlim_cur / 8);
    size_t places = (size_t)limit.rlim_cur / 8;
    g->jobs = jobs_new(places < JOBS_MAX ? places : JOBS_MAX, answer, is_stopped, g);
    return copiers_start(g->s, g->jobs, COPIERS, &g->copiers);
}

static void release(struct gate *g)
{
    fd_close(&g->fan);
    tasks_free(g->tasks);
    jobs_free(g->jobs);
    sem_destroy(&g->turning);
    free(g);
}

static int start_threads(struct gate *g)
{
    errno = pthread_create(&g->deadline, NULL, run_deadline, g);
    if (errno != 0)
        return err_sys(_("cannot start a thread"));
    errno = pthread_create(&g->thread, NULL, run_gate, g);
    if (errno == 0) {
        sem_wait(&g->turning); /* before the first mark, the pulse must beat */
        if (g->beating)
            return 0;
        pthread_join(g->thread, NULL);
        errno = EAGAIN;
    }
    int rc = err_sys(_("cannot start a thread"));
    atomic_store(&g->ending, true);
    jobs_end(g->jobs);
    pthread_join(g->deadline, NULL);
    return rc;
}

int gate_start(struct sensor *s, struct gate **out)
{
    struct gate *g = mem_zalloc(1, sizeof *g);
    g->s = s;
    g->fan = -1;
    sem_init(&g->turning, 0, 0);
    int rc = open_gate(g);
    if (rc == 0)
        rc = start_threads(g);
    if (rc == 0) {
        hot_set_group(s->hot, g->fan);
        *out = g;
        return 0;
    }
    if (g->jobs)
        jobs_end(g->jobs);
    copiers_join(g->copiers);
    release(g);
    return rc;
}

void gate_stop(struct gate *g)
{
    if (!g)
        return;
    atomic_store(&g->ending, true); /* the gate thread sees it at its next beat */
    jobs_end(g->jobs);
    pthread_join(g->thread, NULL);
    pthread_join(g->deadline, NULL);
    /* Closing the group answers everybody who still waits. A copier that answered after it would meet
     * another file with this number: so they are through first. */
    copiers_join(g->copiers);
    g->copiers = NULL;
    hot_set_group(g->s->hot, -1);
    fd_close(&g->fan);
    pulse_close(g->s->pulse);
}

void gate_free(struct gate *g)
{
    if (g)
        release(g);
}

void gate_synced(struct gate *g, uint64_t token, bool deny)
{
    if (g)
        jobs_answer_hold(g->jobs, token, !(deny && g->s->may_hold), now_ns());
}
