/* SPDX-License-Identifier: GPL-3.0-or-later
 * What one role says is what the other hears, and hostile bytes are refused; channels keep order and
 * descriptors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"
#include "ipc/channel.h"
#include "ipc/message.h"
#include "model/alert.h"

static const enum message_type types[] = {
    MSG_WIRE,         MSG_READY,       MSG_ALIVE,  MSG_ROLE_LOST, MSG_STOP,      MSG_GUARD_PID,
    MSG_EVENT,        MSG_SYNC,        MSG_SYNCED, MSG_WATCH,     MSG_CONDEMN,   MSG_HELD,
    MSG_SENSOR_STATE, MSG_ORDER,       MSG_STEP,   MSG_STEPS_END, MSG_ACTION,    MSG_STEP_RESULT,
    MSG_SNAPSHOT,     MSG_VAULT_STATE, MSG_APPEND, MSG_APPENDED,  MSG_REPLAY,    MSG_REPLAY_END,
    MSG_REQUEST,      MSG_RESPONSE,    MSG_FLUSH,  MSG_FLUSHED,   MSG_CONDEMNED, MSG_TREE_FILES,
    MSG_PAST,
};
#define TYPES (sizeof types / sizeof types[0])

static void fill_actor(struct actor *a)
{
    a->pid = 4242;
    a->start = 0x1122334455667788;
    a->root_pid = -1;
    a->root_start = 99;
    a->uid = 65534;
    strcpy(a->exe, "/usr/bin/ls");
    strcpy(a->client, "fe80::1%eth0");
}

static void fill_version(struct version *v)
{
    *v = (struct version){VERSION_VAULT, 1, 2, 3, -4, INT64_MIN};
}

static void fill_sketch(struct sketch *s)
{
    s->size = 1u << 30;
    s->valid = 1;
    s->filetype = FILETYPE_GPG;
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++) {
        s->blocks[i].hash = 0xabcdef00u + i;
        s->blocks[i].length = (uint16_t)(SKETCH_BLOCK_SIZE - i);
        s->blocks[i].entropy = (uint8_t)(240 + i % 8);
        s->blocks[i].ascii = (uint8_t)i;
        s->blocks[i].chi = (uint16_t)(65535 - i);
    }
}

static void fill_event(struct event *e)
{
    e->sequence = UINT64_MAX;
    e->time_ns = -1;
    e->monotonic_ns = INT64_MAX;
    e->kind = EVENT_RENAMED;
    e->flags = EVENT_FOLDER | EVENT_LINKED;
    e->tree = 63;
    fill_actor(&e->actor);
    memset(e->path, 'a', sizeof e->path - 1);
    strcpy(e->new_path, "Comptabilit\xc3\xa9/\xff\xfe");
    fill_version(&e->before);
    fill_version(&e->replaced);
    e->after = (struct filestate){7, 8, 9};
    fill_sketch(&e->old_sketch);
    fill_sketch(&e->new_sketch);
}

static void fill_text(char **text, size_t *length)
{
    *length = MESSAGE_TEXT_MAX;
    *text = mem_zalloc(*length + 1, 1);
    memset(*text, 'x', *length);
}

static void fill_control(struct message *m)
{
    switch (m->type) {
    case MSG_WIRE:
        m->wire.role = ROLE_SCRIBE;
        break;
    case MSG_ALIVE:
        m->alive.number = 77;
        break;
    case MSG_ROLE_LOST:
        m->role_lost = (struct msg_role_lost){ROLE_SENSOR, 3, "killed by signal 11"};
        break;
    case MSG_GUARD_PID:
        m->guard_pid = (struct msg_guard_pid){ROLE_ACTOR, 4711, true};
        break;
    case MSG_SYNC:
        m->sync.token = 5;
        m->sync.sequence = 6;
        fill_actor(&m->sync.actor);
        break;
    case MSG_SYNCED:
        m->synced = (struct msg_synced){5, true};
        break;
    case MSG_WATCH:
        m->watch.scope = SCOPE_TREE;
        m->watch.tree = 2;
        m->watch.on = true;
        fill_actor(&m->watch.actor);
        break;
    case MSG_CONDEMN:
        m->condemn.token = 8;
        m->condemn.on = true;
        fill_actor(&m->condemn.actor);
        break;
    case MSG_CONDEMNED:
        m->condemned.token = 8;
        break;
    case MSG_FLUSH:
        m->flush.token = 9;
        fill_actor(&m->flush.actor);
        break;
    case MSG_FLUSHED:
        m->flushed.token = 9;
        break;
    case MSG_TREE_FILES:
        m->tree_files = (struct msg_tree_files){3, 100000};
        break;
    case MSG_HELD:
        m->held = (struct msg_held){1, 2, "held-1"};
        break;
    case MSG_SENSOR_STATE:
        m->sensor_state = (struct msg_sensor_state){1, 2, 3, 4, 5, 6, 7, 8, true, false, "renames"};
        break;
    default:
        break;
    }
}

static void fill_work(struct message *m)
{
    switch (m->type) {
    case MSG_EVENT:
    case MSG_PAST:
        fill_event(&m->event);
        break;
    case MSG_ORDER:
        m->order = (struct order){.id = 9, .incident = 1, .kind = ORDER_PUT_BACK, .undo = true, .tree = 4};
        fill_actor(&m->order.culprit);
        break;
    case MSG_STEP:
        m->step.order = 9;
        m->step.step.number = 1;
        m->step.step.kind = STEP_REMOVE_FOLDER;
        strcpy(m->step.step.path, "a/b");
        strcpy(m->step.step.from, "a/b.locked");
        fill_version(&m->step.step.version);
        m->step.step.expected = (struct filestate){1, 2, 3};
        break;
    case MSG_STEPS_END:
        m->steps_end = (struct msg_steps_end){9, 1000};
        break;
    case MSG_ACTION:
        m->action = (struct action){.order = 9,
                                    .incident = 1,
                                    .kind = ORDER_FREEZE,
                                    .result = ACTION_WOULD,
                                    .time_ns = 5,
                                    .tree = 1,
                                    .done = 2,
                                    .failed = 3,
                                    .kept = 4,
                                    .text = "three processes"};
        break;
    case MSG_STEP_RESULT:
        m->step_result = (struct msg_step_result){9, 1, 2, STEP_FAILED, "disk full"};
        break;
    default:
        break;
    }
}

static void fill_records(struct message *m)
{
    switch (m->type) {
    case MSG_SNAPSHOT:
        m->snapshot = (struct msg_snapshot){1, 2, "00ff", 3, 4, 5, 6, "held-2"};
        break;
    case MSG_VAULT_STATE:
        m->vault_state = (struct msg_vault_state){false, "wrong password"};
        break;
    case MSG_APPEND:
        m->append.token = 1;
        m->append.urgent = true;
        fill_text(&m->append.text, &m->append.length);
        break;
    case MSG_APPENDED:
        m->appended = (struct msg_appended){1, 2, ERR_NO_SPACE, "full"};
        break;
    case MSG_REPLAY:
        m->replay.index = 12;
        fill_text(&m->replay.text, &m->replay.length);
        break;
    case MSG_REQUEST:
        m->request = (struct msg_request){1, REQUEST_SNAPSHOT, 2, UINT32_MAX, 1000};
        break;
    case MSG_RESPONSE:
        m->response.id = 1;
        m->response.status = 404;
        m->response.more = true;
        fill_text(&m->response.text, &m->response.length);
        break;
    default:
        break;
    }
}

static struct message *make(enum message_type type)
{
    struct message *m = mem_zalloc(1, sizeof *m);
    m->type = type;
    fill_control(m);
    fill_work(m);
    fill_records(m);
    return m;
}

static void drop(struct message *m)
{
    message_free(m);
    free(m);
}

/* Texts compare by content; then the structs must be equal byte for byte. */
static void assert_same(struct message *sent, struct message *heard)
{
    char **a = NULL, **b = NULL;
    size_t length = 0;
    if (sent->type == MSG_APPEND) {
        a = &sent->append.text, b = &heard->append.text, length = sent->append.length;
    } else if (sent->type == MSG_REPLAY) {
        a = &sent->replay.text, b = &heard->replay.text, length = sent->replay.length;
    } else if (sent->type == MSG_RESPONSE) {
        a = &sent->response.text, b = &heard->response.text, length = sent->response.length;
    }
    if (a) {
        assert_memory_equal(*a, *b, length + 1);
        free(*b);
        *b = *a;
    }
    assert_memory_equal(sent, heard, sizeof *sent);
    if (b)
        *b = NULL;
}

static void every_type_comes_out_as_it_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < TYPES; i++) {
        struct message *sent = make(types[i]);
        struct message *heard = mem_zalloc(1, sizeof *heard);
        struct buf b BUF_AUTO;
        buf_init(&b, MESSAGE_MAX);
        message_encode(sent, &b);
        assert_false(b.overflowed);
        assert_int_equal(message_decode(b.data, b.length, heard), 0);
        assert_same(sent, heard);
        drop(heard);
        drop(sent);
    }
}

static void a_message_cut_anywhere_or_too_long_is_refused(void **state)
{
    (void)state;
    struct message *heard = mem_zalloc(1, sizeof *heard);
    for (size_t i = 0; i < TYPES; i++) {
        struct message *sent = make(types[i]);
        struct buf b BUF_AUTO;
        buf_init(&b, MESSAGE_MAX + 1);
        message_encode(sent, &b);
        size_t stride = b.length > 4096 ? 97 : 1;
        for (size_t cut = 0; cut < b.length; cut += stride)
            assert_int_equal(message_decode(b.data, cut, heard), ERR_CORRUPT);
        buf_put_u8(&b, 0);
        assert_int_equal(message_decode(b.data, b.length, heard), ERR_CORRUPT);
        drop(sent);
    }
    free(heard);
}

static void refuse(const struct message *m)
{
    struct message *heard = mem_zalloc(1, sizeof *heard);
    struct buf b BUF_AUTO;
    buf_init(&b, MESSAGE_MAX);
    message_encode(m, &b);
    assert_int_equal(message_decode(b.data, b.length, heard), ERR_CORRUPT);
    free(heard);
}

static void words_out_of_range_are_refused(void **state)
{
    (void)state;
    struct message *m = make(MSG_EVENT);
    m->event.kind = (enum event_kind)7;
    refuse(m);
    m->event.kind = EVENT_WRITTEN;
    m->event.before.kind = (enum version_kind)3;
    refuse(m);
    m->event.before.kind = VERSION_NONE;
    m->event.new_sketch.filetype = FILETYPE_COUNT;
    refuse(m);
    drop(m);
    m = make(MSG_ORDER);
    m->order.kind = ORDER_KIND_COUNT;
    refuse(m);
    drop(m);
    m = make(MSG_WIRE);
    m->wire.role = ROLE_COUNT;
    refuse(m);
    drop(m);
    const uint8_t flag_of_two[] = {12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2};
    struct message *heard = mem_zalloc(1, sizeof *heard);
    assert_int_equal(message_decode(flag_of_two, sizeof flag_of_two, heard), ERR_CORRUPT);
    const uint8_t version_two[] = {2, 0, 2, 0};
    assert_int_equal(message_decode(version_two, sizeof version_two, heard), ERR_CORRUPT);
    const uint8_t no_such_type[] = {7, 0, 1, 0};
    assert_int_equal(message_decode(no_such_type, sizeof no_such_type, heard), ERR_CORRUPT);
    free(heard);
}

static void a_text_with_a_nul_is_refused(void **state)
{
    (void)state;
    struct message *m = make(MSG_APPEND);
    m->append.text[100] = '\0';
    refuse(m);
    drop(m);
}

struct ear {
    sd_event *loop;
    unsigned heard;
    unsigned wanted;
    int closed;
    int passed;
};

static void on_message(struct channel *c, struct message *m, int fd, void *self)
{
    (void)c;
    struct ear *ear = self;
    assert_int_equal(m->type, MSG_APPEND);
    assert_int_equal(m->append.token, ear->heard);
    ear->heard++;
    if (fd >= 0)
        ear->passed = fd;
    if (ear->heard == ear->wanted)
        sd_event_exit(ear->loop, 0);
}

static void on_closed(struct channel *c, int err, void *self)
{
    (void)c;
    struct ear *ear = self;
    ear->closed = err;
    sd_event_exit(ear->loop, 0);
}

static const struct channel_ops ear_ops = {on_message, on_closed};

static void a_channel_keeps_order_and_descriptors_when_the_socket_is_full(void **state)
{
    (void)state;
    sd_event *loop = NULL;
    assert_true(sd_event_new(&loop) >= 0);
    struct ear ear = {.loop = loop, .wanted = 500, .passed = -1};
    int fds[2];
    assert_int_equal(channel_pair(fds), 0);
    struct channel *a = NULL, *b = NULL;
    assert_int_equal(channel_new(loop, fds[0], 64u << 20, &ear_ops, &ear, &a), 0);
    assert_int_equal(channel_new(loop, fds[1], 0, &ear_ops, &ear, &b), 0);
    struct message *m = make(MSG_APPEND);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    for (unsigned i = 0; i < ear.wanted; i++) {
        m->append.token = i;
        assert_int_equal(channel_send_fd(a, m, i == 300 ? pipes[0] : -1), 0);
    }
    assert_true(channel_backlog(a) > 0);
    close(pipes[0]);
    assert_true(sd_event_loop(loop) >= 0);
    assert_int_equal(ear.heard, ear.wanted);
    assert_true(ear.passed >= 0);
    assert_int_equal(write(pipes[1], "y", 1), 1);
    char byte;
    assert_int_equal(read(ear.passed, &byte, 1), 1);
    close(ear.passed);
    close(pipes[1]);
    drop(m);
    channel_free(a);
    channel_free(b);
    sd_event_unref(loop);
}

static void a_channel_says_when_nobody_listens_fast_enough(void **state)
{
    (void)state;
    sd_event *loop = NULL;
    assert_true(sd_event_new(&loop) >= 0);
    struct ear ear = {.loop = loop};
    int fds[2];
    assert_int_equal(channel_pair(fds), 0);
    struct channel *a = NULL;
    assert_int_equal(channel_new(loop, fds[0], 100000, &ear_ops, &ear, &a), 0);
    struct message *m = make(MSG_APPEND);
    int err = 0;
    for (unsigned i = 0; i < 100 && !err; i++)
        err = channel_send(a, m);
    assert_int_equal(err, ERR_TOO_LARGE);
    close(fds[1]);
    assert_true(sd_event_loop(loop) >= 0);
    assert_true(ear.closed < 0);
    assert_int_equal(channel_send(a, m), ERR_CLOSED);
    drop(m);
    channel_free(a);
    sd_event_unref(loop);
}

static void rubbish_ends_the_channel(void **state)
{
    (void)state;
    sd_event *loop = NULL;
    assert_true(sd_event_new(&loop) >= 0);
    struct ear ear = {.loop = loop};
    int fds[2];
    assert_int_equal(channel_pair(fds), 0);
    struct channel *a = NULL;
    assert_int_equal(channel_new(loop, fds[0], 0, &ear_ops, &ear, &a), 0);
    assert_int_equal(write(fds[1], "rubbish", 7), 7);
    assert_true(sd_event_loop(loop) >= 0);
    assert_int_equal(ear.closed, ERR_CORRUPT);
    close(fds[1]);
    channel_free(a);
    sd_event_unref(loop);
}

static void a_thread_can_talk_by_itself(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(channel_pair(fds), 0);
    struct message *heard = mem_zalloc(1, sizeof *heard);
    assert_int_equal(channel_receive(fds[1], 10, heard, NULL), ERR_TIMEOUT);
    struct message *m = make(MSG_ALIVE);
    assert_int_equal(channel_write(fds[0], m, -1), 0);
    assert_int_equal(channel_receive(fds[1], 1000, heard, NULL), 0);
    assert_int_equal(heard->alive.number, 77);
    close(fds[0]);
    assert_int_equal(channel_receive(fds[1], 1000, heard, NULL), ERR_CLOSED);
    close(fds[1]);
    drop(m);
    free(heard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_out_as_it_went_in),
        cmocka_unit_test(a_message_cut_anywhere_or_too_long_is_refused),
        cmocka_unit_test(words_out_of_range_are_refused),
        cmocka_unit_test(a_text_with_a_nul_is_refused),
        cmocka_unit_test(a_channel_keeps_order_and_descriptors_when_the_socket_is_full),
        cmocka_unit_test(a_channel_says_when_nobody_listens_fast_enough),
        cmocka_unit_test(rubbish_ends_the_channel),
        cmocka_unit_test(a_thread_can_talk_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
