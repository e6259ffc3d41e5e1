/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The connections that are open, and the end of those that are too slow: whoever sends its request, or takes
 * its answer, with less than PEERS_LEAST_RATE over the whole of the time allowed, or has not sent the headers
 * of its next one in twice that time, loses its connection. So somebody who sends a byte now and then cannot
 * hold a thousand of them. While the server itself works on a request, time does not count.
 */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define PEERS_LEAST_RATE 512 /* bytes a second */

struct peers;
struct peer;

struct peers *peers_new(int64_t allowed_ns);
void peers_free(struct peers *peers);

/* A connection begins; until peers_remove, which must come before the descriptor is closed. */
struct peer *peers_add(struct peers *peers, int fd);
void peers_remove(struct peers *peers, struct peer *peer);

/* Its address, IPv4 as ::ffff:a.b.c.d; and as text. */
const struct in6_addr *peer_address(const struct peer *peer);
#define PEER_TEXT_SIZE 48
void peer_text(const struct peer *peer, char out[static PEER_TEXT_SIZE]);
/* A request begins, its headers are all there, and ends, with its answer. */
void peer_begin(struct peer *peer);
void peer_end(struct peer *peer);
/* Whether a body is still to come: a client that ends its side meanwhile will not send it. */
void peer_receiving(struct peer *peer, bool receiving);
/* Whether the server works on its request. */
void peer_working(struct peer *peer, bool working);

/* Ends those that are too slow, or gone in the middle of a request (which the HTTP library would wait for);
 * to be called a few times within the time allowed. */
void peers_check(struct peers *peers, int64_t now_ns);
uint64_t peers_count(struct peers *peers);
uint64_t peers_ended(struct peers *peers); /* how many were too slow so far */

#endif
