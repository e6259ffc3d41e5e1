/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"

/* Messages taken in one turn of the loop, so that one busy channel does not starve the others. */
#define TURN 64

struct waiting {
    struct waiting *next;
    int fd; /* to pass along, ours; or -1 */
    size_t length;
    uint8_t bytes[];
};

struct channel {
    int fd;
    size_t limit, backlog;
    struct waiting *first, **last;
    sd_event_source *source;
    const struct channel_ops *ops;
    void *self;
    struct buf out;
    uint8_t *in; /* MESSAGE_MAX + 1 bytes: one more shows a message that is too long */
    bool dead;
    bool *freed; /* set while a callback runs: tells the caller that the channel is gone */
};

int channel_pair(int fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
        return err_sys(_("cannot make a channel between two roles"));
    return 0;
}

/* One datagram with an optional descriptor. 0, 1 when it would block, or a negative enum err. */
static int send_once(int fd, const void *bytes, size_t length, int pass)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (pass >= 0) {
        memset(&control, 0, sizeof control);
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &pass, sizeof pass);
    }
    ssize_t sent;
    do
        sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
        return 1;
    return err_sys(_("cannot send to another role"));
}

/* Takes the first descriptor that came along; more than one is not ours to keep. */
static int take_passed(struct msghdr *header, int *passed)
{
    bool extra = false;
    *passed = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (*passed < 0) {
                *passed = fd;
            } else {
                close(fd);
                extra = true;
            }
        }
    }
    if (!extra && !(header->msg_flags & MSG_CTRUNC))
        return 0;
    fd_close(passed);
    return err_set(ERR_CORRUPT, _("a message with more than one descriptor"));
}

/* One message. 0, 1 when there is none now, or a negative enum err. `space` has MESSAGE_MAX + 1 bytes. */
static int receive_once(int fd, uint8_t *space, struct message *m, int *passed)
{
    struct iovec part = {.iov_base = space, .iov_len = MESSAGE_MAX + 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 1;
    if (got < 0)
        return err_sys(_("cannot receive from another role"));
    int err = take_passed(&header, passed);
    if (!err && got == 0)
        err = err_set(ERR_CLOSED, _("the other role is gone"));
    if (!err && (got > MESSAGE_MAX || (header.msg_flags & MSG_TRUNC)))
        err = err_set(ERR_CORRUPT, _("a message longer than %d bytes"), MESSAGE_MAX);
    if (!err)
        err = message_decode(space, (size_t)got, m);
    if (err)
        fd_close(passed);
    return err;
}

static void watch_output(struct channel *c, bool wanted)
{
    sd_event_source_set_io_events(c->source, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void drop_first(struct channel *c)
{
    struct waiting *w = c->first;
    c->first = w->next;
    if (!c->first)
        c->last = &c->first;
    c->backlog -= w->length;
    fd_close(&w->fd);
    free(w);
}

static void flush(struct channel *c)
{
    while (c->first) {
        int err = send_once(c->fd, c->first->bytes, c->first->length, c->first->fd);
        if (err > 0)
            return;
        drop_first(c); /* when the other side is gone, reading will say so */
    }
    watch_output(c, false);
}

static void end(struct channel *c, int err)
{
    c->dead = true;
    sd_event_source_set_enabled(c->source, SD_EVENT_OFF);
    c->ops->closed(c, err, c->self);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *self)
{
    (void)source;
    struct channel *c = self;
    if (events & EPOLLOUT)
        flush(c);
    struct message *m = mem_zalloc(1, sizeof *m);
    bool freed = false;
    c->freed = &freed;
    for (int i = 0; i < TURN && !freed && !c->dead; i++) {
        int passed = -1;
        int err = receive_once(fd, c->in, m, &passed);
        if (err > 0)
            break;
        if (err < 0) {
            end(c, err);
            break;
        }
        c->ops->message(c, m, passed, c->self);
        message_free(m);
    }
    if (!freed)
        c->freed = NULL;
    free(m);
    return 0;
}

int channel_new(sd_event *loop, int fd, size_t limit, const struct channel_ops *ops, void *self,
                struct channel **out)
{
    struct channel *c = mem_zalloc(1, sizeof *c);
    *c = (struct channel){.fd = fd, .limit = limit, .ops = ops, .self = self};
    c->last = &c->first;
    int code = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
    if (code == 0)
        code = sd_event_add_io(loop, &c->source, fd, EPOLLIN, on_io, c);
    if (code < 0) {
        errno = -code;
        int err = err_sys(_("cannot listen to another role"));
        close(fd);
        free(c);
        return err;
    }
    buf_init(&c->out, MESSAGE_MAX);
    c->in = mem_zalloc(MESSAGE_MAX + 1, 1);
    *out = c;
    return 0;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    if (c->freed)
        *c->freed = true;
    sd_event_source_disable_unref(c->source);
    while (c->first)
        drop_first(c);
    close(c->fd);
    buf_free(&c->out);
    free(c->in);
    free(c);
}

static int enqueue(struct channel *c, int fd)
{
    if (c->backlog + c->out.length > c->limit)
        return err_set(ERR_TOO_LARGE, _("another role does not keep up: %zu bytes wait for it"), c->backlog);
    int copy = -1;
    if (fd >= 0 && (copy = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
        return err_sys(_("cannot pass a descriptor to another role"));
    struct waiting *w = mem_zalloc(1, sizeof *w + c->out.length);
    w->fd = copy;
    w->length = c->out.length;
    memcpy(w->bytes, c->out.data, c->out.length);
    *c->last = w;
    c->last = &w->next;
    c->backlog += w->length;
    watch_output(c, true);
    return 0;
}

int channel_send_fd(struct channel *c, const struct message *m, int fd)
{
    if (c->dead)
        return err_set(ERR_CLOSED, _("the other role is gone"));
    buf_clear(&c->out);
    message_encode(m, &c->out);
    if (c->out.overflowed)
        return err_set(ERR_TOO_LARGE, _("a message of type %d is longer than %d bytes"), (int)m->type,
                       MESSAGE_MAX);
    int err = c->first ? 1 : send_once(c->fd, c->out.data, c->out.length, fd);
    return err > 0 ? enqueue(c, fd) : err;
}

int channel_send(struct channel *c, const struct message *m)
{
    return channel_send_fd(c, m, -1);
}

size_t channel_backlog(const struct channel *c)
{
    return c->backlog;
}

static int wait_for(int fd, short what, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = what};
    int64_t end_ns = clock_system.monotonic_ns(NULL) + timeout_ms * NS_PER_MS;
    for (;;) {
        int left = timeout_ms;
        if (timeout_ms >= 0) {
            int64_t ns = end_ns - clock_system.monotonic_ns(NULL);
            left = ns > 0 ? (int)((ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
        }
        int ready = poll(&one, 1, left);
        if (ready > 0)
            return 0;
        if (ready == 0)
            return err_set(ERR_TIMEOUT, _("no answer from another role within %d ms"), timeout_ms);
        if (errno != EINTR)
            return err_sys(_("cannot wait for another role"));
    }
}

int channel_write(int fd, const struct message *m, int pass_fd)
{
    struct buf out BUF_AUTO;
    buf_init(&out, MESSAGE_MAX);
    message_encode(m, &out);
    if (out.overflowed)
        return err_set(ERR_TOO_LARGE, _("a message of type %d is longer than %d bytes"), (int)m->type,
                       MESSAGE_MAX);
    int err;
    while ((err = send_once(fd, out.data, out.length, pass_fd)) > 0)
        if ((err = wait_for(fd, POLLOUT, -1)) != 0)
            return err;
    return err;
}

int channel_receive(int fd, int timeout_ms, struct message *m, int *passed_fd)
{
    uint8_t *space MEM_AUTO = mem_zalloc(MESSAGE_MAX + 1, 1);
    int passed = -1;
    int err;
    while ((err = receive_once(fd, space, m, &passed)) > 0)
        if ((err = wait_for(fd, POLLIN, timeout_ms)) != 0)
            return err;
    if (!err && passed_fd)
        *passed_fd = passed;
    else
        fd_close(&passed);
    return err;
}

void channel_drain(struct channel *c, int timeout_ms)
{
    int64_t end_ns = clock_system.monotonic_ns(NULL) + timeout_ms * NS_PER_MS;
    while (c->first && !c->dead) {
        int64_t left_ns = end_ns - clock_system.monotonic_ns(NULL);
        if (left_ns <= 0 || wait_for(c->fd, POLLOUT, (int)(left_ns / NS_PER_MS) + 1) != 0)
            return;
        flush(c);
    }
}
