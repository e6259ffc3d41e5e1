/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the roles say to each other. One message is one datagram: u16 type, u16 version (1), then the fields
 * in the order of the struct, encoded as base/buf.h says; it must end exactly. A message that does not
 * decode ends the channel: the other side is broken or hostile.
 *
 *   supervisor <-> every role    wire, ready, alive, role-lost, stop, guard-pid
 *
 *   sensor     <-> judge         past, event, sync/synced, flush/flushed, watch, condemn/condemned, held,
 *                                sensor-state, tree-files
 *
 *   judge      <-> actor         order, step, steps-end, action, step-result
 *
 *   judge      <-> vault         order, step, steps-end, action, step-result, snapshot, vault-state
 *
 *   judge      <-> scribe        append, appended, replay
 *
 *   api        <-> judge         request, response
 */
#ifndef IPC_MESSAGE_H
#define IPC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/event.h"
#include "model/order.h"
#include "model/step.h"

enum role {
    ROLE_SUPERVISOR = 0,
    ROLE_SENSOR = 1,
    ROLE_JUDGE = 2,
    ROLE_ACTOR = 3,
    ROLE_VAULT = 4,
    ROLE_API = 5,
    ROLE_SCRIBE = 6, /* the only writer of the journal: holds its key and nothing else */
    ROLE_COUNT
};

const char *role_name(enum role role);

enum message_type {
    MSG_WIRE = 1,      /* supervisor: here is your channel to `role` (the descriptor comes along) */
    MSG_READY = 2,     /* role: started and sandboxed */
    MSG_ALIVE = 3,     /* supervisor asks, the role answers with the same: its loop turns */
    MSG_ROLE_LOST = 4, /* supervisor to judge: a role died; `text` says how */
    MSG_STOP = 5,      /* supervisor: finish and leave */
    MSG_GUARD_PID = 6, /* supervisor to sensor and actor: this process is one of ours (or no longer) */
    MSG_PAST = 8,      /* sensor: an event (as MSG_EVENT) that the judge may not have heard of, told again */
    MSG_EVENT = 10,    /* sensor: something changed */
    MSG_SYNC = 11,     /* sensor: a watched program waits at an open; answer when all events up to `sequence`
                          are weighed */
    MSG_SYNCED = 12,   /* judge: the answer to `token`: let it go or refuse */
    MSG_WATCH = 13,   /* judge: from now on `scope` must be asked about (MSG_SYNC) at its opens for writing */
    MSG_CONDEMN = 14, /* judge: hold (a process tree, until it is stopped) or refuse every open for writing */
    MSG_HELD = 15,    /* judge: a snapshot is complete; the file names what the vault now holds */
    MSG_SENSOR_STATE = 16,
    MSG_FLUSH = 17,      /* judge: `actor` is stopped; tell all it did, also to files it still holds open */
    MSG_FLUSHED = 18,    /* sensor: every event of that actor has been sent */
    MSG_CONDEMNED = 9,   /* sensor: the condemnation with this token is in force, or no longer */
    MSG_TREE_FILES = 19, /* sensor: so many files are in this tree */
    MSG_ORDER = 20,
    MSG_STEP = 21, /* part of the order with the same number */
    MSG_STEPS_END = 22,
    MSG_ACTION = 23,
    MSG_STEP_RESULT = 24,
    MSG_SNAPSHOT = 25, /* vault: a snapshot is complete */
    MSG_VAULT_STATE = 26,
    MSG_APPEND = 30,   /* judge to scribe: one journal entry */
    MSG_APPENDED = 31, /* scribe: it has this index and is on the disk (urgent) or soon will be */
    MSG_REPLAY = 32,   /* scribe to judge, when the judge starts: the entries that projections need */
    MSG_REPLAY_END = 33,
    MSG_REQUEST = 40,  /* api: somebody asks */
    MSG_RESPONSE = 41, /* judge: a part of the answer */
};

#define MESSAGE_MAX      98304 /* bytes of one encoded message */
#define MESSAGE_TEXT_MAX 65535

struct msg_wire {
    enum role role;
};
struct msg_alive {
    uint64_t number;
};
struct msg_role_lost {
    enum role role;
    uint32_t restarts; /* how often it has been restarted so far */
    char text[256];    /* "killed by signal 11", "exit status 1" */
};
struct msg_guard_pid {
    enum role role;
    int32_t pid;
    bool on;
};
struct msg_sync {
    uint64_t token;
    uint64_t sequence;
    struct actor actor;
};
struct msg_synced {
    uint64_t token;
    bool deny;
};
struct msg_watch {
    uint32_t scope; /* enum scope; which fields of `actor` count: root_pid+root_start, uid or client */
    uint32_t tree;  /* for SCOPE_TREE */
    bool on;
    struct actor actor;
};
struct msg_condemn {
    uint64_t token; /* answered with MSG_CONDEMNED; 0: no answer */
    bool on;
    struct actor actor; /* by client when it has one, else by root_pid+root_start */
};
struct msg_condemned {
    uint64_t token;
};
struct msg_flush {
    uint64_t token;
    struct actor actor; /* as in msg_condemn */
};
struct msg_flushed {
    uint64_t token;
};
struct msg_held {
    uint32_t tree;
    uint64_t snapshot; /* as version.id */
    char file[64];     /* name in the folder held/ of the state folder (see sensor/held.h) */
};
struct msg_sensor_state {
    uint64_t events;  /* since the start */
    uint64_t dropped; /* lost to queue overflows; each overflow caused a rescan */
    uint64_t rescans;
    uint64_t gate_p99_ns;
    uint64_t shadow_bytes, shadow_files;
    uint64_t unkept;    /* files let through without a copy (too large, no space, too slow) */
    uint32_t files;     /* protected files known */
    bool ready;         /* every tree is scanned and marked */
    bool gate;          /* permission events work on this kernel */
    char blind_to[512]; /* what it cannot see here, for people; "" nothing */
};
struct msg_tree_files {
    uint32_t tree;
    uint32_t files;
};
struct msg_step {
    uint64_t order;
    struct step step;
};
struct msg_steps_end {
    uint64_t order;
    uint32_t count; /* how many steps were sent */
};
struct msg_step_result {
    uint64_t order;
    uint32_t incident;
    uint32_t number; /* the step's */
    uint32_t result; /* enum step_result */
    char text[256];  /* why, when it is not DONE or NEEDLESS */
};
struct msg_snapshot {
    uint32_t tree;
    uint64_t snapshot; /* as version.id */
    char id[65];       /* whole, hexadecimal */
    int64_t time_ns;
    uint64_t files, bytes, added; /* in the snapshot; bytes new in the repository */
    char held_file[64];
};
#define VAULT_TEXT_SIZE 512
struct msg_vault_state {
    bool open;
    char text[VAULT_TEXT_SIZE]; /* when not open: why and what to do */
};
struct msg_append {
    uint64_t token;
    bool urgent; /* on the disk before MSG_APPENDED */
    char *text;  /* JSON; owned by the message: message_free */
    size_t length;
};
struct msg_appended {
    uint64_t token;
    uint64_t index;
    int32_t error; /* 0 or an enum err; then `text` says why */
    char text[256];
};
struct msg_replay {
    uint64_t index;
    char *text; /* as in msg_append */
    size_t length;
};
enum request_verb {
    REQUEST_STATUS = 1,
    REQUEST_INCIDENTS = 2,
    REQUEST_INCIDENT = 3, /* `incident` says which; also for the next three */
    REQUEST_ROLLBACK = 4,
    REQUEST_DISMISS = 5,
    REQUEST_CLOSE = 6,
    REQUEST_SNAPSHOT = 7, /* of protected tree `tree`, UINT32_MAX: of all */
    REQUEST_RELEASE =
        8, /* undo the containment of `incident`, which stays an attack: the machine was cleaned */
};
struct msg_request {
    uint64_t id;
    enum request_verb verb;
    uint32_t incident;
    uint32_t tree;
    uint32_t uid; /* who asks, from the socket's credentials */
};
struct msg_response {
    uint64_t id;
    uint16_t status; /* as in HTTP */
    bool more;       /* further parts follow */
    char *text;      /* JSON, part of; owned by the message */
    size_t length;
};

struct message {
    enum message_type type;
    union {
        struct msg_wire wire;
        struct msg_alive alive;
        struct msg_role_lost role_lost;
        struct msg_guard_pid guard_pid;
        struct event event;
        struct msg_sync sync;
        struct msg_synced synced;
        struct msg_watch watch;
        struct msg_condemn condemn;
        struct msg_condemned condemned;
        struct msg_flush flush;
        struct msg_flushed flushed;
        struct msg_held held;
        struct msg_sensor_state sensor_state;
        struct msg_tree_files tree_files;
        struct order order;
        struct msg_step step;
        struct msg_steps_end steps_end;
        struct action action;
        struct msg_step_result step_result;
        struct msg_snapshot snapshot;
        struct msg_vault_state vault_state;
        struct msg_append append;
        struct msg_appended appended;
        struct msg_replay replay;
        struct msg_request request;
        struct msg_response response;
    };
};

/* Appends the encoding of `m`. Sets b->overflowed if it does not fit in the limit. */
void message_encode(const struct message *m, struct buf *b);
/* Takes apart hostile bytes; *m is set only on success and then belongs to the caller (message_free).
 * ERR_CORRUPT names the type and what was wrong. Enumerations are checked against their range. */
int message_decode(const void *bytes, size_t length, struct message *m);
/* Frees what the message owns (not the struct). */
void message_free(struct message *m);

#endif
