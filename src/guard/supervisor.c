/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guard/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "guard/program.h"
#include "guard/role.h"
#include "guard/roles.h"
#include "guard/spawn.h"
#include "guard/watch.h"
#include "ipc/channel.h"

#define ALIVE_EVERY_NS NS_PER_SECOND
#define ALIVE_LIMIT_NS (10 * NS_PER_SECOND)
#define START_LIMIT_NS (60 * NS_PER_SECOND) /* a role may need so long before it is ready */
#define QUIET_NS       (60 * NS_PER_SECOND)
#define FIRST_DELAY_NS (100 * NS_PER_MS)
#define LAST_DELAY_NS  (10 * NS_PER_SECOND)
#define STOP_LIMIT_NS  (10 * NS_PER_SECOND) /* for each role; then it is killed */
#define CHANNEL_LIMIT  ((size_t)1 << 20)

struct child {
    enum role role;
    pid_t pid;   /* 0: not running */
    int program; /* its program, opened at the guard's start */
    struct channel *control;
    sd_event_source *exit_source, *delay_source;
    bool ready;
    int64_t started_ns, answered_ns;
    int64_t delay_ns; /* before the next start */
    uint32_t restarts;
    bool lost_unsaid; /* `lost` has not reached the judge */
    struct msg_role_lost lost;
    const char *killed_because; /* by us; NULL */
    bool asked_to_stop;
};

static struct supervisor {
    const struct config *config;
    sd_event *loop;
    struct child children[ROLE_COUNT];
    int config_fd, pulse_fd;
    struct gate_pulse *pulse;
    struct watch watch;
    uint64_t pings;
    bool all_ready; /* was reached once */
    int stopping;   /* index + 1 into roles_stop_order; 0: not stopping */
    bool forced;
    int err;
    char err_text[512];
} me;

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(NULL);
}

static int loop_error(int code)
{
    errno = -code;
    return err_sys(_("the supervisor's event loop"));
}

static bool exists(enum role role)
{
    return role != ROLE_SUPERVISOR;
}

/* --- telling --- */

static void tell(struct child *c, const struct message *m)
{
    if (c->control && channel_send(c->control, m) != 0)
        log_warning("%s: %s", role_name(c->role), err_text());
}

static void tell_pid(enum role to, enum role about, pid_t pid, bool on)
{
    struct message m = {.type = MSG_GUARD_PID, .guard_pid = {about, pid, on}};
    if (me.children[to].pid)
        tell(&me.children[to], &m);
}

static void announce(const struct child *c, bool on)
{
    tell_pid(ROLE_SENSOR, c->role, c->pid, on);
    tell_pid(ROLE_ACTOR, c->role, c->pid, on);
}

/* Losses are kept until a judge is there to hear of them, also the judge's own. */
static void tell_losses(void)
{
    struct child *judge = &me.children[ROLE_JUDGE];
    for (int i = 0; i < ROLE_COUNT && judge->ready && judge->control; i++) {
        struct child *c = &me.children[i];
        struct message m = {.type = MSG_ROLE_LOST, .role_lost = c->lost};
        if (c->lost_unsaid && channel_send(judge->control, &m) == 0)
            c->lost_unsaid = false;
    }
}

static void wire_pair(struct child *a, struct child *b)
{
    int fds[2];
    if (channel_pair(fds) != 0) {
        log_error("%s", err_text());
        return;
    }
    struct message m = {.type = MSG_WIRE, .wire = {b->role}};
    if (channel_send_fd(a->control, &m, fds[0]) != 0)
        log_error("%s", err_text());
    m.wire.role = a->role;
    if (channel_send_fd(b->control, &m, fds[1]) != 0)
        log_error("%s", err_text());
    close(fds[0]);
    close(fds[1]);
}

static void wire_all(struct child *c)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        struct child *other = &me.children[i];
        if (other->pid && other->control && roles_talk(c->role, (enum role)i))
            wire_pair(c, other);
    }
}

/* --- starting --- */

static int start(struct child *c);
static void next_stop(void);

static void say_ready(void)
{
    if (me.all_ready || me.stopping)
        return;
    for (int i = 0; i < ROLE_COUNT; i++)
        if (exists((enum role)i) && !me.children[i].ready)
            return;
    me.all_ready = true;
    const char *mode = me.config->mode == MODE_ENFORCE ? _("attacks are stopped and undone")
                                                       : _("attacks are only reported");
    char folders[768] = "";
    for (size_t i = 0; i < me.config->tree_count; i++) {
        size_t length = strlen(folders);
        snprintf(folders + length, sizeof folders - length, "%s%s", i ? ", " : "", me.config->trees[i].path);
    }
    sd_notifyf(0, "READY=1\nSTATUS=Watching %s", folders);
    if (isatty(STDOUT_FILENO)) {
        printf(_("Beffroi is watching %s (%s).\n"), folders, mode);
        fflush(stdout);
    } else {
        log_info(_("watching %s (%s)"), folders, mode);
    }
}

static void on_message(struct channel *channel, struct message *m, int fd, void *self)
{
    (void)channel;
    struct child *c = self;
    fd_close(&fd);
    c->answered_ns = now_ns();
    if (m->type == MSG_READY && !c->ready) {
        c->ready = true;
        tell_losses();
        say_ready();
    }
}

static void on_closed(struct channel *channel, int err, void *self)
{
    struct child *c = self;
    c->control = NULL;
    channel_free(channel);
    if (err == ERR_CORRUPT && c->pid) {
        c->killed_because = N_("it sent something that cannot be read");
        kill(c->pid, SIGKILL);
    }
}

static const struct channel_ops control_ops = {on_message, on_closed};

static int on_delay(sd_event_source *source, uint64_t when_us, void *self)
{
    (void)source;
    (void)when_us;
    struct child *c = self;
    c->delay_source = sd_event_source_unref(c->delay_source);
    if (!me.stopping && start(c) != 0)
        log_error("%s", err_text());
    return 0;
}

/* The first start after a quiet minute is at once. */
static void start_later(struct child *c)
{
    if (now_ns() - c->started_ns > QUIET_NS)
        c->delay_ns = 0;
    int64_t delay = c->delay_ns;
    c->delay_ns = !delay ? FIRST_DELAY_NS : delay * 2 > LAST_DELAY_NS ? LAST_DELAY_NS : delay * 2;
    int code = sd_event_add_time_relative(me.loop, &c->delay_source, CLOCK_MONOTONIC,
                                          (uint64_t)(delay / 1000), 1000, on_delay, c);
    if (code < 0)
        log_error("%s: %s", role_name(c->role), strerror(-code));
}

static void describe(const siginfo_t *info, const struct child *c, char *out, size_t size)
{
    int n;
    if (info->si_code == CLD_EXITED)
        n = snprintf(out, size, "exit status %d", info->si_status);
    else
        n = snprintf(out, size, "killed by signal %d (%s)", info->si_status, strsignal(info->si_status));
    if (c->killed_because && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ": %s", c->killed_because);
}

static void give_up(int err, const char *text)
{
    if (me.err)
        return;
    me.err = err;
    snprintf(me.err_text, sizeof me.err_text, "%s", text);
    if (!me.stopping) {
        me.stopping = 1;
        next_stop();
    }
}

static void kill_role(struct child *c, const char *why)
{
    c->killed_because = why;
    log_error(_("killing the %s: %s"), role_name(c->role), _(why));
    kill(c->pid, SIGKILL);
}

static void forget(struct child *c)
{
    if (!me.stopping)
        announce(c, false);
    channel_free(c->control);
    c->control = NULL;
    c->exit_source = sd_event_source_unref(c->exit_source);
    c->pid = 0;
    c->ready = false;
    if (c->role == ROLE_SENSOR) {
        pulse_close(me.pulse);
        watch_reset(&me.watch);
    }
}

static int on_exit_of(sd_event_source *source, const siginfo_t *info, void *self)
{
    (void)source;
    struct child *c = self;
    if (info->si_code == CLD_STOPPED) {
        kill_role(c, N_("it was stopped while programs wait for it"));
        return 0;
    }
    char text[256];
    describe(info, c, text, sizeof text);
    forget(c);
    if (me.stopping) {
        next_stop();
        return 0;
    }
    bool cannot = info->si_code == CLD_EXITED && info->si_status == ROLE_EXIT_START;
    if (cannot && !me.all_ready) {
        snprintf(text, sizeof text, _("the %s could not start; its message stands above"),
                 role_name(c->role));
        give_up(ERR_PARTIAL, text);
        return 0;
    }
    c->restarts++;
    c->lost = (struct msg_role_lost){.role = c->role, .restarts = c->restarts};
    snprintf(c->lost.text, sizeof c->lost.text, "%s", text);
    c->lost_unsaid = true;
    c->killed_because = NULL;
    log_warning(_("the %s died (%s); starting it again"), role_name(c->role), text);
    tell_losses();
    start_later(c);
    return 0;
}

/* Everything about the new process that the others must know goes out before it runs its first turn. */
static int introduce(struct child *c)
{
    tell_pid(c->role, ROLE_SUPERVISOR, getpid(), true);
    for (int i = 0; i < ROLE_COUNT; i++) {
        struct child *other = &me.children[i];
        if ((c->role == ROLE_SENSOR || c->role == ROLE_ACTOR) && other->pid && other != c)
            tell_pid(c->role, other->role, other->pid, true);
    }
    announce(c, true);
    wire_all(c);
    return 0;
}

static int start(struct child *c)
{
    int fds[2];
    int err = channel_pair(fds);
    if (err)
        return err;
    pid_t pid = spawn_role(c->role, c->program, fds[1], me.config_fd, me.pulse_fd);
    close(fds[1]);
    if (pid < 0) {
        close(fds[0]);
        start_later(c);
        return (int)pid;
    }
    c->pid = pid;
    c->ready = false;
    c->started_ns = c->answered_ns = now_ns();
    /* The kernel tells at once when the sensor is stopped; its pulse would tell later. */
    int what = c->role == ROLE_SENSOR ? WEXITED | WSTOPPED : WEXITED;
    int code = sd_event_add_child(me.loop, &c->exit_source, pid, what, on_exit_of, c);
    if (code >= 0)
        code = sd_event_source_set_enabled(c->exit_source, SD_EVENT_ON);
    if (code < 0) {
        close(fds[0]);
        kill(pid, SIGKILL);
        return loop_error(code);
    }
    err = channel_new(me.loop, fds[0], CHANNEL_LIMIT, &control_ops, c, &c->control);
    return err ? err : introduce(c);
}

/* --- watching --- */

static int on_second(sd_event_source *source, uint64_t when_us, void *unused)
{
    (void)when_us;
    (void)unused;
    struct message ping = {.type = MSG_ALIVE, .alive = {++me.pings}};
    int64_t now = now_ns();
    for (int i = 0; i < ROLE_COUNT; i++) {
        struct child *c = &me.children[i];
        if (!c->pid || !c->control || c->killed_because)
            continue;
        if (now - c->answered_ns > (c->ready ? ALIVE_LIMIT_NS : START_LIMIT_NS))
            kill_role(c, N_("it does not answer"));
        else if (c->ready)
            tell(c, &ping);
    }
    tell_losses();
    sd_notify(0, "WATCHDOG=1");
    sd_event_source_set_time_relative(source, ALIVE_EVERY_NS / 1000);
    return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_tick(sd_event_source *source, int fd, uint32_t events, void *unused)
{
    (void)source;
    (void)events;
    (void)unused;
    uint64_t ticks;
    if (read(fd, &ticks, sizeof ticks) < 0)
        return 0;
    struct child *sensor = &me.children[ROLE_SENSOR];
    int32_t thread = atomic_load(&me.pulse->thread);
    if (!thread || !sensor->pid || sensor->killed_because)
        return 0;
    int64_t now = now_ns();
    int64_t oldest = atomic_load(&me.pulse->oldest_ns);
    const char *why = NULL;
    if (watch_tick(&me.watch, atomic_load(&me.pulse->beat), now)) {
        struct watch_thread look;
        watch_look(sensor->pid, thread, &look);
        if (watch_hangs(&me.watch, &look, &why)) {
            kill_role(sensor, why);
            return 0;
        }
    }
    if (oldest && now - oldest > PULSE_OLD_MS * NS_PER_MS)
        kill_role(sensor, N_("it left an open waiting for too long"));
    return 0;
}

static int watch_pulse(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct itimerspec every = {{0, WATCH_TICK_NS}, {0, WATCH_TICK_NS}};
    if (fd < 0 || timerfd_settime(fd, 0, &every, NULL) != 0)
        return err_sys(_("cannot make the timer that watches the sensor"));
    sd_event_source *source;
    int code = sd_event_add_io(me.loop, &source, fd, EPOLLIN, on_tick, NULL);
    if (code < 0)
        return loop_error(code);
    sd_event_source_set_io_fd_own(source, true);
    code = sd_event_source_set_floating(source, true); /* the loop keeps it from here on */
    sd_event_source_unref(source);
    return code < 0 ? loop_error(code) : 0;
}

/* --- stopping --- */

static int on_stop_limit(sd_event_source *source, uint64_t when_us, void *self)
{
    (void)source;
    (void)when_us;
    struct child *c = self;
    c->delay_source = sd_event_source_unref(c->delay_source);
    if (c->pid)
        kill_role(c, N_("it does not stop"));
    return 0;
}

/* Stops the next role that runs; when none is left, leaves the loop. A process that died is collected first
 * (on_exit_of comes back here). */
static void next_stop(void)
{
    for (; roles_stop_order[me.stopping - 1] != ROLE_SUPERVISOR; me.stopping++) {
        struct child *c = &me.children[roles_stop_order[me.stopping - 1]];
        if (c->pid && c->asked_to_stop)
            return;
        c->delay_source = sd_event_source_unref(c->delay_source);
        if (!c->pid)
            continue;
        c->asked_to_stop = true;
        if (me.forced)
            kill(c->pid, SIGKILL);
        else
            tell(c, &(struct message){.type = MSG_STOP});
        sd_event_add_time_relative(me.loop, &c->delay_source, CLOCK_MONOTONIC, STOP_LIMIT_NS / 1000, 0,
                                   on_stop_limit, c);
        return;
    }
    sd_event_exit(me.loop, 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *unused)
{
    (void)source;
    (void)info;
    (void)unused;
    if (me.stopping) {
        log_warning("%s", _("asked twice to stop: killing what still runs"));
        me.forced = true;
        for (int i = 0; i < ROLE_COUNT; i++)
            if (me.children[i].pid)
                kill(me.children[i].pid, SIGKILL);
        return 0;
    }
    sd_notify(0, "STOPPING=1\nSTATUS=Stopping");
    log_info("%s", _("stopping"));
    me.stopping = 1;
    next_stop();
    return 0;
}

/* --- its own start --- */

static int make_memory(const char *text, size_t length)
{
    me.config_fd = memfd_create("beffroi-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (me.config_fd < 0)
        return err_sys(_("cannot make memory for the configuration"));
    int err = fd_write_all(me.config_fd, text, length, _("the configuration"));
    if (err)
        return err;
    if (fcntl(me.config_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return err_sys(_("cannot seal the configuration"));
    me.pulse_fd = memfd_create("beffroi-pulse", MFD_CLOEXEC);
    if (me.pulse_fd < 0 || ftruncate(me.pulse_fd, sizeof *me.pulse) != 0)
        return err_sys(_("cannot make memory for the sensor's pulse"));
    void *page = mmap(NULL, sizeof *me.pulse, PROT_READ | PROT_WRITE, MAP_SHARED, me.pulse_fd, 0);
    if (page == MAP_FAILED)
        return err_sys(_("cannot map the sensor's pulse"));
    me.pulse = page;
    watch_reset(&me.watch);
    return 0;
}

static int make_loop(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    int code = sd_event_new(&me.loop);
    if (code >= 0)
        code = sd_event_add_signal(me.loop, NULL, SIGTERM, on_signal, NULL);
    if (code >= 0)
        code = sd_event_add_signal(me.loop, NULL, SIGINT, on_signal, NULL);
    if (code >= 0)
        code = sd_event_add_time_relative(me.loop, NULL, CLOCK_MONOTONIC, ALIVE_EVERY_NS / 1000, 0, on_second,
                                          NULL);
    return code < 0 ? loop_error(code) : watch_pulse();
}

static int start_all(void)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        me.children[i].role = (enum role)i;
    /* All before the first is started: an update of the package in the middle cannot mix versions. */
    for (const enum role *r = roles_start_order; *r != ROLE_SUPERVISOR; r++)
        if ((me.children[*r].program = program_open(role_name(*r))) < 0)
            return me.children[*r].program;
    for (const enum role *r = roles_start_order; *r != ROLE_SUPERVISOR; r++) {
        int err = start(&me.children[*r]);
        if (err)
            return err;
    }
    return 0;
}

int supervisor_run(const struct config *config, const char *text, size_t length)
{
    me.config = config;
    /* The watch must be punctual when the machine is busy. */
    setpriority(PRIO_PROCESS, 0, -10);
    int err = make_memory(text, length);
    if (!err)
        err = make_loop();
    if (!err)
        err = start_all();
    if (err)
        give_up(err, err_text());
    if (me.loop) {
        int code = sd_event_loop(me.loop);
        if (code < 0)
            return loop_error(code);
        sd_event_unref(me.loop);
    }
    return me.err ? err_set((enum err)me.err, "%s", me.err_text) : 0;
}
