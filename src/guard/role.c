/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/role.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/yml.h"
#include "guard/bounds.h"

#define DEFAULT_BACKLOG ((size_t)8 << 20)
#define LEAVE_LIMIT_US  500000
#define DRAIN_MS        2000

struct post {
    struct post *next;
    void (*call)(void *argument);
    void *argument;
};

struct repeat {
    int64_t every_us;
    void (*call)(void *argument);
    void *argument;
};

static struct {
    enum role role;
    const struct role_ops *ops;
    sd_event *loop;
    struct config *config;
    struct channel *control;
    struct channel *peers[ROLE_COUNT];
    struct gate_pulse *pulse;
    bool finished;
    int wake;             /* eventfd: posts wait */
    pthread_mutex_t lock; /* guards first_post and last_post */
    struct post *first_post, **last_post;
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1};

enum role role_self(void)
{
    return self.role;
}

sd_event *role_loop(void)
{
    return self.loop;
}

const struct config *role_config(void)
{
    return self.config;
}

struct gate_pulse *role_pulse(void)
{
    return self.pulse;
}

int role_send_fd(enum role peer, const struct message *m, int fd)
{
    struct channel *c = (unsigned)peer < ROLE_COUNT ? self.peers[peer] : NULL;
    if (!c)
        return err_set(ERR_CLOSED, _("the %s is not there"), role_name(peer));
    return channel_send_fd(c, m, fd);
}

int role_send(enum role peer, const struct message *m)
{
    return role_send_fd(peer, m, -1);
}

size_t role_backlog(enum role peer)
{
    return role_is_wired(peer) ? channel_backlog(self.peers[peer]) : 0;
}

bool role_is_wired(enum role peer)
{
    return (unsigned)peer < ROLE_COUNT && self.peers[peer];
}

void role_post(void (*call)(void *argument), void *argument)
{
    struct post *p = mem_zalloc(1, sizeof *p);
    p->call = call;
    p->argument = argument;
    pthread_mutex_lock(&self.lock);
    bool first = !self.first_post;
    *self.last_post = p;
    self.last_post = &p->next;
    pthread_mutex_unlock(&self.lock);
    if (first)
        eventfd_write(self.wake, 1);
}

static int on_posts(sd_event_source *source, int fd, uint32_t events, void *unused)
{
    (void)source;
    (void)events;
    (void)unused;
    eventfd_t ignored;
    eventfd_read(fd, &ignored);
    pthread_mutex_lock(&self.lock);
    struct post *p = self.first_post;
    self.first_post = NULL;
    self.last_post = &self.first_post;
    pthread_mutex_unlock(&self.lock);
    while (p) {
        struct post *next = p->next;
        p->call(p->argument);
        free(p);
        p = next;
    }
    return 0;
}

static int on_repeat(sd_event_source *source, uint64_t when_us, void *argument)
{
    (void)when_us;
    struct repeat *r = argument;
    r->call(r->argument);
    sd_event_source_set_time_relative(source, (uint64_t)r->every_us);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int role_every(int64_t every_ns, void (*call)(void *argument), void *argument)
{
    struct repeat *r = mem_zalloc(1, sizeof *r);
    *r = (struct repeat){every_ns / 1000, call, argument};
    int code =
        sd_event_add_time_relative(self.loop, NULL, CLOCK_MONOTONIC, (uint64_t)r->every_us, 0, on_repeat, r);
    if (code >= 0)
        return 0;
    free(r);
    errno = -code;
    return err_sys(_("cannot set a timer"));
}

static enum role peer_of(const struct channel *c)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (self.peers[i] == c)
            return (enum role)i;
    return ROLE_COUNT;
}

static void lose_peer(enum role peer)
{
    struct channel *c = self.peers[peer];
    self.peers[peer] = NULL;
    channel_free(c);
    if (self.ops->peer_lost)
        self.ops->peer_lost(peer);
}

static void on_peer_message(struct channel *c, struct message *m, int fd, void *unused)
{
    (void)unused;
    enum role peer = peer_of(c);
    if (self.ops->message)
        self.ops->message(peer, m, fd);
    else
        fd_close(&fd);
}

static void on_peer_closed(struct channel *c, int err, void *unused)
{
    (void)unused;
    enum role peer = peer_of(c);
    if (err == ERR_CORRUPT)
        log_error(_("%s sent something that cannot be read: %s"), role_name(peer), err_text());
    lose_peer(peer);
}

static const struct channel_ops peer_ops = {on_peer_message, on_peer_closed};

static void wire(enum role peer, int fd)
{
    if (fd < 0 || peer == ROLE_SUPERVISOR) {
        fd_close(&fd);
        return;
    }
    if (self.peers[peer])
        lose_peer(peer);
    size_t limit = self.ops->backlog ? self.ops->backlog : DEFAULT_BACKLOG;
    if (channel_new(self.loop, fd, limit, &peer_ops, NULL, &self.peers[peer]) != 0)
        log_error("%s", err_text());
    else if (self.ops->wired)
        self.ops->wired(peer);
}

/* What the role said last is heard before it is gone. */
static void finish(void)
{
    if (self.finished)
        return;
    self.finished = true;
    if (self.ops->stop)
        self.ops->stop();
    for (int i = 0; i < ROLE_COUNT; i++)
        if (self.peers[i])
            channel_drain(self.peers[i], DRAIN_MS);
    sd_event_exit(self.loop, 0);
}

static int on_idle(sd_event_source *source, void *unused)
{
    (void)source;
    (void)unused;
    finish();
    return 0;
}

static int on_leave_limit(sd_event_source *source, uint64_t when_us, void *unused)
{
    (void)source;
    (void)when_us;
    (void)unused;
    finish();
    return 0;
}

/* What others said before they were stopped may still lie in the channels: it is heard first, unless it does
 * not end. */
static void leave(void)
{
    sd_event_source *idle;
    int code = sd_event_add_defer(self.loop, &idle, on_idle, NULL);
    if (code >= 0)
        code = sd_event_source_set_priority(idle, SD_EVENT_PRIORITY_IDLE);
    if (code >= 0)
        code = sd_event_add_time_relative(self.loop, NULL, CLOCK_MONOTONIC, LEAVE_LIMIT_US, 0, on_leave_limit,
                                          NULL);
    if (code < 0)
        finish();
}

static void on_control(struct channel *c, struct message *m, int fd, void *unused)
{
    (void)unused;
    switch (m->type) {
    case MSG_WIRE:
        wire(m->wire.role, fd_take(&fd));
        break;
    case MSG_ALIVE:
        channel_send(c, m);
        break;
    case MSG_STOP:
        leave();
        break;
    case MSG_GUARD_PID:
        if (self.ops->guard_pid)
            self.ops->guard_pid(m->guard_pid.role, m->guard_pid.pid, m->guard_pid.on);
        break;
    default:
        if (self.ops->message)
            self.ops->message(ROLE_SUPERVISOR, m, fd_take(&fd));
        break;
    }
    fd_close(&fd);
}

static void on_control_closed(struct channel *c, int err, void *unused)
{
    (void)c;
    (void)unused;
    if (self.finished)
        return;
    log_warning(_("the supervisor is gone (%s); leaving"), err == ERR_CLOSED ? "closed" : err_text());
    leave();
}

static const struct channel_ops control_ops = {on_control, on_control_closed};

/* All roles share one open file, and so one place in it: hence pread. */
static int read_config(void)
{
    struct stat st;
    if (fstat(ROLE_FD_CONFIG, &st) != 0 || st.st_size < 0 || st.st_size > YML_MAX_BYTES)
        return err_set(ERR_INVALID, _("the configuration that the supervisor gave cannot be read"));
    size_t length = (size_t)st.st_size;
    char *text MEM_AUTO = mem_zalloc(length + 1, 1);
    ssize_t got = fd_pread_full(ROLE_FD_CONFIG, text, length, 0, _("the configuration"));
    close(ROLE_FD_CONFIG);
    if (got < 0)
        return (int)got;
    return config_parse(text, (size_t)got, _("the configuration"), &self.config);
}

static int map_pulse(void)
{
    if (self.role != ROLE_SENSOR)
        return 0;
    void *page = mmap(NULL, sizeof *self.pulse, PROT_READ | PROT_WRITE, MAP_SHARED, ROLE_FD_PULSE, 0);
    if (page == MAP_FAILED)
        return err_sys(_("cannot map the sensor's pulse"));
    self.pulse = page;
    close(ROLE_FD_PULSE);
    return 0;
}

static int make_loop(void)
{
    self.last_post = &self.first_post;
    self.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int code = self.wake < 0 ? -errno : sd_event_new(&self.loop);
    if (code >= 0)
        code = sd_event_add_io(self.loop, NULL, self.wake, EPOLLIN, on_posts, NULL);
    if (code >= 0)
        return 0;
    errno = -code;
    return err_sys(_("cannot make an event loop"));
}

int role_confine(enum role role, const struct config *config)
{
    struct sandbox *s = mem_zalloc(1, sizeof *s);
    char note[256];
    int err = bounds_of(role, config, s);
    if (!err)
        /* Changing the user clears the death signal, so sandbox_enter may undo what prepare asked for. */
        err = sandbox_enter(s, note, sizeof note);
    bounds_free(s);
    free(s);
    if (!err && note[0])
        log_warning("%s", note);
    return err;
}

/* Dies with the supervisor, even when stopped; and leaves Ctrl-C to it. */
static void prepare(void)
{
    char name[16];
    snprintf(name, sizeof name, "beffroi-%s", role_name(self.role));
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* What libraries read from files once and remember: the event loop's boot id, the time zone, the
     * seed of JSON's hash tables, translated texts. */
    sd_id128_t boot;
    sd_id128_get_boot(&boot);
    tzset();
    json_object_seed(0);
    i18n_load();
    /* One arena and small thresholds: seven processes must stay small together. */
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int begin(void)
{
    fcntl(ROLE_FD_CONTROL, F_SETFD, FD_CLOEXEC); /* for the programs that the actor starts */
    int err = make_loop();
    if (!err)
        err = read_config();
    if (!err)
        err = map_pulse();
    if (!err)
        err = self.ops->start(self.config, self.loop);
    malloc_trim(0);
    if (!err)
        err = role_confine(self.role, self.config);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!err && self.ops->confined)
        err = self.ops->confined();
    if (!err)
        err = channel_new(self.loop, ROLE_FD_CONTROL, DEFAULT_BACKLOG, &control_ops, NULL, &self.control);
    if (!err)
        err = channel_send(self.control, &(struct message){.type = MSG_READY});
    return err;
}

int role_main(enum role role, const struct role_ops *ops)
{
    self.role = role;
    self.ops = ops;
    log_init(role_name(role), LOG_LEVEL_INFO);
    prepare();
    if (begin() != 0) {
        log_error("%s", err_text());
        if (err_hint_text()[0])
            log_error("%s", err_hint_text());
        return ROLE_EXIT_START;
    }
    int code = sd_event_loop(self.loop);
    if (code < 0)
        log_error(_("the event loop failed: %s"), strerror(-code));
    return code < 0 ? 1 : 0;
}
