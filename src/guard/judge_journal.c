/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "guard/judge_state.h"

/* Entries that wait for a scribe that is away or whose disk is full. Some hundred bytes each; beyond this
 * many the oldest one that is not urgent is given up, loudly. */
#define UNWRITTEN_MAX 100000

static void send_entry(struct judge *j, const struct unwritten *entry)
{
    struct message m = {
        .type = MSG_APPEND,
        .append = {
            .token = entry->token, .urgent = entry->urgent, .text = entry->text, .length = entry->length}};
    judge_send(j, ROLE_SCRIBE, &m);
}

static void give_up_oldest(struct judge *j)
{
    struct unwritten **at = &j->unwritten;
    while (*at && (*at)->urgent && (*at)->next)
        at = &(*at)->next;
    struct unwritten *entry = *at;
    if (!entry)
        return;
    *at = entry->next;
    if (!*at)
        j->unwritten_end = at;
    j->unwritten_count--;
    log_error("journal entry given up, the journal has not been writable for too long: %s", entry->text);
    free(entry->text);
    free(entry);
}

void judge_write(struct judge *j, char *text, bool urgent)
{
    incidents_fold(&j->incidents, text, strlen(text));
    approvals_fold(&j->approvals, text, strlen(text));
    if (j->unwritten_count >= UNWRITTEN_MAX)
        give_up_oldest(j);
    struct unwritten *entry = mem_zalloc(1, sizeof *entry);
    entry->token = j->next_token++;
    entry->urgent = urgent;
    entry->text = text;
    entry->length = strlen(text);
    *j->unwritten_end = entry;
    j->unwritten_end = &entry->next;
    j->unwritten_count++;
    if (j->peers[ROLE_SCRIBE])
        send_entry(j, entry);
}

void judge_journal_appended(struct judge *j, const struct msg_appended *m)
{
    if (m->error) {
        if (!j->journal_failure[0])
            log_error("the journal cannot be written: %s", m->text);
        snprintf(j->journal_failure, sizeof j->journal_failure, "%s", m->text);
        return;
    }
    j->journal_failure[0] = '\0';
    for (struct unwritten **at = &j->unwritten; *at; at = &(*at)->next) {
        struct unwritten *entry = *at;
        if (entry->token != m->token)
            continue;
        *at = entry->next;
        if (!*at)
            j->unwritten_end = at;
        j->unwritten_count--;
        free(entry->text);
        free(entry);
        return;
    }
}

void judge_journal_replay(struct judge *j, const struct msg_replay *m)
{
    /* After a restart of the scribe alone we know it all already. */
    if (j->replayed)
        return;
    incidents_fold(&j->incidents, m->text, m->length);
    approvals_fold(&j->approvals, m->text, m->length);
}

void judge_journal_resend(struct judge *j)
{
    for (const struct unwritten *entry = j->unwritten; entry; entry = entry->next)
        send_entry(j, entry);
}

void judge_journal_free(struct judge *j)
{
    while (j->unwritten) {
        struct unwritten *entry = j->unwritten;
        j->unwritten = entry->next;
        free(entry->text);
        free(entry);
    }
}
