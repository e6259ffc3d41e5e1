/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The vault's process. At rest it holds the repository's key and little else. Every order is carried out by a
 * child that is forked for it: the memory of a backup goes with it, a crash in it costs that one snapshot,
 * and files can be fetched for a recovery while a long snapshot runs.
 */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "blob/open.h"
#include "blob/settings.h"
#include "guard/role.h"
#include "guard/roles.h"
#include "guard/vault_jobs.h"
#include "vault/vault.h"

#define BACKLOG   ((size_t)64 << 20)
#define MAX_STEPS 1000000
#define RETRY_NS  (30 * NS_PER_SECOND) /* between attempts to open the repository */

/* An order, from its arrival until its child has ended. */
struct job {
    struct job *next;
    struct vault_job job;
    size_t capacity;
    bool collecting; /* its steps are still coming */
    pid_t pid;
    struct channel *channel; /* the child talks on the other end */
    sd_event_source *child;
    bool answered, ended;
    int exit_code, status; /* si_code and si_status of its end */
};

static int state_fd = -1;
static struct vault_key *key;
static char failure[VAULT_TEXT_SIZE]; /* why the repository is not open; "" it is */
static struct job *jobs;

static void send_to_judge(const struct message *m)
{
    int err = role_send(ROLE_JUDGE, m);
    if (err && err != ERR_CLOSED)
        log_error("the judge did not get a result: %s", err_text());
}

static void tell_state(void)
{
    struct message m = {.type = MSG_VAULT_STATE, .vault_state = {.open = key != NULL}};
    memcpy(m.vault_state.text, failure, sizeof failure);
    send_to_judge(&m);
}

static void job_drop(struct job *job)
{
    for (struct job **at = &jobs; *at; at = &(*at)->next) {
        if (*at != job)
            continue;
        *at = job->next;
        break;
    }
    channel_free(job->channel);
    sd_event_source_unref(job->child);
    free(job->job.steps);
    free(job);
}

static void answer_failure(struct job *job)
{
    struct message m = {.type = MSG_ACTION};
    vault_job_failed(&job->job, &m.action);
    job->answered = true;
    send_to_judge(&m);
}

static void from_child(struct channel *c, struct message *m, int fd, void *self)
{
    (void)c;
    struct job *job = self;
    fd_close(&fd);
    if (m->type == MSG_ACTION)
        job->answered = true;
    if (m->type == MSG_ACTION || m->type == MSG_SNAPSHOT || m->type == MSG_STEP_RESULT)
        send_to_judge(m);
}

/* A job is over when its child has ended and all it said has been read, whichever is noticed first. */
static void finish_if_over(struct job *job)
{
    if (!job->ended || job->channel)
        return;
    if (!job->answered) {
        if (job->exit_code == CLD_EXITED)
            err_set(ERR_SYSTEM, _("the vault's worker ended with status %d and no answer"), job->status);
        else
            err_set(ERR_SYSTEM, _("the vault's worker was killed by signal %d"), job->status);
        answer_failure(job);
    }
    job_drop(job);
}

static void child_closed(struct channel *c, int err, void *self)
{
    (void)err;
    struct job *job = self;
    channel_free(c);
    job->channel = NULL;
    finish_if_over(job);
}

static int child_ended(sd_event_source *source, const siginfo_t *info, void *self)
{
    (void)source;
    struct job *job = self;
    job->ended = true;
    job->exit_code = info->si_code;
    job->status = info->si_status;
    finish_if_over(job);
    return 0;
}

static _Noreturn void child(struct job *job, int fd)
{
    /* The role's own channels are open here too; they must not outlive it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(vault_job_run(&job->job, role_config(), key, state_fd, fd));
}

static int watch_child(struct job *job, int fd)
{
    static const struct channel_ops ops = {.message = from_child, .closed = child_closed};
    int err = channel_new(role_loop(), fd, 0, &ops, job, &job->channel);
    if (err)
        return err;
    int failed = sd_event_add_child(role_loop(), &job->child, job->pid, WEXITED, child_ended, job);
    return failed < 0 ? err_set(ERR_SYSTEM, _("cannot watch the vault's worker")) : 0;
}

static void start_job(struct job *job)
{
    int fds[2];
    job->collecting = false;
    if (!key) {
        err_set(ERR_SYSTEM, _("the vault is not open: %s"), failure);
        answer_failure(job);
        job_drop(job);
        return;
    }
    int err = channel_pair(fds);
    if (!err && (job->pid = fork()) < 0) {
        err = err_sys(_("cannot start the vault's worker"));
        close(fds[0]);
        close(fds[1]);
    }
    if (!err && job->pid == 0) {
        close(fds[0]);
        child(job, fds[1]);
    }
    if (!err) {
        close(fds[1]);
        err = watch_child(job, fds[0]);
    }
    if (err) {
        answer_failure(job);
        job_drop(job);
    }
}

static void on_order(const struct order *order)
{
    if (order->kind != ORDER_SNAPSHOT && order->kind != ORDER_RESTAGE) {
        log_error("an order that is not ours: %s", order_kind_name(order->kind));
        return;
    }
    struct job *job = mem_zalloc(1, sizeof *job);
    job->job.order = *order;
    job->next = jobs;
    jobs = job;
    job->collecting = order->kind == ORDER_RESTAGE;
    if (!job->collecting)
        start_job(job);
}

static struct job *find_collecting(uint64_t order)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job->collecting && job->job.order.id == order)
            return job;
    return NULL;
}

static void on_step(const struct msg_step *m)
{
    struct job *job = find_collecting(m->order);
    if (!job || job->job.count == MAX_STEPS)
        return;
    if (job->job.count == job->capacity) {
        job->capacity = job->capacity ? 2 * job->capacity : 16;
        job->job.steps = mem_resize(job->job.steps, job->capacity, sizeof *job->job.steps);
    }
    job->job.steps[job->job.count++] = m->step;
}

static void on_steps_end(const struct msg_steps_end *m)
{
    struct job *job = find_collecting(m->order);
    if (!job)
        return;
    if (job->job.count == m->count) {
        start_job(job);
        return;
    }
    err_set(ERR_CORRUPT, _("the list of files to fetch arrived incomplete: %zu of %u"), job->job.count,
            m->count);
    answer_failure(job);
    job_drop(job);
}

static void message(enum role peer, struct message *m, int fd)
{
    fd_close(&fd);
    if (peer != ROLE_JUDGE)
        return;
    if (m->type == MSG_ORDER)
        on_order(&m->order);
    else if (m->type == MSG_STEP)
        on_step(&m->step);
    else if (m->type == MSG_STEPS_END)
        on_steps_end(&m->steps_end);
}

static void try_open(void)
{
    int err = vault_job_open(role_config(), &key);
    failure[0] = '\0';
    if (!err)
        return;
    err_line(failure, sizeof failure);
    log_error("the vault cannot be opened, backups are off: %s", failure);
}

static void retry(void *self)
{
    (void)self;
    if (key)
        return;
    try_open();
    tell_state();
}

/* Snapshots name the owners of files. The libraries that know the names are code, which cannot be loaded
 * inside the sandbox; asking for somebody who does not exist loads them all. */
static void load_name_services(void)
{
    char space[4096];
    struct passwd user, *found_user;
    struct group group, *found_group;
    getpwuid_r((uid_t)-3, &user, space, sizeof space, &found_user);
    getgrgid_r((gid_t)-3, &group, space, sizeof space, &found_group);
}

/* A repository behind a network: what is known of its server, read while files can still be opened. */
static int set_remote(const struct config *config)
{
    static struct buf password; /* lives as long as the process, as the settings want it */
    buf_init(&password, 4096);
    int err =
        config->server_password_file ? fd_read_file(AT_FDCWD, config->server_password_file, &password) : 0;
    if (err)
        return err;
    buf_trim(&password);
    struct blob_settings settings = {.user = config->server_user,
                                     .password = buf_string(&password),
                                     .ca_file = config->server_ca,
                                     .cache_folder = path_join(config->state, "cache")};
    blob_prepare();
    return blob_settings_set(&settings);
}

static int start(const struct config *config, sd_event *loop)
{
    (void)loop;
    load_name_services();
    int err = config->remote ? set_remote(config) : 0;
    if (err)
        return err;
    state_fd = open(config->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state_fd < 0)
        return err_sys(_("cannot open the state folder %s"), config->state);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL); /* as sd_event_add_child wants it */
    return 0;
}

/* A repository that does not open is no reason to leave: it may be a disk that is not mounted yet, and the
 * judge must be told. */
static int confined(void)
{
    try_open();
    return role_every(RETRY_NS, retry, NULL);
}

static void wired(enum role peer)
{
    if (peer == ROLE_JUDGE)
        tell_state();
}

static void peer_lost(enum role peer)
{
    struct job *next;
    for (struct job *job = jobs; job && peer == ROLE_JUDGE; job = next) {
        next = job->next;
        if (job->collecting)
            job_drop(job);
    }
}

static void stop(void)
{
    for (struct job *job = jobs; job; job = job->next)
        if (job->pid > 0)
            kill(job->pid, SIGTERM);
    while (jobs) {
        if (jobs->pid > 0)
            waitpid(jobs->pid, NULL, 0);
        job_drop(jobs);
    }
    vault_key_free(key);
    key = NULL;
    fd_close(&state_fd);
}

const struct role_ops role_vault_ops = {
    .start = start,
    .confined = confined,
    .wired = wired,
    .message = message,
    .peer_lost = peer_lost,
    .stop = stop,
    .backlog = BACKLOG,
};
