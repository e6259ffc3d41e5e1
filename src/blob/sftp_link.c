/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "blob/rate.h"
#include "blob/sftp_process.h"

#define TICK_MS         250
#define CLOSING_SECONDS 5 /* for the program to end by itself */
#define SAID_SIZE       600

struct sftp_call {
    struct sftp_call *next;
    uint32_t id;
    bool answered, forgotten;
    uint8_t *packet;
    struct sftp_answer answer;
};

struct sftp_link {
    char *where;
    struct sftp_process process;
    struct sftp_features features;
    int64_t timeout_ns;
    pthread_t reader;
    pthread_mutex_t sending; /* the socket's writing side: one packet at a time; taken before `lock` */
    pthread_mutex_t lock;    /* everything below */
    pthread_cond_t changed;
    struct sftp_call *first, *last; /* not yet answered, oldest first */
    uint32_t next_id;
    int64_t heard_ns; /* when the last byte came, or the first request of many was sent */
    int64_t closing_ns;
    bool closing;
    int failure; /* an enum err once the link is of no more use */
    char *why;
    char said[SAID_SIZE]; /* the end of what the program wrote to its standard error */
    size_t said_length;
};

static int64_t now_ns(void)
{
    return clock_system.monotonic_ns(clock_system.self);
}

/* ---- failing ---- */

static void fail_locked(struct sftp_link *link, int code, const char *why)
{
    if (!link->failure) {
        link->failure = code;
        link->why = mem_strdup(why);
    }
    pthread_cond_broadcast(&link->changed);
}

static int tell_failure(const struct sftp_link *link)
{
    return err_set((enum err)link->failure, "%s", link->why);
}

bool sftp_link_is_lost(struct sftp_link *link)
{
    pthread_mutex_lock(&link->lock);
    bool lost = link->failure;
    pthread_mutex_unlock(&link->lock);
    return lost;
}

const struct sftp_features *sftp_link_features(const struct sftp_link *link)
{
    return &link->features;
}

/* Keeps the end of what the program says, as one line of printable characters. */
static void hear_errors(struct sftp_link *link)
{
    char bytes[512];
    ssize_t got;
    while ((got = read(link->process.errors, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < got; i++) {
            if (link->said_length == SAID_SIZE - 1) {
                memmove(link->said, link->said + SAID_SIZE / 2, SAID_SIZE / 2 - 1);
                link->said_length = SAID_SIZE / 2 - 1;
            }
            bool plain = bytes[i] >= ' ' && bytes[i] < 0x7f;
            if (plain || (link->said_length && link->said[link->said_length - 1] != ' '))
                link->said[link->said_length++] = plain ? bytes[i] : ' ';
        }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        fd_close(&link->process.errors);
}

/* The program closed its output: it is about to end, and its last words are worth a moment. */
static void end_of_output(struct sftp_link *link)
{
    for (int i = 0; i < 10 && link->process.errors >= 0; i++) {
        struct pollfd errors = {link->process.errors, POLLIN, 0};
        if (poll(&errors, 1, 100) > 0)
            hear_errors(link);
    }
    char how[128];
    bool ended = sftp_process_reap(&link->process, 1000, how, sizeof how);
    while (link->said_length && link->said[link->said_length - 1] == ' ')
        link->said_length--;
    link->said[link->said_length] = '\0';
    const char *because = link->said_length ? link->said : ended ? how : _("the server closed it");
    char *why MEM_AUTO = mem_printf(_("the connection to %s ended: %s"), link->where, because);
    pthread_mutex_lock(&link->lock);
    fail_locked(link, ERR_CLOSED, why);
    pthread_mutex_unlock(&link->lock);
}

/* ---- the reader ---- */

/* Waits for bytes; 0, or an enum err: ERR_TIMEOUT when too long nothing came that was due. */
static int await_bytes(struct sftp_link *link)
{
    for (;;) {
        struct pollfd fds[2] = {{link->process.socket, POLLIN, 0}, {link->process.errors, POLLIN, 0}};
        int ready = poll(fds, 2, TICK_MS);
        if (ready > 0 && fds[1].revents)
            hear_errors(link);
        if (ready > 0 && fds[0].revents)
            return 0;
        pthread_mutex_lock(&link->lock);
        int64_t now = now_ns();
        bool late = link->first && now - link->heard_ns > link->timeout_ns;
        bool closed = link->closing && now - link->closing_ns > CLOSING_SECONDS * NS_PER_SECOND;
        pthread_mutex_unlock(&link->lock);
        if (closed)
            return ERR_CLOSED;
        if (late)
            return ERR_TIMEOUT;
    }
}

static int read_bytes(struct sftp_link *link, uint8_t *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = read(link->process.socket, bytes + done, length - done);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            int err = await_bytes(link);
            if (err)
                return err;
            continue;
        }
        if (got <= 0)
            return ERR_CLOSED;
        done += (size_t)got;
        pthread_mutex_lock(&link->lock);
        link->heard_ns = now_ns();
        pthread_mutex_unlock(&link->lock);
    }
    return 0;
}

/* A whole packet, malloc'd, without its length. */
static int read_packet(struct sftp_link *link, uint8_t **out, size_t *length)
{
    uint8_t head[4];
    int err = read_bytes(link, head, sizeof head);
    if (err)
        return err;
    *length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (*length == 0 || *length > SFTP_PACKET_MAX)
        return ERR_CORRUPT;
    rate_take(RATE_DOWNLOAD, *length);
    *out = mem_zalloc(1, *length);
    err = read_bytes(link, *out, *length);
    if (err) {
        free(*out);
        *out = NULL;
    }
    return err;
}

/* Gives an answer to its request; takes `packet`. */
static int hand_over(struct sftp_link *link, uint8_t *packet, size_t length)
{
    struct sftp_answer answer;
    int err = sftp_decode(packet, length, &answer);
    pthread_mutex_lock(&link->lock);
    struct sftp_call **at = &link->first, *before = NULL;
    while (!err && *at && (*at)->id != answer.id) {
        before = *at;
        at = &before->next;
    }
    struct sftp_call *call = err ? NULL : *at;
    if (call) {
        *at = call->next;
        if (link->last == call)
            link->last = before;
        call->packet = packet;
        call->answer = answer;
        call->answered = true;
        if (call->forgotten) {
            free(call->packet);
            free(call);
        }
        pthread_cond_broadcast(&link->changed);
    }
    pthread_mutex_unlock(&link->lock);
    if (call)
        return 0;
    free(packet);
    return ERR_CORRUPT;
}

static void fail_in_reader(struct sftp_link *link, int err)
{
    pthread_mutex_lock(&link->lock);
    bool closing = link->closing;
    if (closing)
        fail_locked(link, ERR_CLOSED, "");
    pthread_mutex_unlock(&link->lock);
    if (closing)
        return;
    if (err == ERR_CLOSED) {
        end_of_output(link);
        return;
    }
    char *why MEM_AUTO =
        err == ERR_TIMEOUT
            ? mem_printf(_("%s did not answer for %lld seconds"), link->where,
                         (long long)(link->timeout_ns / NS_PER_SECOND))
            : mem_printf(_("what %s answers is not the SFTP protocol (does a login script write "
                           "something?)"),
                         link->where);
    pthread_mutex_lock(&link->lock);
    fail_locked(link, err, why);
    pthread_mutex_unlock(&link->lock);
}

static void *read_answers(void *context)
{
    struct sftp_link *link = context;
    int err = 0;
    while (!err) {
        uint8_t *packet;
        size_t length;
        err = read_packet(link, &packet, &length);
        if (!err)
            err = hand_over(link, packet, length);
    }
    fail_in_reader(link, err);
    sftp_process_kill(&link->process); /* whoever waits to send is let go */
    return NULL;
}

/* ---- calls ---- */

/* Waits until the reader has found out why nothing can be sent any more. */
static int await_failure(struct sftp_link *link)
{
    pthread_mutex_lock(&link->lock);
    while (!link->failure)
        pthread_cond_wait(&link->changed, &link->lock);
    int err = tell_failure(link);
    pthread_mutex_unlock(&link->lock);
    return err;
}

static int send_bytes(struct sftp_link *link, const struct buf *request)
{
    rate_take(RATE_UPLOAD, request->length);
    for (size_t done = 0; done < request->length;) {
        ssize_t sent = send(link->process.socket, request->data + done, request->length - done, MSG_NOSIGNAL);
        if (sent > 0) {
            done += (size_t)sent;
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return await_failure(link);
        struct pollfd room = {link->process.socket, POLLOUT, 0};
        poll(&room, 1, TICK_MS);
        if (sftp_link_is_lost(link))
            return await_failure(link);
    }
    return 0;
}

static struct sftp_call *add_call(struct sftp_link *link)
{
    struct sftp_call *call = mem_zalloc(1, sizeof *call);
    call->id = link->next_id++;
    if (!link->first)
        link->heard_ns = now_ns();
    if (link->last)
        link->last->next = call;
    else
        link->first = call;
    link->last = call;
    return call;
}

int sftp_send(struct sftp_link *link, struct buf *request, struct sftp_call **out)
{
    pthread_mutex_lock(&link->sending);
    pthread_mutex_lock(&link->lock);
    int err = link->failure ? tell_failure(link) : 0;
    struct sftp_call *call = err ? NULL : add_call(link);
    pthread_mutex_unlock(&link->lock);
    if (!err) {
        sftp_finish(request, call->id);
        err = send_bytes(link, request);
    }
    pthread_mutex_unlock(&link->sending);
    if (err)
        sftp_free(link, call);
    else
        *out = call;
    return err;
}

int sftp_wait(struct sftp_link *link, struct sftp_call *call, struct sftp_answer *out)
{
    pthread_mutex_lock(&link->lock);
    while (!call->answered && !link->failure)
        pthread_cond_wait(&link->changed, &link->lock);
    int err = call->answered ? 0 : tell_failure(link);
    if (!err)
        *out = call->answer;
    pthread_mutex_unlock(&link->lock);
    return err;
}

void sftp_free(struct sftp_link *link, struct sftp_call *call)
{
    if (!call)
        return;
    pthread_mutex_lock(&link->lock);
    bool answered = call->answered;
    call->forgotten = true; /* freed when its answer comes, or with the link */
    pthread_mutex_unlock(&link->lock);
    if (!answered)
        return;
    free(call->packet);
    free(call);
}

/* ---- begin and end ---- */

/* INIT and VERSION, before there is a reader. */
static int greet(struct sftp_link *link)
{
    struct buf hello BUF_AUTO;
    buf_init(&hello, 64);
    sftp_begin(&hello, SFTP_INIT);
    sftp_finish(&hello, SFTP_VERSION);
    uint8_t *packet = NULL;
    size_t length = 0;
    link->heard_ns = now_ns();
    struct sftp_call waiting = {0}; /* makes the silence count */
    link->first = &waiting;
    /* Nothing else is in the pipe yet, so these few bytes fit; a program that is gone shows in the reading.
     */
    (void)!send(link->process.socket, hello.data, hello.length, MSG_NOSIGNAL);
    int err = read_packet(link, &packet, &length);
    link->first = NULL;
    if (!err)
        err = sftp_decode_version(packet, length, &link->features);
    free(packet);
    if (err) {
        fail_in_reader(link, err);
        return tell_failure(link);
    }
    return link->features.version >= SFTP_VERSION
               ? 0
               : err_set(ERR_UNSUPPORTED, _("%s speaks version %u of the SFTP protocol; version 3 is needed"),
                         link->where, link->features.version);
}

static int start_reader(struct sftp_link *link)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to whoever started the work */
    errno = pthread_create(&link->reader, NULL, read_answers, link);
    int err = errno ? err_sys(_("cannot start a thread")) : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static void link_free(struct sftp_link *link)
{
    sftp_process_end(&link->process);
    while (link->first) {
        struct sftp_call *call = link->first;
        link->first = call->next;
        free(call);
    }
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    pthread_mutex_destroy(&link->sending);
    free(link->where);
    free(link->why);
    free(link);
}

int sftp_link_open(char *const argv[], const char *where, unsigned timeout_seconds, struct sftp_link **out)
{
    struct sftp_link *link = mem_zalloc(1, sizeof *link);
    link->where = mem_strdup(where);
    link->timeout_ns = timeout_seconds * NS_PER_SECOND;
    pthread_mutex_init(&link->sending, NULL);
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->changed, NULL);
    int err = sftp_process_start(argv, &link->process);
    if (!err)
        err = greet(link);
    if (!err)
        err = start_reader(link);
    if (err)
        link_free(link);
    else
        *out = link;
    return err;
}

void sftp_link_close(struct sftp_link *link)
{
    if (!link)
        return;
    pthread_mutex_lock(&link->lock);
    link->closing = true;
    link->closing_ns = now_ns();
    pthread_mutex_unlock(&link->lock);
    shutdown(link->process.socket, SHUT_WR);
    pthread_join(link->reader, NULL);
    link_free(link);
}
