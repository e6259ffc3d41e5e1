/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/peers.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

struct peer {
    struct peer *next, *previous;
    int fd;
    struct in6_addr address;
    atomic_bool working, busy; /* on a request; in one */
    atomic_bool anew;          /* the time begins again */
    atomic_bool receiving;     /* a body */
    bool ended;                /* its side, as was seen the last time */
    /* What was seen last, and when the time that is looked at began. */
    uint64_t bytes;
    int64_t since_ns;
};

struct peers {
    int64_t allowed_ns;
    pthread_mutex_t lock; /* guards what follows, and that no descriptor in the list is closed */
    struct peer *first;
    uint64_t count, ended;
};

struct peers *peers_new(int64_t allowed_ns)
{
    struct peers *peers = mem_zalloc(1, sizeof *peers);
    peers->allowed_ns = allowed_ns;
    pthread_mutex_init(&peers->lock, NULL);
    return peers;
}

void peers_free(struct peers *peers)
{
    if (!peers)
        return;
    pthread_mutex_destroy(&peers->lock);
    free(peers);
}

static void find_address(int fd, struct in6_addr *out)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    memset(out, 0, sizeof *out);
    if (getpeername(fd, (struct sockaddr *)&from, &size) != 0)
        return;
    if (from.ss_family == AF_INET6) {
        *out = ((const struct sockaddr_in6 *)&from)->sin6_addr;
    } else if (from.ss_family == AF_INET) {
        out->s6_addr[10] = out->s6_addr[11] = 0xff;
        memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)&from)->sin_addr, 4);
    }
}

struct peer *peers_add(struct peers *peers, int fd)
{
    struct peer *peer = mem_zalloc(1, sizeof *peer);
    peer->fd = fd;
    peer->since_ns = clock_system.monotonic_ns(clock_system.self);
    find_address(fd, &peer->address);
    pthread_mutex_lock(&peers->lock);
    peer->next = peers->first;
    if (peer->next)
        peer->next->previous = peer;
    peers->first = peer;
    peers->count++;
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

void peers_remove(struct peers *peers, struct peer *peer)
{
    pthread_mutex_lock(&peers->lock);
    if (peer->next)
        peer->next->previous = peer->previous;
    if (peer->previous)
        peer->previous->next = peer->next;
    else
        peers->first = peer->next;
    peers->count--;
    pthread_mutex_unlock(&peers->lock);
    free(peer);
}

const struct in6_addr *peer_address(const struct peer *peer)
{
    return &peer->address;
}

void peer_text(const struct peer *peer, char out[static PEER_TEXT_SIZE])
{
    const struct in6_addr *a = &peer->address;
    out[0] = '\0';
    if (IN6_IS_ADDR_V4MAPPED(a))
        inet_ntop(AF_INET, a->s6_addr + 12, out, PEER_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, a, out, PEER_TEXT_SIZE);
}

void peer_begin(struct peer *peer)
{
    atomic_store(&peer->busy, true);
    atomic_store(&peer->anew, true);
}

void peer_end(struct peer *peer)
{
    atomic_store(&peer->busy, false);
    atomic_store(&peer->receiving, false);
    atomic_store(&peer->anew, true);
}

void peer_receiving(struct peer *peer, bool receiving)
{
    atomic_store(&peer->receiving, receiving);
}

void peer_working(struct peer *peer, bool working)
{
    atomic_store(&peer->working, working);
}

/* What went over the wire both ways, as the kernel counts it: what lies in a buffer does not count. */
static bool bytes_moved(int fd, uint64_t *out)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return false;
    *out = info.tcpi_bytes_acked + info.tcpi_bytes_received;
    return true;
}

static bool is_too_slow(struct peer *peer, int64_t allowed_ns, int64_t now)
{
    uint64_t bytes = peer->bytes;
    bool anew = atomic_exchange(&peer->anew, false) || atomic_load(&peer->working);
    bool busy = atomic_load(&peer->busy);
    if (!anew && now - peer->since_ns < (busy ? allowed_ns : 2 * allowed_ns))
        return false;
    bool known = bytes_moved(peer->fd, &bytes);
    uint64_t least = (uint64_t)((now - peer->since_ns) / NS_PER_SECOND) * PEERS_LEAST_RATE;
    bool slow = !anew && known && (!busy || bytes - peer->bytes < least);
    peer->bytes = bytes;
    peer->since_ns = now;
    return slow;
}

/* All was read, nothing more can come, and that not just now: a piece may be on its way through TLS. */
static bool is_gone(struct peer *peer)
{
    char byte;
    bool waits = atomic_load(&peer->receiving) || !atomic_load(&peer->busy);
    if (!waits || atomic_load(&peer->working))
        return false;
    bool before = peer->ended;
    peer->ended = recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
    return before && peer->ended;
}

void peers_check(struct peers *peers, int64_t now_ns)
{
    pthread_mutex_lock(&peers->lock);
    for (struct peer *peer = peers->first; peer; peer = peer->next)
        if (is_gone(peer)) {
            shutdown(peer->fd, SHUT_RDWR);
        } else if (is_too_slow(peer, peers->allowed_ns, now_ns)) {
            shutdown(peer->fd, SHUT_RDWR);
            peers->ended++;
        }
    pthread_mutex_unlock(&peers->lock);
}

uint64_t peers_count(struct peers *peers)
{
    pthread_mutex_lock(&peers->lock);
    uint64_t count = peers->count;
    pthread_mutex_unlock(&peers->lock);
    return count;
}

uint64_t peers_ended(struct peers *peers)
{
    pthread_mutex_lock(&peers->lock);
    uint64_t ended = peers->ended;
    pthread_mutex_unlock(&peers->lock);
    return ended;
}
