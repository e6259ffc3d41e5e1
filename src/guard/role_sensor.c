/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sensor's process. The sensor calls back from threads of its own; what it says goes straight to the
 * judge's channel from there through the loop, in order.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "guard/role.h"
#include "guard/roles.h"
#include "sensor/changelog.h"
#include "sensor/held.h"
#include "sensor/sensor.h"

#define LOOK_EVERY_NS  (50 * NS_PER_MS)
#define STATE_EVERY_NS NS_PER_SECOND
#define BACKLOG        ((size_t)256 << 20) /* events that wait for a busy judge */
#define MAX_GUARD_PIDS 64

static struct sensor *sensor;
static int state_fd = -1;
static struct changelog *changelog; /* loop thread only */
static uint64_t lost_events;        /* that the judge did not take in time; loop thread only */
static int32_t guard_pids[MAX_GUARD_PIDS];
static size_t guard_pid_count;

static void post(struct message *m)
{
    int err = role_send(ROLE_JUDGE, m);
    if (err == 0 || err == ERR_CLOSED)
        return;
    if (m->type == MSG_EVENT && lost_events++ == 0)
        log_error("the judge does not keep up, events are being lost: %s", err_text());
}

static void send_on_loop(void *argument)
{
    struct message *m = argument;
    post(m);
    free(m);
}

/* Down before it is told: the judge may die with it in its hands. */
static void log_change(const struct message *m)
{
    static bool failed;
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, CHANGELOG_RECORD_MAX);
    message_encode(m, &bytes);
    bool failed_before = failed;
    failed = changelog_add(changelog, bytes.data, bytes.length) != 0;
    if (failed && !failed_before)
        log_error("changes are not written down, a guard that is killed now would not know them: %s",
                  err_text());
}

static void send_event_on_loop(void *argument)
{
    log_change(argument);
    send_on_loop(argument);
}

static void tell_again(const void *payload, size_t length, void *self)
{
    struct message *m = self;
    if (message_decode(payload, length, m) != 0)
        return;
    m->type = MSG_PAST;
    post(m);
}

static void tell_past(void)
{
    struct message *m MEM_AUTO = mem_zalloc(1, sizeof *m);
    if (changelog_read(changelog, tell_again, m) != 0)
        log_error("changes of late are not told again: %s", err_text());
}

static void on_event(const struct event *event, void *self)
{
    (void)self;
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = MSG_EVENT;
    m->event = *event;
    role_post(send_event_on_loop, m);
}

static void on_sync(uint64_t token, uint64_t sequence, const struct actor *actor, void *self)
{
    (void)self;
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = MSG_SYNC;
    m->sync = (struct msg_sync){.token = token, .sequence = sequence, .actor = *actor};
    role_post(send_on_loop, m);
}

static void tell_state(void *argument)
{
    (void)argument;
    struct sensor_state state;
    sensor_get_state(sensor, &state);
    struct message m = {.type = MSG_SENSOR_STATE,
                        .sensor_state = {.events = state.events,
                                         .dropped = state.dropped + lost_events,
                                         .rescans = state.rescans,
                                         .gate_p99_ns = state.gate_p99_ns,
                                         .shadow_bytes = state.shadow_bytes,
                                         .shadow_files = state.shadow_files,
                                         .unkept = state.unkept,
                                         .files = state.files,
                                         .ready = state.ready,
                                         .gate = state.gate}};
    memcpy(m.sensor_state.blind_to, state.blind_to, sizeof m.sensor_state.blind_to);
    post(&m);
    for (uint32_t tree = 0; state.ready && tree < role_config()->tree_count; tree++) {
        struct message files = {.type = MSG_TREE_FILES,
                                .tree_files = {.tree = tree, .files = sensor_files(sensor, tree)}};
        post(&files);
    }
}

/* Once a second, and at once when the trees are scanned: until the judge knows how many files there are, it
 * cannot tell a mass deletion. */
static void look(void *argument)
{
    static int64_t told_ns;
    static bool told_ready;
    struct sensor_state state = {0};
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    if (!told_ready)
        sensor_get_state(sensor, &state);
    if (now - told_ns < STATE_EVERY_NS && (told_ready || !state.ready))
        return;
    told_ready = told_ready || state.ready;
    told_ns = now;
    tell_state(argument);
}

static int start(const struct config *config, sd_event *loop)
{
    (void)loop;
    char boot[BOOT_ID_SIZE];
    state_fd = open(config->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state_fd < 0)
        return err_sys(_("cannot open the state folder %s"), config->state);
    clock_boot_id(boot);
    if (changelog_open(state_fd, boot, &changelog) != 0)
        log_error("changes are not written down, a guard that is killed now would not know them: %s",
                  err_text());
    return 0;
}

static void ignore_record(const struct held_record *record, void *self)
{
    (void)record;
    (void)self;
}

/* What the last snapshot of the guard's previous life holds: until there is a new one, deletions find their
 * version in it. A list that is missing or damaged is none. */
static void take_last_lists(size_t trees)
{
    int held_fd FD_AUTO = openat(state_fd, "held", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (uint32_t tree = 0; held_fd >= 0 && tree < trees; tree++) {
        uint64_t snapshot;
        char name[64];
        snprintf(name, sizeof name, HELD_NAME, tree);
        if (held_read(held_fd, name, tree, &snapshot, ignore_record, NULL) != 0 ||
            sensor_held(sensor, tree, snapshot, name) != 0)
            log_info("no list of what the vault holds of folder %u yet", tree);
    }
}

static int confined(void)
{
    const struct config *config = role_config();
    static const struct sensor_ops ops = {.event = on_event, .sync = on_sync};
    struct sensor_tree trees[CONFIG_MAX_TREES];
    for (size_t i = 0; i < config->tree_count; i++)
        trees[i] = (struct sensor_tree){.path = config->trees[i].path, .decoys = config->trees[i].decoys};
    const struct sensor_options options = {
        .trees = trees,
        .tree_count = config->tree_count,
        .state_fd = state_fd,
        .shadow_quota = config->shadow_quota,
        .shadow_keep_ns = config->shadow_keep_ns,
        .shadow_largest = config->shadow_largest,
        .may_hold = config->mode == MODE_ENFORCE,
        .own_pids = guard_pids,
        .own_pid_count = guard_pid_count,
        .pulse = role_pulse(),
    };
    int err = sensor_start(&options, &ops, NULL, &sensor);
    if (err)
        return err;
    take_last_lists(config->tree_count);
    return role_every(LOOK_EVERY_NS, look, NULL);
}

static void guard_pid(enum role role, int32_t pid, bool on)
{
    (void)role;
    if (sensor) {
        sensor_own_pid(sensor, pid, on);
        return;
    }
    if (on && guard_pid_count < MAX_GUARD_PIDS)
        guard_pids[guard_pid_count++] = pid;
}

static void wired(enum role peer)
{
    if (peer != ROLE_JUDGE)
        return;
    tell_past();
    tell_state(NULL);
}

static void flush(const struct msg_flush *flush)
{
    sensor_flush(sensor, &flush->actor);
    /* Behind the events, which take the same way. */
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = MSG_FLUSHED;
    m->flushed.token = flush->token;
    role_post(send_on_loop, m);
}

static void condemn(const struct msg_condemn *m)
{
    sensor_condemn(sensor, &m->actor, m->on);
    struct message answer = {.type = MSG_CONDEMNED, .condemned = {.token = m->token}};
    if (m->token != 0)
        post(&answer);
}

static void message(enum role peer, struct message *m, int fd)
{
    fd_close(&fd);
    if (peer != ROLE_JUDGE)
        return;
    if (m->type == MSG_SYNCED)
        sensor_synced(sensor, m->synced.token, m->synced.deny);
    else if (m->type == MSG_WATCH)
        sensor_watch(sensor, (enum scope)m->watch.scope, &m->watch.actor, m->watch.tree, m->watch.on);
    else if (m->type == MSG_CONDEMN)
        condemn(&m->condemn);
    else if (m->type == MSG_FLUSH)
        flush(&m->flush);
    else if (m->type == MSG_HELD) {
        int err = sensor_held(sensor, m->held.tree, m->held.snapshot, m->held.file);
        if (err)
            log_error("the list of what the vault holds was not taken in: %s", err_text());
    }
}

static void stop(void)
{
    sensor_stop(sensor);
    sensor = NULL;
    changelog_close(changelog);
    changelog = NULL;
    fd_close(&state_fd);
}

const struct role_ops role_sensor_ops = {
    .start = start,
    .confined = confined,
    .wired = wired,
    .message = message,
    .guard_pid = guard_pid,
    .stop = stop,
    .backlog = BACKLOG,
};
