/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A channel between two roles: a Unix SEQPACKET socket pair in a role's sd-event loop. Sending never
 * blocks: what the socket does not take at once is queued, up to a limit. Order is kept.
 */
#ifndef IPC_CHANNEL_H
#define IPC_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "ipc/message.h"

struct channel;

struct channel_ops {
    /* A message arrived; `fd` is the descriptor that came along, or -1 (the callee owns it). The message is
     * freed when this returns. */
    void (*message)(struct channel *c, struct message *m, int fd, void *self);
    /* The other side is gone or sent rubbish (then err_text says what). The channel is dead; the callee frees
     * it. */
    void (*closed)(struct channel *c, int err, void *self);
};

/* Makes the two ends of a channel (non-blocking, close-on-exec). */
int channel_pair(int fds[2]);
/* Takes over `fd`. `limit`: bytes queued for sending before channel_send gives ERR_TOO_LARGE. */
int channel_new(sd_event *loop, int fd, size_t limit, const struct channel_ops *ops, void *self,
                struct channel **out);
void channel_free(struct channel *c);
/* Encodes and sends. ERR_CLOSED, or ERR_TOO_LARGE when the other side does not keep up: the caller decides
 * what to drop, and counts it. */
int channel_send(struct channel *c, const struct message *m);
/* The same with a descriptor that the other side gets a copy of; `fd` stays the caller's. */
int channel_send_fd(struct channel *c, const struct message *m, int fd);
/* Bytes that wait to be sent. */
size_t channel_backlog(const struct channel *c);

/* Blocks until all that waits is sent, the other side is gone, or the time is over: before leaving. */
void channel_drain(struct channel *c, int timeout_ms);

/* Without a loop, for a thread that talks on a socket by itself: one message, blocking up to `timeout_ms`
 * (-1: for ever). channel_receive gives ERR_TIMEOUT or ERR_CLOSED. */
int channel_write(int fd, const struct message *m, int pass_fd);
int channel_receive(int fd, int timeout_ms, struct message *m, int *passed_fd);

#endif
