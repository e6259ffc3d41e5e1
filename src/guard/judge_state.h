/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the judge: its state, and what its files offer each other. Nobody else includes this.
 *
 *   judge.c            messages and events come in, alerts become cases
 *   judge_past.c       what was before this judge
 *   judge_case.c       the phases of a case
 *   judge_again.c      who is stopped and harms on all the same
 *   judge_journal.c    entries: folded here, sent to the scribe, kept until it has them
 *   judge_snapshots.c  when the vault is to snapshot which tree
 *   judge_answers.c    what the api asks, and the JSON it gets
 */
#ifndef GUARD_JUDGE_STATE_H
#define GUARD_JUDGE_STATE_H

#include "detect/detect.h"
#include "guard/case.h"
#include "guard/judge.h"
#include "journal/entry.h"
#include "journal/incidents.h"
#include "recover/history.h"

/* An entry that the scribe has not yet confirmed. */
struct unwritten {
    struct unwritten *next;
    uint64_t token;
    bool urgent;
    char *text;
    size_t length;
};

struct tree_snapshot {
    bool known;
    char id[65];
    uint64_t version; /* as version.id */
    char held_file[64];
    uint64_t files, bytes;
    int64_t time_ns;                /* wall clock of the newest one */
    int64_t due_ns;                 /* monotonic: when the next one is to be ordered */
    uint64_t order;                 /* the order under way, 0: none */
    bool again;                     /* it began too early: the next one follows at once */
    char failure[ACTION_TEXT_SIZE]; /* why the last one failed and what to do; "" it did not */
};

struct judge {
    const struct config *config;
    const struct clock *clock;
    const struct judge_ops *ops;
    void *self;
    bool peers[ROLE_COUNT];

    struct detect *detect;
    struct history *history;
    struct work_case *cases;
    uint64_t next_order, next_token;

    struct incidents incidents;
    struct approvals approvals;
    struct unwritten *unwritten, **unwritten_end;
    size_t unwritten_count;
    char journal_failure[256]; /* why entries are not written now; "" they are */
    bool replayed;             /* the journal of the past has been folded */

    bool weighing;      /* what the sensor tells is no longer put off */
    struct buf put_off; /* its messages, each a blob */
    int64_t began_ns;   /* monotonic */
    int64_t latest_ns;  /* monotonic: of the latest event that was heard of */

    int64_t since_ns;
    struct msg_sensor_state sensor;
    struct msg_vault_state vault;
    struct tree_snapshot snapshots[CONFIG_MAX_TREES];
    uint32_t restarts[ROLE_COUNT];
};

void judge_send(struct judge *j, enum role to, const struct message *m);
int64_t judge_now(const struct judge *j); /* wall clock */
int64_t judge_monotonic(const struct judge *j);

/* What every entry made now has. */
struct entry_context judge_entry(const struct judge *j);
/* The path of a protected tree; "" for an index that is none. */
const char *judge_tree_path(const struct judge *j, uint32_t tree);

/* judge_journal.c: takes the entry's text over (made by journal/entry.h), folds and sends it. */
void judge_write(struct judge *j, char *text, bool urgent);
void judge_journal_appended(struct judge *j, const struct msg_appended *m);
void judge_journal_replay(struct judge *j, const struct msg_replay *m);
/* The scribe is back: what it did not confirm is sent again. */
void judge_journal_resend(struct judge *j);
void judge_journal_free(struct judge *j);

/* judge_past.c */
/* Keeps a message of the sensor for later; false when it is to be dealt with now. */
bool judge_past_puts_off(struct judge *j, const struct message *m);
/* Deals with all that was put off, and from then on puts nothing off. */
void judge_past_weigh(struct judge *j);
void judge_past_tick(struct judge *j);
/* A change that this judge may not have heard of. */
void judge_past_event(struct judge *j, const struct event *event);

/* judge_case.c */
void judge_open_case(struct judge *j, const struct alert *alert);

/* judge_again.c: an event was weighed. Whoever should stand still by now and removes or moves files is
 * stopped once more, as an incident of its own, which takes it back. */
void judge_again(struct judge *j, const struct event *event);
/* After a restart: incidents that were not finished go on. */
void judge_resume_cases(struct judge *j);
/* When its first harm was done, by the clock that nobody sets. */
void judge_case_began(struct judge *j, uint32_t incident, int64_t monotonic_ns);
void judge_case_action(struct judge *j, const struct action *action);
void judge_case_flushed(struct judge *j, uint64_t token);
void judge_case_condemned(struct judge *j, uint64_t token);
void judge_case_step_result(struct judge *j, const struct msg_step_result *result);
/* A role came back: orders of the current phase that went to it are sent again. */
void judge_case_resend(struct judge *j, enum role role);
bool judge_tree_in_trouble(const struct judge *j, uint32_t tree);
/* What a person asks for; 0, or an error with its text. */
int judge_rollback(struct judge *j, uint32_t incident);
int judge_dismiss(struct judge *j, uint32_t incident, uint32_t uid);
int judge_close(struct judge *j, uint32_t incident, uint32_t uid);
int judge_release(struct judge *j, uint32_t incident, uint32_t uid);
struct work_case *judge_find_case(struct judge *j, uint32_t incident);

/* Sends an order to the role that carries it out, and journals it. The id is filled in. */
void judge_order(struct judge *j, struct order *order);
enum role judge_role_of(enum order_kind kind);

/* judge_snapshots.c */
void judge_snapshots_start(struct judge *j);
void judge_snapshots_tick(struct judge *j);
/* The vault is gone: what it was doing is to be ordered again. */
void judge_snapshots_lost(struct judge *j);
/* A new sensor is told what the vault holds. */
void judge_snapshots_tell(struct judge *j);
void judge_snapshot_now(struct judge *j, uint32_t tree);
void judge_snapshot_done(struct judge *j, const struct msg_snapshot *m);
void judge_snapshot_action(struct judge *j, const struct action *action);

/* judge_answers.c */
/* Answers the person who waits for this case, with the incident as it is now. */
void judge_answer_waiting(struct judge *j, struct work_case *c);
void judge_answer(struct judge *j, const struct msg_request *request);

#endif
