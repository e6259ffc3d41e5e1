/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/entry.h"
#include "journal/journal.h"
#include "server/htpasswd.h"

#define FOLDER       "journal"
#define GROUP_NS     (500 * NS_PER_MS)
#define RETRY_NS     NS_PER_SECOND
#define REPEAT_NS    (60 * NS_PER_SECOND)
#define REPEAT_SLOTS 256
#define NEW_MOST     200   /* refusals told in a minute; of more, only how many there were */
#define WAIT_MOST    20000 /* events in memory, besides what the journal itself keeps */

struct told {
    struct told *next;
    const char *action, *reason;
    char repository[TARGET_REPOSITORY_SIZE];
    char object[BLOB_NAME_LENGTH + 16];
    char user[HTPASSWD_NAME_MAX + 1], address[64];
    uint64_t bytes, times;
    int severity;
    int64_t time_ns;
};

struct repeat {
    struct told event; /* action NULL: empty */
    uint64_t more;
    int64_t since_ns; /* monotonic */
};

struct audit {
    struct journal *journal; /* the thread's alone */
    char host[HOST_NAME_MAX + 1];
    struct repeat repeats[REPEAT_SLOTS]; /* the thread's alone */
    uint64_t new_told, untold;           /* in the minute since new_ns; the thread's alone */
    int64_t new_ns;
    bool failing;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t more;
    struct told *first, **last;
    size_t waiting;
    uint64_t lost, lost_told, entries;
    bool stopping;
};

static int open_folder(int state)
{
    if (mkdirat(state, FOLDER, 0700) != 0 && errno != EEXIST)
        return err_sys(_("cannot make the folder %s"), FOLDER);
    int fd = openat(state, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(_("cannot open the folder %s"), FOLDER) : fd;
}

int audit_open(int state, struct audit **out)
{
    int folder FD_AUTO = open_folder(state);
    if (folder < 0)
        return folder;
    struct audit *audit = mem_zalloc(1, sizeof *audit);
    if (gethostname(audit->host, sizeof audit->host - 1) != 0)
        audit->host[0] = '\0';
    char *origin MEM_AUTO = mem_printf("beffroi/vault-server/%s", *audit->host ? audit->host : "host");
    int err = journal_open(folder, origin, &audit->journal);
    if (err) {
        free(audit);
        return err_in(err, "%s", _("the vault server's journal"));
    }
    pthread_mutex_init(&audit->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&audit->more, &attributes);
    pthread_condattr_destroy(&attributes);
    audit->last = &audit->first;
    audit->entries = journal_size(audit->journal);
    *out = audit;
    return 0;
}

/* ---- in ---- */

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

static void queue(struct audit *audit, const struct told *event)
{
    struct told *copy = NULL;
    pthread_mutex_lock(&audit->lock);
    /* What is refused may come in floods; what was done has the last word. */
    size_t most = *event->reason ? WAIT_MOST / 2 : WAIT_MOST;
    if (audit->waiting < most) {
        copy = mem_dup(event, sizeof *event);
        copy->next = NULL;
        *audit->last = copy;
        audit->last = &copy->next;
        audit->waiting++;
        pthread_cond_signal(&audit->more);
    } else {
        audit->lost++;
    }
    pthread_mutex_unlock(&audit->lock);
}

void audit_tell(struct audit *audit, const struct audit_event *event)
{
    struct told e = {.action = event->action,
                     .reason = event->reason ? event->reason : "",
                     .bytes = event->bytes,
                     .severity = event->severity,
                     .time_ns = clock_system.wall_ns(clock_system.self)};
    const struct target *t = event->target;
    if (t) {
        copy_text(e.repository, sizeof e.repository, t->repository);
        if (t->kind == TARGET_OBJECT)
            snprintf(e.object, sizeof e.object, "%s%s%s", blob_kind_folder(t->type), *t->name ? "/" : "",
                     t->name);
    }
    copy_text(e.user, sizeof e.user, event->user);
    copy_text(e.address, sizeof e.address, event->address);
    queue(audit, &e);
}

/* ---- out: all by the thread ---- */

static void append(struct audit *audit, const struct told *e)
{
    struct entry_context context = {audit->host, e->time_ns, journal_size(audit->journal)};
    struct server_event event = {.action = e->action,
                                 .reason = e->reason,
                                 .repository = e->repository,
                                 .object = e->object,
                                 .user = e->user,
                                 .address = e->address,
                                 .bytes = e->bytes,
                                 .times = e->times,
                                 .severity = e->severity};
    uint64_t index = UINT64_MAX;
    char *text MEM_AUTO = entry_server(&context, &event);
    journal_append(audit->journal, text, strlen(text), false, &index);
    pthread_mutex_lock(&audit->lock);
    if (index == UINT64_MAX)
        audit->lost++;
    audit->entries = journal_size(audit->journal);
    pthread_mutex_unlock(&audit->lock);
}

static bool same_event(const struct told *a, const struct told *b)
{
    return strcmp(a->action, b->action) == 0 && strcmp(a->reason, b->reason) == 0 &&
           strcmp(a->repository, b->repository) == 0 && strcmp(a->user, b->user) == 0 &&
           strcmp(a->address, b->address) == 0;
}

/* Tells how often it happened since it was told. */
static void end_repeat(struct audit *audit, struct repeat *r)
{
    if (r->event.action && r->more) {
        r->event.times = r->more;
        r->event.object[0] = '\0';
        append(audit, &r->event);
    }
    r->event.action = NULL;
}

static void end_repeats(struct audit *audit, int64_t now, bool all)
{
    for (struct repeat *r = audit->repeats; r < audit->repeats + REPEAT_SLOTS; r++)
        if (r->event.action && (all || now - r->since_ns >= REPEAT_NS))
            end_repeat(audit, r);
}

/* Somebody who is refused under a thousand names must not fill the disk. */
static void end_minute(struct audit *audit, int64_t now)
{
    if (audit->untold) {
        struct told e = {.action = "refused-otherwise", .reason = "", .times = audit->untold, .severity = 2};
        e.time_ns = clock_system.wall_ns(clock_system.self);
        append(audit, &e);
    }
    audit->untold = audit->new_told = 0;
    audit->new_ns = now;
}

static bool is_too_much(struct audit *audit, int64_t now)
{
    if (now - audit->new_ns >= REPEAT_NS)
        end_minute(audit, now);
    bool too_much = audit->new_told >= NEW_MOST;
    audit->untold += too_much;
    audit->new_told += !too_much;
    return too_much;
}

/* Whether it was told already, or is too much, and is counted only. */
static bool is_repeat(struct audit *audit, const struct told *event, int64_t now)
{
    struct repeat *oldest = audit->repeats;
    for (struct repeat *r = audit->repeats; r < audit->repeats + REPEAT_SLOTS; r++) {
        if (r->event.action && same_event(&r->event, event)) {
            r->more++;
            r->event.time_ns = event->time_ns;
            return true;
        }
        if (oldest->event.action && (!r->event.action || r->since_ns < oldest->since_ns))
            oldest = r;
    }
    if (is_too_much(audit, now))
        return true;
    end_repeat(audit, oldest);
    *oldest = (struct repeat){.event = *event, .since_ns = now};
    return false;
}

static void write_all(struct audit *audit, struct told *events)
{
    int64_t now = clock_system.monotonic_ns(clock_system.self);
    while (events) {
        struct told *e = events;
        events = e->next;
        if (!*e->reason || !is_repeat(audit, e, now))
            append(audit, e);
        free(e);
    }
    end_repeats(audit, now, false);
    if (audit->untold && now - audit->new_ns >= REPEAT_NS)
        end_minute(audit, now);
}

static void tell_lost(struct audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    uint64_t lost = audit->lost - audit->lost_told;
    audit->lost_told = audit->lost;
    pthread_mutex_unlock(&audit->lock);
    if (!lost)
        return;
    struct told e = {.action = "entries-lost", .reason = "", .times = lost, .severity = 3};
    e.time_ns = clock_system.wall_ns(clock_system.self);
    append(audit, &e);
}

static void flush(struct audit *audit)
{
    bool failed = journal_flush(audit->journal) != 0;
    if (failed && !audit->failing)
        log_error(_("the journal cannot be written, entries wait in memory: %s"), err_text());
    if (!failed && audit->failing)
        log_info("%s", _("the journal is written again"));
    if (!failed)
        tell_lost(audit);
    audit->failing = failed;
}

/* Sleeps until there is something, or the time is over; true when the server is stopping. */
static bool rest(struct audit *audit, int64_t ns, bool wake)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t then = (int64_t)until.tv_sec * NS_PER_SECOND + until.tv_nsec + ns;
    until = (struct timespec){.tv_sec = then / NS_PER_SECOND, .tv_nsec = then % NS_PER_SECOND};
    pthread_mutex_lock(&audit->lock);
    int code = 0;
    while (!code && !audit->stopping && !(wake && audit->first))
        code = pthread_cond_timedwait(&audit->more, &audit->lock, &until);
    bool stopping = audit->stopping;
    pthread_mutex_unlock(&audit->lock);
    return stopping;
}

static struct told *take_all(struct audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    struct told *events = audit->first;
    audit->first = NULL;
    audit->last = &audit->first;
    audit->waiting = 0;
    pthread_mutex_unlock(&audit->lock);
    return events;
}

static void *run(void *argument)
{
    struct audit *audit = argument;
    bool stopping = false;
    while (!stopping) {
        /* While the disk is full, events wait here, where their number is bounded. */
        if (!audit->failing)
            write_all(audit, take_all(audit));
        flush(audit);
        stopping = rest(audit, audit->failing ? RETRY_NS : GROUP_NS, false);
        if (!stopping && !audit->failing)
            stopping = rest(audit, REPEAT_NS / 4, true);
    }
    write_all(audit, take_all(audit));
    end_repeats(audit, 0, true);
    end_minute(audit, 0);
    tell_lost(audit);
    return NULL;
}

int audit_start(struct audit *audit)
{
    int code = pthread_create(&audit->thread, NULL, run, audit);
    audit->started = code == 0;
    errno = code;
    return code == 0 ? 0 : err_sys("%s", _("cannot start a thread"));
}

struct audit_figures audit_figures(struct audit *audit)
{
    pthread_mutex_lock(&audit->lock);
    struct audit_figures figures = {audit->entries, audit->waiting, audit->lost};
    pthread_mutex_unlock(&audit->lock);
    return figures;
}

void audit_close(struct audit *audit)
{
    if (!audit)
        return;
    pthread_mutex_lock(&audit->lock);
    audit->stopping = true;
    pthread_cond_signal(&audit->more);
    pthread_mutex_unlock(&audit->lock);
    if (audit->started)
        pthread_join(audit->thread, NULL);
    else
        write_all(audit, take_all(audit));
    if (journal_close(audit->journal) != 0)
        log_error(_("the last entries of the journal were not written: %s"), err_text());
    pthread_cond_destroy(&audit->more);
    pthread_mutex_destroy(&audit->lock);
    free(audit);
}
