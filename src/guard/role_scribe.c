/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The scribe: the only writer of the journal, holding its key and the journal's folder and nothing else.
 *
 * An entry is acknowledged once it is signed and on the disk: at once when it is urgent, else with the next
 * flush. While the disk is full the judge is told the error, the entries wait in memory (the journal's, and
 * beyond its limit ours), and each second the scribe tries again.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "guard/role.h"
#include "guard/roles.h"
#include "journal/incidents.h"
#include "journal/journal.h"

#define FLUSH_NS       (50 * NS_PER_MS) /* an entry that is not urgent is on the disk within twice that */
#define RETRY_NS       NS_PER_SECOND
#define REPLAY_NS      (2 * NS_PER_MS)
#define REPLAY_BACKLOG ((size_t)1 << 20) /* so much may wait for the judge while we read on */
#define QUEUE_BYTES    ((size_t)16 << 20)

/* An entry that is in the journal's memory and not yet on the disk. */
struct unsaid {
    struct unsaid *next;
    uint64_t token, index;
};

/* An entry that the journal did not take. */
struct refused {
    struct refused *next;
    uint64_t token;
    bool urgent;
    size_t length;
    char *text;
};

static struct {
    int dirfd;
    struct journal *journal;
    sd_event_source *flush, *replay;
    struct unsaid *unsaid, **unsaid_end;
    struct refused *refused, **refused_end;
    size_t refused_bytes;
    bool failing;
    uint64_t replayed; /* the next entry that the judge has not seen */
} me = {.dirfd = -1};

static void answer(uint64_t token, uint64_t index, int error)
{
    struct message m = {.type = MSG_APPENDED, .appended = {.token = token, .index = index, .error = error}};
    if (error)
        snprintf(m.appended.text, sizeof m.appended.text, "%.255s", err_text());
    role_send(ROLE_JUDGE, &m); /* a judge that is away will send the entry again */
}

static void set_timer(sd_event_source *source, int64_t ns)
{
    sd_event_source_set_time_relative(source, (uint64_t)(ns / 1000));
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void now_failing(bool failing)
{
    if (failing && !me.failing)
        log_error(_("the journal cannot be written, entries wait in memory: %s"), err_text());
    if (!failing && me.failing)
        log_info("%s", _("the journal is written again"));
    me.failing = failing;
}

static void acknowledge_all(void)
{
    while (me.unsaid) {
        struct unsaid *u = me.unsaid;
        me.unsaid = u->next;
        answer(u->token, u->index, 0);
        free(u);
    }
    me.unsaid_end = &me.unsaid;
}

static void remember(uint64_t token, uint64_t index)
{
    struct unsaid *u = mem_zalloc(1, sizeof *u);
    u->token = token;
    u->index = index;
    *me.unsaid_end = u;
    me.unsaid_end = &u->next;
}

/* Keeps the order: what the journal refused earlier goes first. */
static void queue(uint64_t token, bool urgent, const char *text, size_t length)
{
    if (me.refused_bytes + length > QUEUE_BYTES)
        return; /* the judge keeps it too, and sends it again to the next scribe */
    struct refused *r = mem_zalloc(1, sizeof *r);
    *r = (struct refused){.token = token, .urgent = urgent, .length = length};
    r->text = mem_dup(text, length);
    *me.refused_end = r;
    me.refused_end = &r->next;
    me.refused_bytes += length;
}

/* Returns false when the journal did not take the entry. */
static bool append(uint64_t token, bool urgent, const char *text, size_t length)
{
    uint64_t index = UINT64_MAX;
    int err = journal_append(me.journal, text, length, urgent, &index);
    if (err == ERR_INVALID || (err == ERR_TOO_LARGE && length > ENTRY_MAX_BYTES)) {
        answer(token, UINT64_MAX, err); /* trying again would not help */
        return true;
    }
    if (index != UINT64_MAX)
        remember(token, index);
    if (err) {
        answer(token, index, err);
        now_failing(true);
        set_timer(me.flush, RETRY_NS);
    } else if (journal_unsigned(me.journal) == 0) {
        acknowledge_all();
        now_failing(false);
    } else if (!me.failing) {
        set_timer(me.flush, FLUSH_NS);
    }
    return index != UINT64_MAX;
}

static void retry_refused(void)
{
    while (me.refused) {
        struct refused *r = me.refused;
        if (!append(r->token, r->urgent, r->text, r->length))
            return;
        me.refused = r->next;
        if (!me.refused)
            me.refused_end = &me.refused;
        me.refused_bytes -= r->length;
        free(r->text);
        free(r);
    }
}

static int on_flush(sd_event_source *source, uint64_t when_us, void *unused)
{
    (void)when_us;
    (void)unused;
    if (journal_flush(me.journal) != 0) {
        now_failing(true);
        set_timer(source, RETRY_NS);
        return 0;
    }
    now_failing(false);
    acknowledge_all();
    retry_refused();
    return 0;
}

static bool is_wanted(const char *text, size_t length)
{
    json_t *root;
    enum entry_kind kind = entry_parse(text, length, &root);
    json_decref(root);
    return kind == ENTRY_ALERT || kind == ENTRY_ORDER || kind == ENTRY_ACTION || kind == ENTRY_INCIDENT ||
           kind == ENTRY_APPROVAL;
}

static int replay_entry(void *unused, uint64_t index, const char *text, size_t length)
{
    (void)unused;
    if (role_backlog(ROLE_JUDGE) > REPLAY_BACKLOG)
        return 1;
    me.replayed = index + 1;
    if (!is_wanted(text, length))
        return 0;
    struct message m = {.type = MSG_REPLAY,
                        .replay = {.index = index, .text = (char *)(uintptr_t)text, .length = length}};
    return role_send(ROLE_JUDGE, &m) == 0 ? 0 : 1;
}

/* Tells a new judge what happened before, as fast as it listens. */
static int on_replay(sd_event_source *source, uint64_t when_us, void *unused)
{
    (void)when_us;
    (void)unused;
    if (!role_is_wired(ROLE_JUDGE))
        return 0;
    int err = journal_read(me.dirfd, me.replayed, replay_entry, NULL);
    if (err > 0) {
        set_timer(source, REPLAY_NS);
        return 0;
    }
    if (err)
        log_error(_("the journal cannot be read back: %s"), err_text());
    role_send(ROLE_JUDGE, &(struct message){.type = MSG_REPLAY_END});
    return 0;
}

static int make_timers(sd_event *loop)
{
    int code = sd_event_add_time(loop, &me.flush, CLOCK_MONOTONIC, 0, 1000, on_flush, NULL);
    if (code >= 0)
        code = sd_event_source_set_enabled(me.flush, SD_EVENT_OFF);
    if (code >= 0)
        code = sd_event_add_time(loop, &me.replay, CLOCK_MONOTONIC, 0, 1000, on_replay, NULL);
    if (code >= 0)
        code = sd_event_source_set_enabled(me.replay, SD_EVENT_OFF);
    return code < 0 ? err_set(ERR_SYSTEM, _("cannot make the scribe's timers: %s"), strerror(-code)) : 0;
}

static int scribe_start(const struct config *config, sd_event *loop)
{
    me.unsaid_end = &me.unsaid;
    me.refused_end = &me.refused;
    char *folder MEM_AUTO = path_join(config->state, "journal");
    me.dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (me.dirfd < 0)
        return err_sys(_("cannot open the journal's folder %s"), folder);
    char *origin MEM_AUTO = mem_printf("beffroi/%s", config->name);
    int err = journal_open(me.dirfd, origin, &me.journal);
    return err ? err_in(err, "%s", folder) : make_timers(loop);
}

static void scribe_wired(enum role peer)
{
    if (peer != ROLE_JUDGE)
        return;
    me.replayed = 0;
    set_timer(me.replay, 0);
}

/* What was not acknowledged the next judge will not ask for: it knows only what the journal holds. */
static void scribe_peer_lost(enum role peer)
{
    if (peer == ROLE_JUDGE)
        journal_flush(me.journal);
}

static void scribe_message(enum role peer, struct message *m, int fd)
{
    fd_close(&fd);
    if (peer != ROLE_JUDGE || m->type != MSG_APPEND)
        return;
    if (!me.refused && append(m->append.token, m->append.urgent, m->append.text, m->append.length))
        return;
    queue(m->append.token, m->append.urgent, m->append.text, m->append.length);
}

static void scribe_stop(void)
{
    if (journal_close(me.journal) != 0)
        log_error(_("the last entries of the journal were not written: %s"), err_text());
    else
        acknowledge_all();
    me.journal = NULL;
}

const struct role_ops role_scribe_ops = {
    .start = scribe_start,
    .wired = scribe_wired,
    .message = scribe_message,
    .peer_lost = scribe_peer_lost,
    .stop = scribe_stop,
};
