/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every struct has one function that goes over its fields in order; the same function writes and reads, so
 * that the two cannot drift apart. Writing leaves the fields as they are.
 */
#include "ipc/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "model/alert.h"

#define VERSION 1

/* Exactly one of the two is set. */
struct codec {
    struct buf *to;
    struct reader *from;
};

#define DEFINE_INTEGER(name, type, wire, width)                                                              \
    static void name(struct codec *c, type *value)                                                           \
    {                                                                                                        \
        if (c->to)                                                                                           \
            buf_put_##width(c->to, (wire)*value);                                                            \
        else                                                                                                 \
            *value = (type)reader_##width(c->from);                                                          \
    }

DEFINE_INTEGER(u8, uint8_t, uint8_t, u8)
DEFINE_INTEGER(u16, uint16_t, uint16_t, u16)
DEFINE_INTEGER(u32, uint32_t, uint32_t, u32)
DEFINE_INTEGER(u64, uint64_t, uint64_t, u64)
DEFINE_INTEGER(i32, int32_t, uint32_t, u32)
DEFINE_INTEGER(i64, int64_t, uint64_t, u64)

static void flag(struct codec *c, bool *value)
{
    if (c->to) {
        buf_put_u8(c->to, *value);
        return;
    }
    uint8_t byte = reader_u8(c->from);
    if (byte > 1)
        c->from->failed = true;
    *value = byte == 1;
}

/* A whole number that must lie in a range: enumerations, which are ints of unknown width to the compiler. */
static int ranged(struct codec *c, int value, int least, int most)
{
    if (c->to) {
        buf_put_u32(c->to, (uint32_t)value);
        return value;
    }
    uint32_t read = reader_u32(c->from);
    if (read < (uint32_t)least || read > (uint32_t)most) {
        c->from->failed = true;
        return least;
    }
    return (int)read;
}

#define WORD(c, field, type, least, most) ((field) = (type)ranged(c, (int)(field), (int)(least), (int)(most)))

static void string(struct codec *c, char *value, size_t size)
{
    if (c->to)
        buf_put_blob(c->to, value, strnlen(value, size - 1));
    else
        reader_string(c->from, value, size);
}

#define STRING(c, field) string(c, field, sizeof(field))

/* A long text, with a NUL kept behind its end. */
static void text(struct codec *c, char **value, size_t *length)
{
    if (c->to) {
        if (*length > MESSAGE_TEXT_MAX)
            c->to->overflowed = true;
        else
            buf_put_blob(c->to, *value, *length);
        return;
    }
    size_t claimed;
    const uint8_t *bytes = reader_blob(c->from, &claimed);
    if (!bytes || claimed > MESSAGE_TEXT_MAX || memchr(bytes, 0, claimed)) {
        c->from->failed = true;
        return;
    }
    *value = mem_zalloc(claimed + 1, 1);
    memcpy(*value, bytes, claimed);
    *length = claimed;
}

static void actor(struct codec *c, struct actor *a)
{
    i32(c, &a->pid);
    u64(c, &a->start);
    i32(c, &a->root_pid);
    u64(c, &a->root_start);
    u32(c, &a->uid);
    STRING(c, a->exe);
    STRING(c, a->client);
}

static void version(struct codec *c, struct version *v)
{
    WORD(c, v->kind, enum version_kind, VERSION_NONE, VERSION_VAULT);
    u64(c, &v->id);
    u64(c, &v->inode);
    u64(c, &v->size);
    i64(c, &v->mtime_ns);
    i64(c, &v->ctime_ns);
}

static void filestate(struct codec *c, struct filestate *f)
{
    u64(c, &f->inode);
    u64(c, &f->size);
    i64(c, &f->ctime_ns);
}

static void sketch(struct codec *c, struct sketch *s)
{
    u64(c, &s->size);
    u8(c, &s->valid);
    u8(c, &s->filetype);
    if (c->from && s->filetype >= FILETYPE_COUNT)
        c->from->failed = true;
    for (size_t i = 0; i < SKETCH_BLOCKS; i++) {
        u32(c, &s->blocks[i].hash);
        u16(c, &s->blocks[i].length);
        u8(c, &s->blocks[i].entropy);
        u8(c, &s->blocks[i].ascii);
        u16(c, &s->blocks[i].chi);
        if (c->from && s->blocks[i].length > SKETCH_BLOCK_SIZE)
            c->from->failed = true;
    }
}

static void role(struct codec *c, enum role *r)
{
    WORD(c, *r, enum role, ROLE_SUPERVISOR, ROLE_COUNT - 1);
}

static void wire(struct codec *c, struct message *m)
{
    role(c, &m->wire.role);
}

static void alive(struct codec *c, struct message *m)
{
    u64(c, &m->alive.number);
}

static void role_lost(struct codec *c, struct message *m)
{
    role(c, &m->role_lost.role);
    u32(c, &m->role_lost.restarts);
    STRING(c, m->role_lost.text);
}

static void guard_pid(struct codec *c, struct message *m)
{
    role(c, &m->guard_pid.role);
    i32(c, &m->guard_pid.pid);
    flag(c, &m->guard_pid.on);
}

static void nothing(struct codec *c, struct message *m)
{
    (void)c;
    (void)m;
}

static void event(struct codec *c, struct message *m)
{
    struct event *e = &m->event;
    u64(c, &e->sequence);
    i64(c, &e->time_ns);
    i64(c, &e->monotonic_ns);
    WORD(c, e->kind, enum event_kind, EVENT_CREATED, EVENT_ATTRIBUTES);
    u32(c, &e->flags);
    u32(c, &e->tree);
    actor(c, &e->actor);
    STRING(c, e->path);
    STRING(c, e->new_path);
    version(c, &e->before);
    version(c, &e->replaced);
    filestate(c, &e->after);
    sketch(c, &e->old_sketch);
    sketch(c, &e->new_sketch);
}

static void sync_asked(struct codec *c, struct message *m)
{
    u64(c, &m->sync.token);
    u64(c, &m->sync.sequence);
    actor(c, &m->sync.actor);
}

static void synced(struct codec *c, struct message *m)
{
    u64(c, &m->synced.token);
    flag(c, &m->synced.deny);
}

static void watch(struct codec *c, struct message *m)
{
    WORD(c, m->watch.scope, uint32_t, SCOPE_PROCESS_TREE, SCOPE_TREE);
    u32(c, &m->watch.tree);
    flag(c, &m->watch.on);
    actor(c, &m->watch.actor);
}

static void flush(struct codec *c, struct message *m)
{
    u64(c, &m->flush.token);
    actor(c, &m->flush.actor);
}

static void flushed(struct codec *c, struct message *m)
{
    u64(c, &m->flushed.token);
}

static void condemn(struct codec *c, struct message *m)
{
    u64(c, &m->condemn.token);
    flag(c, &m->condemn.on);
    actor(c, &m->condemn.actor);
}

static void condemned(struct codec *c, struct message *m)
{
    u64(c, &m->condemned.token);
}

static void tree_files(struct codec *c, struct message *m)
{
    u32(c, &m->tree_files.tree);
    u32(c, &m->tree_files.files);
}

static void held(struct codec *c, struct message *m)
{
    u32(c, &m->held.tree);
    u64(c, &m->held.snapshot);
    STRING(c, m->held.file);
}

static void sensor_state(struct codec *c, struct message *m)
{
    struct msg_sensor_state *s = &m->sensor_state;
    u64(c, &s->events);
    u64(c, &s->dropped);
    u64(c, &s->rescans);
    u64(c, &s->gate_p99_ns);
    u64(c, &s->shadow_bytes);
    u64(c, &s->shadow_files);
    u64(c, &s->unkept);
    u32(c, &s->files);
    flag(c, &s->ready);
    flag(c, &s->gate);
    STRING(c, s->blind_to);
}

static void order(struct codec *c, struct message *m)
{
    struct order *o = &m->order;
    u64(c, &o->id);
    u32(c, &o->incident);
    WORD(c, o->kind, enum order_kind, ORDER_FREEZE, ORDER_KIND_COUNT - 1);
    flag(c, &o->undo);
    flag(c, &o->dry);
    u32(c, &o->tree);
    actor(c, &o->culprit);
}

static void step(struct codec *c, struct message *m)
{
    struct step *s = &m->step.step;
    u64(c, &m->step.order);
    u32(c, &s->number);
    WORD(c, s->kind, enum step_kind, STEP_RESTORE, STEP_REMOVE_FOLDER);
    u32(c, &s->tree);
    STRING(c, s->path);
    STRING(c, s->from);
    version(c, &s->version);
    filestate(c, &s->expected);
}

static void steps_end(struct codec *c, struct message *m)
{
    u64(c, &m->steps_end.order);
    u32(c, &m->steps_end.count);
}

static void action(struct codec *c, struct message *m)
{
    struct action *a = &m->action;
    u64(c, &a->order);
    u32(c, &a->incident);
    WORD(c, a->kind, enum order_kind, ORDER_FREEZE, ORDER_KIND_COUNT - 1);
    flag(c, &a->undo);
    WORD(c, a->result, enum action_result, ACTION_DONE, ACTION_NO_PLAN);
    i64(c, &a->time_ns);
    u32(c, &a->tree);
    u32(c, &a->done);
    u32(c, &a->failed);
    u32(c, &a->kept);
    STRING(c, a->username);
    STRING(c, a->text);
}

static void step_result(struct codec *c, struct message *m)
{
    struct msg_step_result *s = &m->step_result;
    u64(c, &s->order);
    u32(c, &s->incident);
    u32(c, &s->number);
    WORD(c, s->result, uint32_t, STEP_DONE, STEP_FAILED);
    STRING(c, s->text);
}

static void snapshot(struct codec *c, struct message *m)
{
    struct msg_snapshot *s = &m->snapshot;
    u32(c, &s->tree);
    u64(c, &s->snapshot);
    STRING(c, s->id);
    i64(c, &s->time_ns);
    u64(c, &s->files);
    u64(c, &s->bytes);
    u64(c, &s->added);
    STRING(c, s->held_file);
}

static void vault_state(struct codec *c, struct message *m)
{
    flag(c, &m->vault_state.open);
    STRING(c, m->vault_state.text);
}

static void append(struct codec *c, struct message *m)
{
    u64(c, &m->append.token);
    flag(c, &m->append.urgent);
    text(c, &m->append.text, &m->append.length);
}

static void appended(struct codec *c, struct message *m)
{
    u64(c, &m->appended.token);
    u64(c, &m->appended.index);
    i32(c, &m->appended.error);
    STRING(c, m->appended.text);
}

static void replay(struct codec *c, struct message *m)
{
    u64(c, &m->replay.index);
    text(c, &m->replay.text, &m->replay.length);
}

static void request(struct codec *c, struct message *m)
{
    u64(c, &m->request.id);
    WORD(c, m->request.verb, enum request_verb, REQUEST_STATUS, REQUEST_RELEASE);
    u32(c, &m->request.incident);
    u32(c, &m->request.tree);
    u32(c, &m->request.uid);
}

static void response(struct codec *c, struct message *m)
{
    u64(c, &m->response.id);
    u16(c, &m->response.status);
    flag(c, &m->response.more);
    text(c, &m->response.text, &m->response.length);
}

static const struct row {
    const char *name; /* NULL: no such type */
    void (*fields)(struct codec *c, struct message *m);
} rows[] = {
    [MSG_WIRE] = {"wire", wire},
    [MSG_READY] = {"ready", nothing},
    [MSG_ALIVE] = {"alive", alive},
    [MSG_ROLE_LOST] = {"role-lost", role_lost},
    [MSG_STOP] = {"stop", nothing},
    [MSG_GUARD_PID] = {"guard-pid", guard_pid},
    [MSG_PAST] = {"past", event},
    [MSG_EVENT] = {"event", event},
    [MSG_SYNC] = {"sync", sync_asked},
    [MSG_SYNCED] = {"synced", synced},
    [MSG_WATCH] = {"watch", watch},
    [MSG_FLUSH] = {"flush", flush},
    [MSG_FLUSHED] = {"flushed", flushed},
    [MSG_CONDEMN] = {"condemn", condemn},
    [MSG_CONDEMNED] = {"condemned", condemned},
    [MSG_TREE_FILES] = {"tree-files", tree_files},
    [MSG_HELD] = {"held", held},
    [MSG_SENSOR_STATE] = {"sensor-state", sensor_state},
    [MSG_ORDER] = {"order", order},
    [MSG_STEP] = {"step", step},
    [MSG_STEPS_END] = {"steps-end", steps_end},
    [MSG_ACTION] = {"action", action},
    [MSG_STEP_RESULT] = {"step-result", step_result},
    [MSG_SNAPSHOT] = {"snapshot", snapshot},
    [MSG_VAULT_STATE] = {"vault-state", vault_state},
    [MSG_APPEND] = {"append", append},
    [MSG_APPENDED] = {"appended", appended},
    [MSG_REPLAY] = {"replay", replay},
    [MSG_REPLAY_END] = {"replay-end", nothing},
    [MSG_REQUEST] = {"request", request},
    [MSG_RESPONSE] = {"response", response},
};

static const struct row *row_of(unsigned type)
{
    return type < sizeof rows / sizeof rows[0] && rows[type].name ? &rows[type] : NULL;
}

const char *role_name(enum role which)
{
    static const char *const names[ROLE_COUNT] = {"supervisor", "sensor", "judge", "actor",
                                                  "vault",      "api",    "scribe"};
    return (unsigned)which < ROLE_COUNT ? names[which] : "unknown";
}

void message_encode(const struct message *m, struct buf *b)
{
    const struct row *row = row_of(m->type);
    if (!row) {
        b->overflowed = true;
        return;
    }
    struct codec c = {.to = b};
    buf_put_u16(b, (uint16_t)m->type);
    buf_put_u16(b, VERSION);
    /* Writing changes no field; only reading does. */
    row->fields(&c, (struct message *)(uintptr_t)m);
}

int message_decode(const void *bytes, size_t length, struct message *m)
{
    struct reader r;
    reader_init(&r, bytes, length);
    unsigned type = reader_u16(&r);
    unsigned spoken = reader_u16(&r);
    const struct row *row = row_of(type);
    if (r.failed || !row)
        return err_set(ERR_CORRUPT, _("a message of unknown type %u (%zu bytes)"), type, length);
    if (spoken != VERSION)
        return err_set(ERR_CORRUPT, _("a %s message of version %u, not %d"), row->name, spoken, VERSION);
    struct message *made = mem_zalloc(1, sizeof *made);
    made->type = (enum message_type)type;
    struct codec c = {.from = &r};
    row->fields(&c, made);
    int err = 0;
    if (r.failed)
        err =
            err_set(ERR_CORRUPT, _("a %s message with a field that is cut short or out of range"), row->name);
    else if (!reader_done(&r))
        err = err_set(ERR_CORRUPT, _("a %s message with %zu bytes too many"), row->name, reader_left(&r));
    if (err)
        message_free(made);
    else
        memcpy(m, made, sizeof *m);
    free(made);
    return err;
}

void message_free(struct message *m)
{
    if (!m)
        return;
    char **owned = NULL;
    if (m->type == MSG_APPEND)
        owned = &m->append.text;
    else if (m->type == MSG_REPLAY)
        owned = &m->replay.text;
    else if (m->type == MSG_RESPONSE)
        owned = &m->response.text;
    if (!owned)
        return;
    free(*owned);
    *owned = NULL;
}
