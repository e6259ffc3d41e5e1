/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a journal entry says: one JSON object per entry in the Elastic Common Schema, so that any log tool
 * reads it, with everything exact under "beffroi", so that a projection rebuilds the structs:
 *
 *     @timestamp   RFC 3339, UTC, nanoseconds
 *     event        kind, category[], type[], action, outcome, severity, reason, sequence
 *     host.name, process.pid, process.executable, user.id, user.name, source.ip, file.path
 *     beffroi      kind: one of the words of enum entry_kind, and the fields of the struct
 *
 * Text from outside that is not UTF-8 stands with U+FFFD in its field, and its exact bytes in base64 in
 * "<field>_b64" beside it. Numbers over 2^63-1 stand as decimal strings.
 *
 * Every maker returns a new string of at most ENTRY_MAX_BYTES, which the caller frees. They never fail.
 */
#ifndef JOURNAL_ENTRY_H
#define JOURNAL_ENTRY_H

#include <stdint.h>

#include "model/alert.h"
#include "model/incident.h"
#include "model/order.h"
#include "model/step.h"

enum entry_kind {
    ENTRY_ALERT = 1, /* "alert": opens an incident, or tells more of it */
    ENTRY_ORDER,     /* "order" */
    ENTRY_ACTION,    /* "action" */
    ENTRY_INCIDENT,  /* "incident": it changed its state */
    ENTRY_STEP,      /* "step": one step of a recovery */
    ENTRY_APPROVAL,  /* "approval": a program may do that, from now on or no longer */
    ENTRY_SNAPSHOT,  /* "snapshot" */
    ENTRY_ROLE,      /* "role": a part of the guard started or was lost */
    ENTRY_GUARD,     /* "guard": started or stopped */
    ENTRY_NOTE,      /* "note": anything else worth a line */
    ENTRY_SERVER,    /* "server": something about a repository that the vault server serves */
    ENTRY_KIND_COUNT
};

/* What all entries have. */
struct entry_context {
    const char *host;  /* host.name */
    int64_t time_ns;   /* @timestamp */
    uint64_t sequence; /* event.sequence: journal_size() before the append */
};

/* An approval: this program, run by this user, may work on this tree. */
struct approval {
    char exe[ACTOR_EXE_SIZE];
    char client[ACTOR_CLIENT_SIZE]; /* not "": this remote client, whatever program serves it */
    uint32_t uid;
    char tree_path[EVENT_PATH_SIZE];
    uint32_t incident; /* the dismissed incident it comes from; 0: none */
    int64_t time_ns;
};

/* The totals of a recovery, with an incident's change of state. */
struct incident_change {
    enum incident_state state;
    int64_t time_ns;                /* when it became so */
    uint32_t touched, spoiled;      /* the final counts; used with INCIDENT_CONTAINED */
    uint32_t recovered, kept, lost; /* the final totals; used with INCIDENT_RECOVERED */
    const char *who;                /* the person's user name, "" when the guard itself */
    const char *text;               /* why, in words; "" for none */
};

struct snapshot_result {
    const char *tree_path;
    char id[65]; /* hexadecimal; "" when there is none */
    int64_t started_ns;
    uint64_t files;     /* in the snapshot */
    uint64_t new_bytes; /* added to the vault */
    int error;          /* 0 or a negative enum err */
    const char *text;   /* why it failed, or "" */
};

/* What happened to a repository of the vault server. Texts are "" where there is nothing to say. */
struct server_event {
    const char *action;     /* a stable word for programs: "object-added" */
    const char *reason;     /* why it was refused, a stable word; "": it was not */
    const char *repository; /* its path below the served folder */
    const char *object;     /* "data/<name>" */
    const char *user, *address;
    uint64_t bytes; /* of the object */
    uint64_t times; /* how often, of what is told once for many; 0: once */
    int severity;   /* 0 to 4 as enum severity */
};

/* `username` is of the remote session or the uid, "" when unknown. The time of the entry is the context's. */
char *entry_alert(const struct entry_context *context, uint32_t incident, const struct alert *alert,
                  const char *tree_path, const char *username);
char *entry_order(const struct entry_context *context, const struct order *order, const char *tree_path);
char *entry_action(const struct entry_context *context, const struct action *action, const char *tree_path);
char *entry_incident(const struct entry_context *context, uint32_t incident,
                     const struct incident_change *change);
char *entry_step(const struct entry_context *context, uint32_t incident, const char *tree_path,
                 const struct step *step, enum step_result result, const char *text);
/* `revoked`: it holds no longer. */
char *entry_approval(const struct entry_context *context, const struct approval *approval, bool revoked);
char *entry_snapshot(const struct entry_context *context, const struct snapshot_result *result);
/* `role` is its word ("sensor"). Lost: `text` says how (signal, exit). */
char *entry_role(const struct entry_context *context, const char *role, int32_t pid, bool lost,
                 const char *text);
/* `mode` is "observe" or "enforce". */
char *entry_guard(const struct entry_context *context, bool started, const char *mode, const char *text);
/* `severity` 0 to 4 as enum severity (0: just information). `action` is a stable word for programs. */
char *entry_note(const struct entry_context *context, int severity, const char *action, const char *text);

char *entry_server(const struct entry_context *context, const struct server_event *event);

const char *entry_kind_name(enum entry_kind kind);
const char *step_kind_name(enum step_kind kind);
const char *step_result_name(enum step_result result);

#endif
