/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The actor's process: it executes the judge's orders from a fixed table and nothing else. Containment runs
 * on the loop at once; recovery, which may take a while, on a thread, one plan at a time and in order.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "guard/role.h"
#include "guard/roles.h"
#include "recover/apply.h"
#include "respond/respond.h"

#define BACKLOG        ((size_t)64 << 20) /* results of the steps of a large plan */
#define MAX_GUARD_PIDS 64
#define MAX_STEPS      1000000 /* of one plan: a million files */

/* An order that needs time, with its steps. */
struct job {
    struct job *next;
    struct order order;
    struct step *steps;
    size_t count, capacity;
};

static struct respond *respond;
static int state_fd = -1;
static int32_t guard_pids[MAX_GUARD_PIDS];
static size_t guard_pid_count;
static const char *tree_paths[CONFIG_MAX_TREES];

static struct job *collecting; /* jobs whose steps are still coming; loop thread only */

static pthread_t worker;
static bool worker_runs;
/* Guards `queue` and `ending`. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct job *queue;
static bool ending;

static void send_on_loop(void *argument)
{
    struct message *m = argument;
    int err = role_send(ROLE_JUDGE, m);
    if (err && err != ERR_CLOSED)
        log_error("the judge did not get a result: %s", err_text());
    free(m);
}

static void on_step(uint32_t incident, const struct step *step, enum step_result result, const char *why,
                    void *self)
{
    const struct job *job = self;
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = MSG_STEP_RESULT;
    m->step_result = (struct msg_step_result){
        .order = job->order.id, .incident = incident, .number = step->number, .result = (uint32_t)result};
    snprintf(m->step_result.text, sizeof m->step_result.text, "%s", why ? why : "");
    role_post(send_on_loop, m);
}

static void fail(struct action *action, const struct order *order)
{
    *action = (struct action){.order = order->id,
                              .incident = order->incident,
                              .kind = order->kind,
                              .undo = order->undo,
                              .tree = order->tree,
                              .result = ACTION_FAILED,
                              .time_ns = clock_system.wall_ns(clock_system.self)};
    err_line(action->text, sizeof action->text);
}

static bool has_plan(uint32_t incident)
{
    char path[64];
    snprintf(path, sizeof path, "incidents/%u/plan", incident);
    return faccessat(state_fd, path, F_OK, 0) == 0;
}

/* The judge makes the plan anew from the changes it was told again. */
static int no_plan(struct action *action)
{
    action->result = ACTION_NO_PLAN;
    snprintf(action->text, sizeof action->text, "%s",
             _("the guard ended before the plan to put the files back was written; it is made anew"));
    return 0;
}

/* Without steps: what the plan on the disk still lacks. */
static int recover(const struct apply_options *options, const struct job *job, struct action *action)
{
    int err = 0;
    if (job->count > 0)
        err = apply_plan(options, job->order.incident, job->steps, job->count);
    else if (!has_plan(job->order.incident))
        return no_plan(action);
    if (err)
        return err;
    if (job->order.dry) {
        action->result = ACTION_WOULD;
        action->done = (uint32_t)job->count;
        snprintf(action->text, sizeof action->text, _("the plan to put %zu files back is ready"), job->count);
        return 0;
    }
    return apply_run(options, job->order.incident, action);
}

static void run(struct job *job)
{
    const struct apply_options options = {
        .state_fd = state_fd,
        .trees = tree_paths,
        .tree_count = role_config()->tree_count,
        .result = on_step,
        .self = job,
    };
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = MSG_ACTION;
    m->action = (struct action){.incident = job->order.incident, .result = ACTION_DONE};
    int err = job->order.kind == ORDER_PUT_BACK ? apply_put_back(&options, job->order.incident, &m->action)
                                                : recover(&options, job, &m->action);
    if (err && m->action.result != ACTION_PARTLY)
        fail(&m->action, &job->order);
    m->action.order = job->order.id;
    m->action.kind = job->order.kind;
    m->action.tree = job->order.tree;
    if (m->action.time_ns == 0)
        m->action.time_ns = clock_system.wall_ns(clock_system.self);
    role_post(send_on_loop, m);
}

static void job_free(struct job *job)
{
    free(job->steps);
    free(job);
}

static void *work(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&lock);
    while (!ending) {
        struct job *job = queue;
        if (!job) {
            pthread_cond_wait(&changed, &lock);
            continue;
        }
        queue = job->next;
        pthread_mutex_unlock(&lock);
        run(job);
        job_free(job);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void enqueue(struct job *job)
{
    pthread_mutex_lock(&lock);
    struct job **end = &queue;
    while (*end)
        end = &(*end)->next;
    job->next = NULL;
    *end = job;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void contain(const struct order *order)
{
    struct message m = {.type = MSG_ACTION};
    respond_execute(respond, order, &m.action);
    if (m.action.result != ACTION_WOULD && !order->undo)
        respond_username(respond, &order->culprit, m.action.username, sizeof m.action.username);
    int err = role_send(ROLE_JUDGE, &m);
    if (err && err != ERR_CLOSED)
        log_error("the judge did not get a result: %s", err_text());
}

static void on_order(const struct order *order)
{
    struct job *job;
    switch (order->kind) {
    case ORDER_FREEZE:
    case ORDER_LOCKOUT:
        contain(order);
        return;
    case ORDER_RECOVER:
    case ORDER_PUT_BACK:
        job = mem_zalloc(1, sizeof *job);
        job->order = *order;
        if (order->kind == ORDER_PUT_BACK) {
            enqueue(job);
            return;
        }
        job->next = collecting;
        collecting = job;
        return;
    case ORDER_RESTAGE:
    case ORDER_SNAPSHOT:
    case ORDER_KIND_COUNT:
        break;
    }
    log_error("an order that is not ours: %s", order_kind_name(order->kind));
}

static struct job **find_job(uint64_t order)
{
    struct job **at = &collecting;
    while (*at && (*at)->order.id != order)
        at = &(*at)->next;
    return at;
}

static void on_step_order(const struct msg_step *m)
{
    struct job *job = *find_job(m->order);
    if (!job || job->count == MAX_STEPS)
        return;
    if (job->count == job->capacity) {
        job->capacity = job->capacity ? 2 * job->capacity : 16;
        job->steps = mem_resize(job->steps, job->capacity, sizeof *job->steps);
    }
    job->steps[job->count++] = m->step;
}

static void on_steps_end(const struct msg_steps_end *m)
{
    struct job **at = find_job(m->order);
    struct job *job = *at;
    if (!job)
        return;
    *at = job->next;
    if (job->count == m->count) {
        enqueue(job);
        return;
    }
    /* Half a plan must not look like a whole one. */
    struct message answer = {.type = MSG_ACTION};
    err_set(ERR_CORRUPT, _("the plan arrived incomplete: %zu of %u steps"), job->count, m->count);
    fail(&answer.action, &job->order);
    role_send(ROLE_JUDGE, &answer);
    job_free(job);
}

static void message(enum role peer, struct message *m, int fd)
{
    fd_close(&fd);
    if (peer != ROLE_JUDGE)
        return;
    if (m->type == MSG_ORDER)
        on_order(&m->order);
    else if (m->type == MSG_STEP)
        on_step_order(&m->step);
    else if (m->type == MSG_STEPS_END)
        on_steps_end(&m->steps_end);
}

static int start(const struct config *config, sd_event *loop)
{
    (void)loop;
    for (size_t i = 0; i < config->tree_count; i++)
        tree_paths[i] = config->trees[i].path;
    state_fd = open(config->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return state_fd < 0 ? err_sys(_("cannot open the state folder %s"), config->state) : 0;
}

static int confined(void)
{
    const struct respond_options options = {
        .samba_config = role_config()->samba_config,
        .state_fd = state_fd,
        .own_pids = guard_pids,
        .own_pid_count = MAX_GUARD_PIDS,
        .clock = &clock_system,
    };
    int err = respond_open(&options, &respond);
    if (err)
        return err;
    if (pthread_create(&worker, NULL, work, NULL) != 0)
        return err_set(ERR_SYSTEM, _("cannot start the thread for recovery"));
    worker_runs = true;
    return 0;
}

/* respond reads the list at each order; entries of 0 are none. */
static void guard_pid(enum role role, int32_t pid, bool on)
{
    (void)role;
    for (size_t i = 0; i < guard_pid_count; i++) {
        if (guard_pids[i] != pid)
            continue;
        if (!on)
            guard_pids[i] = 0;
        return;
    }
    for (size_t i = 0; on && i < MAX_GUARD_PIDS; i++) {
        if (guard_pids[i] != 0)
            continue;
        guard_pids[i] = pid;
        if (i >= guard_pid_count)
            guard_pid_count = i + 1;
        return;
    }
}

/* Half a plan of a judge that died: the next one sends it again. */
static void peer_lost(enum role peer)
{
    while (peer == ROLE_JUDGE && collecting) {
        struct job *job = collecting;
        collecting = job->next;
        job_free(job);
    }
}

static void stop(void)
{
    pthread_mutex_lock(&lock);
    ending = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (worker_runs)
        pthread_join(worker, NULL);
    respond_close(respond);
    fd_close(&state_fd);
}

const struct role_ops role_actor_ops = {
    .start = start,
    .confined = confined,
    .message = message,
    .peer_lost = peer_lost,
    .guard_pid = guard_pid,
    .stop = stop,
    .backlog = BACKLOG,
};
